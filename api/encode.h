// From a Response to an answer's body, by the same field table, straight into the body.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "api/cbor.h"
#include "api/field.h"
#include "api/json.h"
#include "api/value.h"
#include "base/clock.h"
#include "streams/sequence_number.h"
#include "streams/tags.h"

namespace millrace::api {

template <class Writer, class T>
void encode_value(Writer& writer, const T& value);

// Absent members are left out, never null.
template <class Writer, Structure T>
void encode_structure(Writer& writer, const T& object) {
  std::size_t count = 0;
  for_each_field(object, [&]<class Entry, class Member>(const Entry&, const Member& member) {
    if constexpr (IsOptional<Member>::value) {
      count += member.has_value() ? 1 : 0;
    } else {
      ++count;
    }
    return true;
  });
  writer.begin_map(count);
  for_each_field(object, [&]<class Entry, class Member>(const Entry& entry, const Member& member) {
    if constexpr (IsOptional<Member>::value) {
      if (!member) return true;
      writer.key(entry.name);
      encode_value(writer, *member);
    } else {
      writer.key(entry.name);
      encode_value(writer, member);
    }
    return true;
  });
  writer.end_map();
}

template <class Writer, class T>
void encode_value(Writer& writer, const T& value) {
  if constexpr (std::is_same_v<T, streams::SequenceText>) {
    writer.digits(value);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    writer.string(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    writer.boolean(value);
  } else if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t>) {
    writer.integer(value);
  } else if constexpr (std::is_same_v<T, Blob> || std::is_same_v<T, BlobView>) {
    writer.blob(value.bytes);
  } else if constexpr (std::is_same_v<T, TimePoint>) {
    writer.timestamp(value);
  } else if constexpr (IsVector<T>::value) {
    writer.begin_list(value.size());
    for (const auto& element : value) encode_value(writer, element);
    writer.end_list();
  } else if constexpr (ListInMaking<T>) {
    writer.begin_list(value.size());
    value.for_each([&](const auto& element) { encode_value(writer, element); });
    writer.end_list();
  } else {
    encode_structure(writer, value);
  }
}

// What most answers fit into.
inline constexpr std::size_t kBytesExpected = 256;

// `response` may say about how many bytes it takes, so that a long body does not move as it grows.
template <Structure T>
std::string encode(const T& response, Form form) {
  std::string body;
  if constexpr (requires { response.encoded_bytes(); }) {
    body.reserve(response.encoded_bytes());
  } else {
    body.reserve(kBytesExpected);
  }
  if (form == Form::kJson) {
    JsonWriter writer(body);
    encode_structure(writer, response);
  } else {
    CborWriter writer(body);
    encode_structure(writer, response);
  }
  return body;
}

}  // namespace millrace::api
