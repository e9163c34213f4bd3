// The counterpart of PlainJson (plain_json.h) for CBOR: text and bytes of definite length, maps and
// lists of either, whole numbers; no tags, no null. What it reads, parse_cbor() reads in the same
// way.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace millrace::api {

class PlainCbor {
 public:
  explicit PlainCbor(std::string_view body) : reader_(body) {}

  bool begin_map();
  bool next_key(std::string_view& name);
  bool begin_list();
  bool next_element() { return next(); }

  bool text(std::string_view& out);
  bool blob(std::string_view& out);
  bool integer(std::int64_t& out);
  bool boolean(bool& out);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && reader_.at_end(); }

 private:
  // A request nests a map, a list and a map.
  static constexpr std::size_t kOpenMax = 4;
  static constexpr std::uint64_t kUntilBreak = ~std::uint64_t{0};

  bool fail() {
    ok_ = false;
    return false;
  }
  bool begin(unsigned major);
  bool next();
  bool string(unsigned major, std::string_view& out);
  // The argument of an item of type `major`; kUntilBreak if its length is indefinite.
  bool take_head(unsigned major, std::uint64_t& argument);

  ByteReader reader_;
  std::array<std::uint64_t, kOpenMax> left_{};  // Items to come of each map or list that is open.
  std::size_t open_ = 0;
  bool ok_ = true;
};

}  // namespace millrace::api
