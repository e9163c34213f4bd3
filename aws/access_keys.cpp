#include "aws/access_keys.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/uri.h"

namespace millrace::aws {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Nothing if it was a key, else what is wrong with it.
std::string_view add_key(AccessKeys& keys, std::string_view line) {
  const std::size_t blank = line.find_first_of(kBlanks);
  if (blank == std::string_view::npos) return "is not an access key id and a secret";
  const std::string_view id = line.substr(0, blank);
  const std::string_view rest = without_blanks(line.substr(blank));
  const std::string_view secret = rest.substr(0, rest.find_first_of(kBlanks));
  const std::string_view mark = without_blanks(rest.substr(secret.size()));
  if (!mark.empty() && mark != "admin") {
    return "has more than an access key id, a secret and the word admin";
  }
  // The id ends at these where a request names it, so that no request could.
  if (id.find_first_of("/,=") != std::string_view::npos) {
    return "has an access key id with '/', ',' or '='";
  }
  return keys.try_emplace(std::string(id), AccessKey{std::string(secret), !mark.empty()}).second
             ? ""
             : "has an access key id that was there before";
}

}  // namespace

Result<AccessKeys> parse_access_keys(std::string_view text) {
  AccessKeys keys;
  std::size_t number = 0;
  std::string wrong;
  net::split(text, "\n", [&](std::string_view part) {
    ++number;
    const std::string_view line = without_blanks(part);
    if (line.empty() || line.starts_with('#') || !wrong.empty()) return;
    const std::string_view why = add_key(keys, line);
    if (!why.empty()) wrong = "line " + std::to_string(number) + " " + std::string(why);
  });
  if (wrong.empty() && keys.empty()) wrong = "there is no key in it";
  if (!wrong.empty()) return fail(kBadAccessKeys, wrong);
  return keys;
}

}  // namespace millrace::aws
