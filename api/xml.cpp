#include "api/xml.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "api/number_text.h"
#include "base/base64.h"
#include "base/iso_time.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':  // A reader would make a line feed of it.
        out += "&#xD;";
        break;
      case '\t':
      case '\n':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += kReplacement;
        } else {
          out += c;
        }
    }
  }
}

std::string_view XmlWriter::next_name() const {
  const bool is_element = !levels_.empty() && !levels_.back().of_elements.empty();
  return is_element ? levels_.back().of_elements : name_;
}

void XmlWriter::open(std::string_view name) {
  if (name.empty()) return;
  out_ += '<';
  out_ += name;
  out_ += '>';
}

void XmlWriter::close(std::string_view name) {
  if (name.empty()) return;
  out_ += "</";
  out_ += name;
  out_ += '>';
}

void XmlWriter::begin(std::string_view of_elements) {
  const Level level{next_name(), of_elements};
  open(level.name);
  levels_.push_back(level);
  name_ = {};
}

void XmlWriter::end() {
  close(levels_.back().name);
  levels_.pop_back();
}

void XmlWriter::string(std::string_view text) {
  const std::string_view name = next_name();
  open(name);
  append_xml_text(out_, text);
  close(name);
}

void XmlWriter::integer(std::int64_t number) { string(std::to_string(number)); }

void XmlWriter::number(double number) { string(number_text(number)); }

void XmlWriter::boolean(bool value) { string(value ? "true" : "false"); }

void XmlWriter::blob(std::string_view bytes) { string(to_base64(bytes)); }

void XmlWriter::timestamp(TimePoint time) { string(iso_time(time)); }

}  // namespace millrace::api
