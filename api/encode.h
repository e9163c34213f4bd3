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
#include "api/xml.h"
#include "base/time_point.h"

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
  if constexpr (PlainText<T>) {
    writer.digits(value);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    writer.string(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    writer.boolean(value);
  } else if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t>) {
    writer.integer(value);
  } else if constexpr (std::is_same_v<T, double>) {
    writer.number(value);
  } else if constexpr (std::is_same_v<T, Blob> || std::is_same_v<T, BlobView>) {
    writer.blob(value.bytes);
  } else if constexpr (std::is_same_v<T, TimePoint>) {
    writer.timestamp(value);
  } else if constexpr (MapOfStrings<T>) {
    writer.begin_entries(value.size());
    for (const auto& [key, item] : value) {
      writer.begin_entry(key);
      encode_value(writer, item);
      writer.end_entry();
    }
    writer.end_entries();
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

// The forms that a service's answers are written in.
struct Forms {
  bool has_json = false;
  bool has_cbor = false;
  bool has_rpc_cbor = false;
  bool has_xml = false;
};
inline constexpr Forms kJsonAndCbor{.has_json = true, .has_cbor = true};

template <class Writer, Structure T>
void write_answer(std::string& body, const T& response) {
  Writer writer(body);
  encode_structure(writer, response);
}

// `response` may say about how many bytes it takes, so that a long body does not move as it grows.
// The answer in a form that is none of `kForms` is empty.
template <Forms kForms, Structure T>
std::string encode(const T& response, Form form) {
  std::string body;
  if constexpr (requires { response.encoded_bytes(); }) {
    body.reserve(response.encoded_bytes());
  } else {
    body.reserve(kBytesExpected);
  }
  switch (form) {
    case Form::kJson:
      if constexpr (kForms.has_json) write_answer<JsonWriter>(body, response);
      break;
    case Form::kCbor:
      if constexpr (kForms.has_cbor) write_answer<CborWriter>(body, response);
      break;
    case Form::kRpcCbor:
      if constexpr (kForms.has_rpc_cbor) write_answer<RpcCborWriter>(body, response);
      break;
    case Form::kQuery:
      if constexpr (kForms.has_xml) write_answer<XmlWriter>(body, response);
      break;
  }
  return body;
}

}  // namespace millrace::api
