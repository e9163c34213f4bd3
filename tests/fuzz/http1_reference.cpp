#include "tests/fuzz/http1_reference.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::fuzz {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kLengthDigitsMax = 15;
constexpr int kEmptyLinesMax = 4;

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_token(std::string_view text) {
  return consists_of(text,
                     "!#$%&'*+-.^_`|~0123456789"
                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

// The characters of a field's value (RFC 9110 §5.5).
bool is_text(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A line without its end, which is both characters; a lone one makes it no text.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  if (!is_text(line)) return std::nullopt;
  rest.remove_prefix(end + 2);
  return line;
}

// Fields up to the empty line. Where they are dropped it does not matter that a value goes on in
// the next line.
std::optional<std::vector<Field>> take_fields(std::string_view& rest, bool may_be_folded = false) {
  std::vector<Field> fields;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) return fields;
    const bool is_folded = kBlanks.contains(line->front());
    if (is_folded && may_be_folded && !fields.empty()) continue;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) return std::nullopt;
    fields.push_back({std::string(line->substr(0, colon)),
                      std::string(without_blanks(line->substr(colon + 1)))});
  }
}

std::vector<std::string> values_of(const std::vector<Field>& fields, std::string_view name) {
  std::vector<std::string> values;
  for (const Field& field : fields) {
    if (in_lower_case(field.name) == in_lower_case(name)) values.push_back(field.value);
  }
  return values;
}

bool lists(const std::vector<std::string>& values, std::string_view wanted) {
  for (std::string_view value : values) {
    for (;;) {
      const std::size_t comma = value.find(',');
      if (in_lower_case(without_blanks(value.substr(0, comma))) == wanted) return true;
      if (comma == std::string_view::npos) break;
      value.remove_prefix(comma + 1);
    }
  }
  return false;
}

// Chunks and the fields behind them, which are dropped.
std::optional<std::string> take_chunks(std::string_view& rest) {
  std::string body;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    const std::string_view digits = line->substr(0, line->find_first_not_of(kHexDigits));
    const std::string_view extensions = without_blanks(line->substr(digits.size()));
    if (digits.empty() || digits.size() > kLengthDigitsMax) return std::nullopt;
    if (!extensions.empty() && !extensions.starts_with(';')) return std::nullopt;
    const std::size_t size = std::stoull(std::string(digits), nullptr, 16);
    if (size == 0) break;
    if (rest.size() < size || rest.substr(size, 2) != "\r\n") return std::nullopt;
    body += rest.substr(0, size);
    rest.remove_prefix(size + 2);
  }
  if (!take_fields(rest, true)) return std::nullopt;
  return body;
}

std::optional<std::string> take_counted(std::string_view& rest, std::string_view length) {
  if (!consists_of(length, kDigits) || length.size() > kLengthDigitsMax) return std::nullopt;
  const std::size_t size = std::stoull(std::string(length));
  if (rest.size() < size) return std::nullopt;
  std::string body(rest.substr(0, size));
  rest.remove_prefix(size);
  return body;
}

}  // namespace

std::optional<ReferenceRequest> take_request(std::string_view& input) {
  std::string_view rest = input;
  ReferenceRequest request;
  // RFC 9112 §2.2: a few empty lines before the request are ignored.
  for (int i = 0; i < kEmptyLinesMax && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
  const std::size_t size_bytes = rest.size();
  const auto line = take_line(rest);
  if (!line) return std::nullopt;
  const std::size_t first = line->find(' ');
  const std::size_t last = line->rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  request.method = line->substr(0, first);
  request.target = line->substr(first + 1, last - first - 1);
  const std::string_view version = line->substr(last + 1);
  const bool is_new = version == "HTTP/1.1";
  if (!is_new && version != "HTTP/1.0") return std::nullopt;
  if (!is_token(request.method) || request.target.find_first_of(kBlanks) != std::string::npos ||
      request.target.empty()) {
    return std::nullopt;
  }
  auto fields = take_fields(rest);
  if (!fields) return std::nullopt;
  request.fields = std::move(*fields);
  request.head_bytes = size_bytes - rest.size();
  const std::size_t hosts = values_of(request.fields, "host").size();
  if (hosts > 1 || (is_new && hosts == 0)) return std::nullopt;
  const auto connection = values_of(request.fields, "connection");
  request.is_last = lists(connection, "close") || (!is_new && !lists(connection, "keep-alive"));

  const auto encodings = values_of(request.fields, "transfer-encoding");
  const auto lengths = values_of(request.fields, "content-length");
  if (encodings.size() + lengths.size() > 1) return std::nullopt;
  std::optional<std::string> body = "";
  if (!encodings.empty()) {
    // RFC 9112 §6.1: with HTTP/1.0 the framing is faulty.
    if (!is_new || in_lower_case(encodings[0]) != "chunked") return std::nullopt;
    body = take_chunks(rest);
  } else if (!lengths.empty()) {
    body = take_counted(rest, lengths[0]);
  }
  if (!body) return std::nullopt;
  request.body = std::move(*body);
  input = rest;
  return request;
}

std::optional<std::string> ReferenceAnswer::field(std::string_view name) const {
  const auto values = values_of(fields, name);
  if (values.size() != 1) return std::nullopt;
  return values[0];
}

std::optional<ReferenceAnswer> take_answer(std::string_view& output, bool has_body) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  ReferenceAnswer answer;
  const auto line = take_line(output);
  if (!line || !line->starts_with(kVersion)) return std::nullopt;
  const std::string_view status = line->substr(kVersion.size(), 3);
  if (status.size() != 3 || !consists_of(status, kDigits)) return std::nullopt;
  if (line->substr(kVersion.size() + 3, 1) != " ") return std::nullopt;
  answer.status = std::stoi(std::string(status));
  auto fields = take_fields(output);
  if (!fields) return std::nullopt;
  answer.fields = std::move(*fields);
  if (answer.status < 200) return answer;
  if (!answer.field("date")) return std::nullopt;
  const auto encodings = values_of(answer.fields, "transfer-encoding");
  const auto lengths = values_of(answer.fields, "content-length");
  if (encodings.size() + lengths.size() > 1) return std::nullopt;
  if (!encodings.empty() && encodings[0] != "chunked") return std::nullopt;
  if (!has_body) return answer;
  std::optional<std::string> body;
  if (!encodings.empty()) {
    body = take_chunks(output);
  } else if (!lengths.empty()) {
    body = take_counted(output, lengths[0]);
  }
  answer.is_whole = body.has_value();
  // What is not whole, or ends with the connection, is all that is left.
  answer.body = body ? std::move(*body) : std::string(std::exchange(output, {}));
  return answer;
}

}  // namespace millrace::fuzz
