// JSON as the protocol uses it: reading a body, writing an answer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/json_text.h"
#include "api/value.h"
#include "base/bytes.h"
#include "base/time_point.h"

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
  // Of a member: ours, without anything to escape. Inline, so that its length is known.
  [[gnu::always_inline]] void key(std::string_view name) {
    char* to = extend(out_, name.size() + (needs_comma_ ? 4 : 3));
    if (needs_comma_) *to++ = ',';
    to = write_quoted(to, name);
    *to = ':';
    needs_comma_ = false;
  }
  // Maps, whose keys are their owner's.
  void begin_entries(std::size_t /*count*/) { open('{'); }
  void end_entries() { close('}'); }
  void begin_entry(std::string_view name) {
    string(name);
    out_.push_back(':');
    needs_comma_ = false;
  }
  void end_entry() {}
  void string(std::string_view text) {
    separate();
    append_json_string(out_, text);
  }
  void digits(std::string_view text) {  // A string without anything to escape.
    separate();
    write_quoted(extend(out_, text.size() + 2), text);
  }
  void integer(std::int64_t number);
  void number(
      double number);  // As short as it can be read back; what JSON has no number for, as text.
  void boolean(bool value);
  void blob(std::string_view bytes);  // Base64.
  void timestamp(TimePoint time);     // Seconds, at most three decimals, never an exponent.

 private:
  void open(char bracket) {
    separate();
    out_.push_back(bracket);
    needs_comma_ = false;
  }
  void close(char bracket) {
    out_.push_back(bracket);
    needs_comma_ = true;
  }
  void separate() {
    if (needs_comma_) out_.push_back(',');
    needs_comma_ = true;
  }

  std::string& out_;
  bool needs_comma_ = false;
  TimePoint last_time_{};       // Records that came together have one time:
  std::string last_time_text_;  // it is written once and copied.
};

}  // namespace millrace::api
