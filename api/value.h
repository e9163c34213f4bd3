// A request's body, decoded but not yet understood: the same for every form.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::api {

// How a body is written. The answer has the form of the request.
enum class Form : std::uint8_t {
  kJson,     // Times are seconds.
  kCbor,     // The older form of Kinesis: times are milliseconds.
  kRpcCbor,  // RPC v2: times are seconds.
  kQuery,    // Names and texts; the answer is XML. Times are ISO 8601.
};

// A body nests no deeper and has no more values than this; the largest honest one has about 3,000.
inline constexpr int kDepthMax = 32;
inline constexpr std::size_t kValuesMax = 200'000;

struct Value;
struct ValueMember;

using ValueList = std::vector<Value>;
using ValueMap = std::vector<ValueMember>;  // In the order of the wire.

// A string of bytes; only CBOR has them, until decode() turns base64 text into them.
struct Bytes {
  std::string bytes;
};

struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, ValueList, ValueMap>
      held;

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(held); }

  // The member of that name, the last one if it stands there twice; nullptr if this is no map, the
  // member is missing or it is null.
  [[nodiscard]] Value* find(std::string_view name);
};

struct ValueMember {
  std::string key;
  Value value;
};

}  // namespace millrace::api
