// A value written as a form and read again must be the same.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

#include "api/json.h"
#include "api/value.h"

namespace millrace::fuzz {

// Writes any value but Bytes in JSON terms; `Writer` is JsonWriter or CborWriter.
template <class Writer>
void write_value(Writer& writer, const api::Value& value) {
  std::visit(
      [&]<class T>(const T& held) {
        if constexpr (std::is_same_v<T, bool>) {
          writer.boolean(held);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          writer.integer(held);
        } else if constexpr (std::is_same_v<T, std::string>) {
          writer.string(held);
        } else if constexpr (std::is_same_v<T, api::Bytes>) {
          writer.blob(held.bytes);
        } else if constexpr (std::is_same_v<T, api::ValueList>) {
          writer.begin_list(held.size());
          for (const api::Value& element : held) write_value(writer, element);
          writer.end_list();
        } else if constexpr (std::is_same_v<T, api::ValueMap>) {
          writer.begin_map(held.size());
          for (const auto& [key, member] : held) {
            writer.key(key);
            write_value(writer, member);
          }
          writer.end_map();
        } else {
          writer.boolean(false);  // null and doubles have no writer: no answer has them.
        }
      },
      value.held);
}

// Whether all names of members can be written as they are, which JsonWriter asks for: answers have
// names of ours only.
inline bool has_plain_names(const api::Value& value) {
  if (const auto* list = std::get_if<api::ValueList>(&value.held)) {
    return std::ranges::all_of(*list, has_plain_names);
  }
  const auto* map = std::get_if<api::ValueMap>(&value.held);
  return map == nullptr || std::ranges::all_of(*map, [](const api::ValueMember& member) {
           std::string written;
           api::append_json_string(written, member.key);
           return written.size() == member.key.size() + 2 && has_plain_names(member.value);
         });
}

// Whether writing gives bytes that are read as something which is written the same again.
template <class Writer, class Parse>
bool survives_writing(const api::Value& value, Parse&& parse) {
  std::string first;
  Writer first_writer(first);
  write_value(first_writer, value);
  const auto read = parse(first);
  if (!read) return false;
  std::string second;
  Writer second_writer(second);
  write_value(second_writer, *read);
  return first == second;
}

}  // namespace millrace::fuzz
