// Percent-encoding (RFC 3986 §2.1) and lists in texts.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::net {

// Decodes %XX; what is no escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

// Encodes every byte that is neither unreserved (RFC 3986 §2.3) nor one of `kept`, in upper case.
[[nodiscard]] std::string percent_encoded(std::string_view bytes, std::string_view kept = {});

// The first value of `name` in a form (`a=b&c=d`), decoded, with '+' as a blank; empty if it is
// missing.
[[nodiscard]] std::string form_value(std::string_view form, std::string_view name);

// Gives `take` each part of `text` between any of `separators`; an empty text is one empty part.
template <class Take>
void split(std::string_view text, std::string_view separators, Take take) {
  while (true) {
    const auto* const end = std::ranges::find_first_of(text, separators);
    const auto size = static_cast<std::size_t>(end - text.begin());
    take(text.substr(0, size));
    if (size == text.size()) return;
    text.remove_prefix(size + 1);
  }
}

}  // namespace millrace::net
