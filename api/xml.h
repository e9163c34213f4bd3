// XML as the Query protocol writes its answers.
//
// Source: Smithy, AWS Query protocol: elements of a list are called `member`, those of a map
// `entry` with a `key` and a `value`.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_point.h"

namespace millrace::api {

// `text` with what has a meaning in XML escaped, and with U+FFFD for what XML 1.0 cannot hold.
void append_xml_text(std::string& out, std::string_view text);

// Writes the members of an answer as elements, straight into `out`. What is around them is written
// by aws/aws_query.cpp.
class XmlWriter {
 public:
  explicit XmlWriter(std::string& out) : out_(out) {}

  void begin_map(std::size_t /*count*/) { begin({}); }
  void end_map() { end(); }
  void begin_list(std::size_t /*count*/) { begin("member"); }
  void end_list() { end(); }
  // Of a member: ours, without anything to escape.
  void key(std::string_view name) { name_ = name; }
  void begin_entries(std::size_t /*count*/) { begin({}); }
  void end_entries() { end(); }
  void begin_entry(std::string_view name) {
    out_ += "<entry><key>";
    append_xml_text(out_, name);
    out_ += "</key>";
    name_ = "value";
  }
  void end_entry() { out_ += "</entry>"; }

  void string(std::string_view text);
  void digits(std::string_view text) { string(text); }
  void integer(std::int64_t number);
  void number(double number);
  void boolean(bool value);
  void blob(std::string_view bytes);  // Base64.
  void timestamp(TimePoint time);

 private:
  // An element that holds others; `of_elements` is the name of each of them, if they have one.
  void begin(std::string_view of_elements);
  void end();
  void open(std::string_view name);
  void close(std::string_view name);
  // The name that the value which comes next has: of its member, or of elements of its list.
  [[nodiscard]] std::string_view next_name() const;

  struct Level {
    std::string_view name;  // Of its element; empty for the answer itself.
    std::string_view of_elements;
  };

  std::string& out_;
  std::string_view name_;  // Of the member that is written next.
  std::vector<Level> levels_;
};

}  // namespace millrace::api
