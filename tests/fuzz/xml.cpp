// Text in XML: nothing of it is taken for markup, and a reader gets it back.

#include "api/xml.h"

#include <string>
#include <string_view>

#include "api/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// The text that a reader makes of `xml`.
std::string read(std::string_view xml) {
  struct Reference {
    std::string_view name;
    std::string_view text;
  };
  std::string out;
  while (!xml.empty()) {
    if (xml.front() != '&') {
      require(xml.front() != '<' && xml.front() != '>' && xml.front() != '\r');
      require(static_cast<unsigned char>(xml.front()) >= 0x20 || xml.front() == '\n' ||
              xml.front() == '\t');
      out += xml.front();
      xml.remove_prefix(1);
      continue;
    }
    bool is_known = false;
    for (const Reference& reference :
         {Reference{"&lt;", "<"}, Reference{"&gt;", ">"}, Reference{"&amp;", "&"},
          Reference{"&quot;", "\""}, Reference{"&#xD;", "\r"}}) {
      if (is_known || !xml.starts_with(reference.name)) continue;
      is_known = true;
      out += reference.text;
      xml.remove_prefix(reference.name.size());
    }
    require(is_known);
  }
  return out;
}

// What XML can hold of `text`.
std::string held(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_held =
        static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r';
    if (is_held) {
      out += c;
    } else {
      out += kReplacement;
    }
  }
  return out;
}

}  // namespace

void run(std::string_view input) {
  std::string xml;
  api::append_xml_text(xml, input);
  require(read(xml) == held(input));
  if (api::is_utf8(input)) require(api::is_utf8(xml));

  // As an element of a list of a member, and as a key.
  std::string answer;
  api::XmlWriter writer(answer);
  writer.begin_map(2);
  writer.key("List");
  writer.begin_list(1);
  writer.string(input);
  writer.end_list();
  writer.key("Map");
  writer.begin_entries(1);
  writer.begin_entry(input);
  writer.string(input);
  writer.end_entry();
  writer.end_entries();
  writer.end_map();
  require(answer == "<List><member>" + xml + "</member></List><Map><entry><key>" + xml +
                        "</key><value>" + xml + "</value></entry></Map>");
}

}  // namespace millrace::fuzz
