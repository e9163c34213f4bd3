#include "streams/tags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "streams/errors.h"
#include "streams/stream_key.h"

namespace millrace::streams {
namespace {

constexpr std::string_view kAsciiMarks = "_./-=+ @%:";
constexpr std::string_view kReservedPrefix = "aws:";

// Takes one code point off the front of `text`, which is valid UTF-8.
std::uint32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t value = size == 1 ? lead : lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size && i < text.size(); ++i) {
    value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  text.remove_prefix(std::min(size, text.size()));
  return value;
}

bool is_tag_character(std::uint32_t c) {
  if (c >= 0x80) return (c >= 0xc0 && c <= 0x1fff) || (c >= 0x2c00 && c <= 0xd7ff);
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool is_digit = c >= '0' && c <= '9';
  return is_letter || is_digit || kAsciiMarks.find(static_cast<char>(c)) != std::string_view::npos;
}

bool has_only_tag_characters(std::string_view text) {
  while (!text.empty()) {
    if (!is_tag_character(take_code_point(text))) return false;
  }
  return true;
}

bool has_percent(std::string_view text) { return text.find('%') != std::string_view::npos; }

std::unexpected<Error> invalid_characters() {
  return fail(kInvalidArgument,
              "Some tags contain invalid characters. Valid characters: Unicode letters, digits, "
              "white space, _ . / = + - % @.");
}

// The service takes a percent sign for valid and then refuses it.
std::unexpected<Error> illegal_characters(std::string_view verb, const StreamKey& stream) {
  return fail(kInvalidArgument,
              "Failed to " + std::string(verb) + " stream " + stream.name + " under account " +
                  stream.scope.account +
                  " because some tags contained illegal characters. The allowed characters are "
                  "Unicode letters, white-spaces, '_',',','/','=','+','-','@'.");
}

}  // namespace

Result<void> add_tags(Tags& tags, const Tags& added, const StreamKey& stream) {
  const auto any = [&](auto test) {
    return std::ranges::any_of(
        added, [&](const auto& tag) { return test(tag.first) || test(tag.second); });
  };
  if (any([&](std::string_view text) { return !has_only_tag_characters(text); })) {
    return invalid_characters();
  }
  if (std::ranges::any_of(added,
                          [](const auto& tag) { return tag.first.starts_with(kReservedPrefix); })) {
    return invalid_characters();
  }
  if (any(has_percent)) return illegal_characters("add tags to", stream);

  Tags merged = added;
  merged.insert(tags.begin(), tags.end());
  if (merged.size() > kTagsMax) {
    // The service's text speaks of 10 although the limit is 50.
    return fail(kInvalidArgument,
                "Failed to add tags to stream " + stream.name + " under account " +
                    stream.scope.account +
                    " because a given stream cannot have more than 10 tags associated with it.");
  }
  tags = std::move(merged);
  return {};
}

Result<void> remove_tags(Tags& tags, const std::vector<std::string>& keys,
                         const StreamKey& stream) {
  const bool are_valid = std::ranges::all_of(keys, has_only_tag_characters);
  if (!are_valid) return invalid_characters();
  if (std::ranges::any_of(keys, has_percent)) return illegal_characters("remove tags from", stream);
  for (const std::string& key : keys) tags.erase(key);
  return {};
}

}  // namespace millrace::streams
