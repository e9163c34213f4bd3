// The heads of HTTP/1.1 messages: what is written before an answer, and what Beast lets pass that
// we do not.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/core/string_type.hpp>

#include "net/http.h"

namespace millrace::net {

inline std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// How a body's end is told.
enum class Framing : std::uint8_t { kLength, kChunked, kUntilClose };

// The time now as a Date header has it: `Thu, 22 Jan 2015 01:22:02 GMT`.
[[nodiscard]] std::string_view http_date();

// Replaces `head` by everything of the answer but its body.
void write_head(std::string& head, const HttpResponse& response, Framing framing, bool is_last);

// Whether a first line ends as that of an HTTP/1.x request does.
[[nodiscard]] bool is_http1_line(std::string_view line);

// What the lines of a head look like from outside.
struct HeadLines {
  bool is_whole = false;   // The empty line that ends it is there.
  bool is_folded = false;  // A field's value goes on in the next line, which RFC 9112 §5.2 lets a
                           // server refuse.
};
[[nodiscard]] HeadLines look_at_lines(std::string_view received);

// What a head has that two programs in a row could read in two ways, though Beast takes it:
// version, Host, and how the body's length is told. In words for the answer; empty if there is
// nothing.
[[nodiscard]] std::string_view fault_of(const HttpRequest& head, unsigned version);

// Has a target in absolute form, `scheme://authority/path`, mean what RFC 9112 §3.2.2 says: its
// authority takes the place of Host, its path that of the target. False if the authority is no name
// or address.
[[nodiscard]] bool resolve_target(HttpRequest& head);

// Whether text has no control character but the tab.
[[nodiscard]] bool is_printable(std::string_view text);

}  // namespace millrace::net
