// A request in JSON and the same in CBOR: the outcome is the same, down to the store.
//
// The first byte chooses the operation; the rest is the request's body in JSON.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/cbor.h"
#include "api/context.h"
#include "api/describe.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/value.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kStreamsMax = 20;  // New stores when there are more.

using Members = std::vector<api::MemberDescription>;

// Two stores that were asked the same, one in each form.
struct Worlds {
  World json;
  World cbor;
};

const api::MemberDescription* find_member(const Members* members, std::string_view name) {
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, name, &api::MemberDescription::name);
  return found == members->end() ? nullptr : &*found;
}

// A value in terms of the other form: times are milliseconds there and data is raw. Gives false for
// what cannot be said in it: text that is no base64 where data is wanted.
bool convert(api::Value& value, std::string_view type, const api::MemberDescription* described) {
  const Members* members = described != nullptr ? &described->members : nullptr;
  if (type == "blob") {
    if (const auto* text = std::get_if<std::string>(&value.held)) {
      auto bytes = from_base64(*text);
      if (!bytes) return false;
      value.held = api::Bytes{std::move(*bytes)};
    }
  } else if (type == "timestamp") {
    if (const auto* seconds = std::get_if<std::int64_t>(&value.held)) {
      if (std::abs(*seconds) > 1'000'000'000'000) return false;
      value.held = *seconds * 1000;
    } else if (auto* real = std::get_if<double>(&value.held)) {
      *real = std::round(*real * 1000);
    }
  } else if (auto* list = std::get_if<api::ValueList>(&value.held)) {
    const std::string_view element = described != nullptr ? described->element_type : "";
    for (api::Value& item : *list) {
      if (!convert(item, element, described)) return false;
    }
  } else if (auto* map = std::get_if<api::ValueMap>(&value.held)) {
    for (auto& [key, item] : *map) {
      const auto* member = find_member(members, key);
      if (!convert(item, member != nullptr ? member->type : "", member)) return false;
    }
  }
  return true;
}

void append_head(std::string& out, unsigned major, std::uint64_t argument) {
  if (argument < 24) {
    append_big_endian(out, static_cast<std::uint8_t>(major << 5U | argument));
  } else {
    append_big_endian(out, static_cast<std::uint8_t>(major << 5U | 27U));
    append_big_endian(out, argument);
  }
}

// RFC 8949, not the shortest form.
void append_cbor(std::string& out, const api::Value& value) {
  if (value.is_null()) {
    append_head(out, 7, 22);
  } else if (const auto* boolean = std::get_if<bool>(&value.held)) {
    append_head(out, 7, *boolean ? 21 : 20);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.held)) {
    const auto bits = static_cast<std::uint64_t>(*whole);
    append_head(out, *whole < 0 ? 1 : 0, *whole < 0 ? ~bits : bits);
  } else if (const auto* real = std::get_if<double>(&value.held)) {
    append_big_endian(out, std::uint8_t{0xfb});
    append_big_endian(out, std::bit_cast<std::uint64_t>(*real));
  } else if (const auto* text = std::get_if<std::string>(&value.held)) {
    append_head(out, 3, text->size());
    out += *text;
  } else if (const auto* data = std::get_if<api::Bytes>(&value.held)) {
    append_head(out, 2, data->bytes.size());
    out += data->bytes;
  } else if (const auto* list = std::get_if<api::ValueList>(&value.held)) {
    append_head(out, 4, list->size());
    for (const api::Value& item : *list) append_cbor(out, item);
  } else {
    const auto& map = std::get<api::ValueMap>(value.held);
    append_head(out, 5, map.size());
    for (const auto& [key, item] : map) {
      append_cbor(out, api::Value{key});
      append_cbor(out, item);
    }
  }
}

Result<std::string> run_in(World& world, const api::Operation& operation, std::string_view body,
                           api::Form form) {
  api::Context context(world.current(), {{std::string(kAccount), std::string(kRegion)}, "", false},
                       operation.name, form);
  world.advance(std::chrono::milliseconds(10));
  return api::run(kinesis::service(), operation, body, form, context);
}

// The body of an answer in CBOR, from either form.
std::string in_one_form(const std::string& body, api::Form form, const api::Operation& operation) {
  if (body.empty()) return body;
  auto value = form == api::Form::kJson ? api::parse_json(body) : api::parse_cbor(body);
  require(value.has_value());
  api::MemberDescription answer;
  answer.members = operation.describe_output();
  if (form == api::Form::kJson) require(convert(*value, "structure", &answer));
  // Milliseconds, which JSON has behind a point.
  const std::function<void(api::Value&)> make_whole = [&](api::Value& each) {
    if (const auto* real = std::get_if<double>(&each.held)) {
      each.held = static_cast<std::int64_t>(*real);
    }
    if (auto* list = std::get_if<api::ValueList>(&each.held))
      std::ranges::for_each(*list, make_whole);
    if (auto* map = std::get_if<api::ValueMap>(&each.held)) {
      for (auto& [key, item] : *map) make_whole(item);
    }
  };
  make_whole(*value);
  std::string text;
  append_cbor(text, *value);
  return text;
}

}  // namespace

void run(std::string_view input) {
  static auto worlds = std::make_unique<Worlds>();
  if (input.empty()) return;
  if (worlds->json.current()->catalogue().list_all().size() > kStreamsMax)
    worlds = std::make_unique<Worlds>();
  const auto operations = kinesis::service().operations;
  const api::Operation& operation =
      *operations[static_cast<unsigned char>(input[0]) % operations.size()];
  const auto in_json = api::parse_json(input.substr(1));
  if (!in_json) return;
  api::MemberDescription request;
  request.members = operation.describe_input();
  api::Value converted = *in_json;
  if (!convert(converted, "structure", &request)) return;
  std::string bytes;
  append_cbor(bytes, converted);
  require(api::parse_cbor(bytes).has_value());

  const auto first = run_in(worlds->json, operation, input.substr(1), api::Form::kJson);
  const auto second = run_in(worlds->cbor, operation, bytes, api::Form::kCbor);
  require(first.has_value() == second.has_value());
  if (first) {
    require(in_one_form(*first, api::Form::kJson, operation) ==
            in_one_form(*second, api::Form::kCbor, operation));
  } else {
    require(first.error().code == second.error().code);
    require(first.error().message == second.error().message);
  }
}

}  // namespace millrace::fuzz
