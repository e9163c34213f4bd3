// CBOR in two forms. In Kinesis' own, x-amz-cbor-1.1, timestamps are tag 1 with integer
// milliseconds, which is not what RFC 8949 says; RPC v2 keeps to it. Byte strings are raw in both.
//
// A reader and a writer of our own: the JSON library's CBOR reader ends the process on deep input.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/value.h"
#include "base/time_point.h"

namespace millrace::api {

// Nothing if the bytes are not exactly one item (RFC 8949), pass kDepthMax or kValuesMax, declare a
// length they do not have, or hold text that is not UTF-8. Tags are ignored; indefinite lengths are
// read; map keys must be text.
[[nodiscard]] std::optional<Value> parse_cbor(std::string_view bytes);

enum class CborTime : std::uint8_t { kMillis, kSeconds };

class CborWriter {
 public:
  explicit CborWriter(std::string& out, CborTime time = CborTime::kMillis)
      : out_(out), time_(time) {}

  void begin_map(std::size_t count) { head(5, count); }
  void end_map() {}
  void begin_list(std::size_t count) { head(4, count); }
  void end_list() {}
  void key(std::string_view name) { string(name); }
  void begin_entries(std::size_t count) { head(5, count); }
  void end_entries() {}
  void begin_entry(std::string_view name) { string(name); }
  void end_entry() {}
  void string(std::string_view text);
  void digits(std::string_view text) { string(text); }
  void integer(std::int64_t number);
  void number(double number);
  void boolean(bool value);
  void blob(std::string_view bytes);
  void timestamp(TimePoint time);

 private:
  void head(unsigned major, std::uint64_t argument);

  void payload(unsigned major, std::string_view bytes);

  std::string& out_;
  const CborTime time_;
};

class RpcCborWriter : public CborWriter {
 public:
  explicit RpcCborWriter(std::string& out) : CborWriter(out, CborTime::kSeconds) {}
};

}  // namespace millrace::api
