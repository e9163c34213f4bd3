#include "api/kinesis/patterns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "api/field.h"
#include "base/scope.h"

namespace millrace::kinesis {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool has_only(std::string_view text, std::string_view first, std::string_view second,
              std::string_view third = {}) {
  return std::ranges::all_of(text, [&](char c) {
    return first.find(c) != std::string_view::npos || second.find(c) != std::string_view::npos ||
           third.find(c) != std::string_view::npos;
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && has_only(text, kLetters, kDigits, "_.-");
}

// "0", or up to `digits_max` digits of which the first is not 0.
bool is_number(std::string_view text, std::size_t digits_max) {
  if (text == "0") return true;
  return !text.empty() && text[0] != '0' && text.size() <= digits_max &&
         has_only(text, kDigits, {});
}

bool is_sequence_number(std::string_view text) { return is_number(text, 129); }
bool is_hash_key(std::string_view text) { return is_number(text, 39); }

// Whether `test` holds for what may be the resource of an ARN of this service: what stands behind
// `arn:aws…:kinesis:…:{account}:`, wherever that may be found.
template <class Test>
bool any_resource(std::string_view text, Test test) {
  constexpr std::string_view kStart = "arn:aws";
  constexpr std::string_view kService = ":kinesis:";
  if (!text.starts_with(kStart)) return false;
  const std::size_t service = text.find(kService, kStart.size());
  if (service == std::string_view::npos) return false;
  for (std::size_t colon = text.find(':', service + kService.size());
       colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const std::string_view behind = text.substr(colon + 1);
    if (behind.size() <= kAccountDigits || behind[kAccountDigits] != ':') continue;
    if (!is_account(behind.substr(0, kAccountDigits))) continue;
    if (test(behind.substr(kAccountDigits + 1))) return true;
  }
  return false;
}

bool is_without_space(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n\v\f") == std::string_view::npos;
}

// Whether `test` holds for what stands behind `word`, wherever that may be found.
template <class Test>
bool any_behind(std::string_view text, std::string_view word, Test test) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    if (test(text.substr(at + word.size()))) return true;
  }
  return false;
}

bool is_stream_arn(std::string_view text) {
  constexpr std::string_view kStream = "stream/";
  return any_resource(text, [&](std::string_view resource) {
    return resource.starts_with(kStream) && is_without_space(resource.substr(kStream.size()));
  });
}

bool is_resource_arn(std::string_view text) {
  constexpr std::array<std::string_view, 3> kKinds = {"stream/", "channel/", "queue/"};
  return any_resource(text, [&](std::string_view resource) {
    return std::ranges::any_of(kKinds, [&](std::string_view kind) {
      return any_behind(resource, kind, is_without_space);
    });
  });
}

// `{name}/consumer/{name}:{digits}`.
bool is_consumer(std::string_view text) {
  constexpr std::string_view kConsumer = "/consumer/";
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !is_name(text.substr(0, slash))) return false;
  text.remove_prefix(slash);
  if (!text.starts_with(kConsumer)) return false;
  text.remove_prefix(kConsumer.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_name(text.substr(0, colon))) return false;
  const std::string_view digits = text.substr(colon + 1);
  return !digits.empty() && has_only(digits, kDigits, {});
}

bool is_consumer_arn(std::string_view text) {
  return any_resource(
      text, [](std::string_view resource) { return any_behind(resource, "stream/", is_consumer); });
}

bool is_stream_id(std::string_view text) {
  constexpr std::string_view kSmall = "abcdefghijklmnopqrstuvwxyz";
  return text.size() == 24 && text[20] == '-' && has_only(text.substr(0, 20), kSmall, kDigits) &&
         has_only(text.substr(21), kSmall, kDigits);
}

}  // namespace

const api::Pattern kNamePattern{"[a-zA-Z0-9_.-]+", &is_name};
const api::Pattern kSequenceNumberPattern{"0|([1-9]\\d{0,128})", &is_sequence_number};
const api::Pattern kHashKeyPattern{"0|([1-9]\\d{0,38})", &is_hash_key};
const api::Pattern kStreamArnPattern{"arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+", &is_stream_arn};
const api::Pattern kResourceArnPattern{"arn:aws.*:kinesis:.*:\\d{12}:.*(stream|channel|queue)/\\S+",
                                       &is_resource_arn};
const api::Pattern kConsumerArnPattern{
    "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/"
    "[a-zA-Z0-9_.-]+:[0-9]+",
    &is_consumer_arn};
const api::Pattern kStreamIdPattern{"[a-z0-9]{20}-[a-z0-9]{3}", &is_stream_id};

}  // namespace millrace::kinesis
