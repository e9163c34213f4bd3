// The field tables as data: tests compare them with the published model, documentation is made of
// them.

#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/field.h"
#include "base/time_point.h"

namespace millrace::api {

struct MemberDescription {
  std::string_view name;
  std::string_view type;  // As the model calls it: string, integer, long, boolean, blob, …
  Constraints constraints;
  std::string_view element_type;           // Of a list.
  std::vector<MemberDescription> members;  // Of a structure, or of a list's structures.
};

template <Structure T>
std::vector<MemberDescription> describe();

template <class T>
void describe_type(MemberDescription& description);

template <class Element>
void describe_list(MemberDescription& description) {
  MemberDescription element;
  describe_type<Element>(element);
  description.type = "list";
  description.element_type = element.type;
  description.members = element.members;
}

template <class T>
void describe_type(MemberDescription& description) {
  if constexpr (IsOptional<T>::value) {
    describe_type<typename T::value_type>(description);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    description.type = "string";
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    description.type = "integer";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    description.type = "long";
  } else if constexpr (std::is_same_v<T, double>) {
    description.type = "double";
  } else if constexpr (std::is_same_v<T, bool>) {
    description.type = "boolean";
  } else if constexpr (std::is_same_v<T, Blob> || std::is_same_v<T, BlobView>) {
    description.type = "blob";
  } else if constexpr (std::is_same_v<T, TimePoint>) {
    description.type = "timestamp";
  } else if constexpr (MapOfStrings<T>) {
    description.type = "map";
  } else if constexpr (IsVector<T>::value) {
    describe_list<typename T::value_type>(description);
  } else if constexpr (ListInMaking<T>) {
    describe_list<typename T::Element>(description);
  } else {
    description.type = "structure";
    description.members = describe<T>();
  }
}

template <Structure T>
std::vector<MemberDescription> describe() {
  std::vector<MemberDescription> members;
  const T shape{};
  for_each_field(shape, [&]<class Entry, class Member>(const Entry& entry, const Member&) {
    MemberDescription& member = members.emplace_back();
    member.name = entry.name;
    member.constraints = entry.constraints;
    describe_type<Member>(member);
    return true;
  });
  return members;
}

}  // namespace millrace::api
