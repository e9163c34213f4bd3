// Reads a JSON body of the plain shape off its bytes, one step at a time: strings without escapes,
// whole numbers, no null. It gives up at the first thing it does not know, and at everything that
// parse_json() would refuse; what it reads, parse_json() reads in the same way.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace millrace::api {

// Each step returns whether it went well; after one that did not, ok() is false and the reader is
// of no more use. Texts are views into `body`; blobs are views into the reader.
class PlainJson {
 public:
  explicit PlainJson(std::string_view body)
      : at_(body.data()), end_(body.data() + body.size()), body_bytes_(body.size()) {}

  // A map: begin_map(), then for each member next_key() and its value. next_key() is false at the
  // end of the map too, where ok() stays true. A list in the same way.
  bool begin_map() { return begin('{'); }
  bool next_key(std::string_view& name);
  bool begin_list() { return begin('['); }
  bool next_element() { return next(']'); }

  bool text(std::string_view& out);
  bool blob(std::string_view& out);  // Decoded from base64.
  bool integer(std::int64_t& out);
  bool boolean(bool& out);

  // Whether all went well so far, and nothing but blanks is left.
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end();

 private:
  bool fail() {
    ok_ = false;
    return false;
  }
  void skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool begin(char bracket);
  bool next(char closing);
  char* space(std::size_t size_bytes);

  const char* at_;
  const char* const end_;
  const std::size_t body_bytes_;
  bool ok_ = true;
  bool is_first_ = false;  // Nothing has been read yet in the map or list that was begun last.
  std::unique_ptr<char[]> blobs_;  // Room for all that the body can hold, made with the first one.
  std::size_t blob_bytes_ = 0;
};

}  // namespace millrace::api
