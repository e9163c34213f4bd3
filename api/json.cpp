#include "api/json.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "api/number_text.h"
#include "api/value.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

// Builds a Value from the parser's events, so that depth and size are checked as they come.
class ValueBuilder {
 public:
  bool null() { return add({}); }
  bool boolean(bool value) { return add({value}); }
  bool number_integer(std::int64_t value) { return add({value}); }
  bool number_unsigned(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add({static_cast<std::int64_t>(value)});
    }
    return add({static_cast<double>(value)});
  }
  bool number_float(double value, const std::string& /*text*/) { return add({value}); }
  bool string(std::string& text) { return add({std::move(text)}); }
  bool binary(nlohmann::json::binary_t& /*bytes*/) { return false; }  // JSON has none.
  bool start_object(std::size_t /*count*/) { return open({ValueMap{}}); }
  bool start_array(std::size_t /*count*/) { return open({ValueList{}}); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    std::get<ValueMap>(stack_.back()->held).push_back({std::move(name), Value{}});
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    return false;
  }

  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  // Puts `value` where the parser stands and returns its place; nullptr if there are too many.
  Value* place(Value value) {
    if (++count_ > kValuesMax) return nullptr;
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (auto* list = std::get_if<ValueList>(&stack_.back()->held)) {
      return &list->emplace_back(std::move(value));
    }
    Value& member = std::get<ValueMap>(stack_.back()->held).back().value;
    member = std::move(value);
    return &member;
  }

  bool add(Value value) { return place(std::move(value)) != nullptr; }

  bool open(Value value) {
    if (stack_.size() >= kDepthMax) return false;
    Value* const placed = place(std::move(value));
    if (placed == nullptr) return false;
    stack_.push_back(placed);
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  Value root_;
  std::vector<Value*> stack_;  // Parents do not move while a child is open.
  std::size_t count_ = 0;
};

}  // namespace

std::optional<Value> parse_json(std::string_view text) {
  // The library skips a byte order mark; the service does not.
  if (text.starts_with("\xef\xbb\xbf")) return std::nullopt;
  // It also takes a NUL for the end of its input. No JSON text has one, not even within a string.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  ValueBuilder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return builder.take();
}

namespace {

// Seconds, with three decimals where there are any.
std::string seconds_text(TimePoint time) {
  const std::int64_t millis = millis_of(time);
  std::string text = std::to_string(millis / 1000);
  if (const std::int64_t rest = millis % 1000; rest != 0) {
    text += '.' + std::to_string(1000 + rest).substr(1);
  }
  return text;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default: {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  bool is_ascii = true;
  const char* mark = find_json_mark(at, end, &is_ascii);
  if (mark == end) {  // One step for what nearly every text is.
    write_quoted(extend(out, text.size() + 2), text);
    return;
  }
  out.push_back('"');
  for (; mark != end; mark = find_json_mark(at, end, &is_ascii)) {
    out.append(at, mark);
    append_escaped(out, *mark);
    at = mark + 1;
  }
  out.append(at, end);
  out.push_back('"');
}

void JsonWriter::integer(std::int64_t number) {
  separate();
  out_ += std::to_string(number);
}

void JsonWriter::number(double number) {
  separate();
  const std::string text = number_text(number);
  out_ += std::isfinite(number) ? text : '"' + text + '"';
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::blob(std::string_view bytes) {
  separate();
  out_.push_back('"');
  append_base64(out_, bytes);
  out_.push_back('"');
}

void JsonWriter::timestamp(TimePoint time) {
  separate();
  if (time != last_time_ || last_time_text_.empty()) {
    last_time_ = time;
    last_time_text_ = seconds_text(time);
  }
  out_ += last_time_text_;
}

}  // namespace millrace::api
