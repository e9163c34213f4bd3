// JSON as the protocol uses it: reading a body, writing an answer.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/value.h"
#include "base/clock.h"

namespace millrace::api {

// Nothing if the text is not exactly one JSON value (RFC 8259, no byte order mark, valid UTF-8) or
// passes kDepthMax or kValuesMax. Of members with one name the last one counts.
[[nodiscard]] std::optional<Value> parse_json(std::string_view text);

void append_json_string(std::string& out, std::string_view text);

// Writes an answer, member by member, straight into `out`.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_map(std::size_t /*count*/) { open('{'); }
  void end_map() { close('}'); }
  void begin_list(std::size_t /*count*/) { open('['); }
  void end_list() { close(']'); }
  void key(std::string_view name);
  void string(std::string_view text);
  void integer(std::int64_t number);
  void boolean(bool value);
  void blob(std::string_view bytes);  // Base64.
  void timestamp(TimePoint time);     // Seconds, at most three decimals, never an exponent.

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace millrace::api
