// StartStreamEncryption: marks the records of a stream as encrypted from its next ACTIVE on.
//
// There is no key store: any well-formed key is taken, and the data lies on disk as it always does.
// Source: API_StartStreamEncryption, Kinesis API reference.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string_view>

#include "api/context.h"
#include "api/kinesis/encryption.h"
#include "api/kinesis/limits.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// `8-4-4-4-12` hex digits, or `mrk-` and 32 of them.
bool is_key_id(std::string_view text) {
  constexpr std::string_view kMultiRegion = "mrk-";
  if (text.starts_with(kMultiRegion)) return text.size() == 36 && is_hex(text.substr(4));
  constexpr std::array<std::size_t, 4> kDashes = {8, 13, 18, 23};
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = std::ranges::find(kDashes, i) != kDashes.end();
    if (is_dash ? text[i] != '-' : !is_hex(text.substr(i, 1))) return false;
  }
  return true;
}

bool is_alias(std::string_view text) {
  constexpr std::string_view kAlias = "alias/";
  return text.starts_with(kAlias) && text.size() > kAlias.size() && text.find(' ') == text.npos;
}

// A key's id or alias, by itself or behind `arn:aws…:kms:{region}:{account}:`.
bool is_key(std::string_view text) {
  if (!text.starts_with("arn:")) return is_key_id(text) || is_alias(text);
  constexpr int kColons = 5;
  constexpr std::string_view kKey = "key/";
  std::string_view service;
  for (int i = 0; i < kColons; ++i) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return false;
    if (i == 2) service = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const bool names_key = text.starts_with(kKey) && is_key_id(text.substr(kKey.size()));
  return service == "kms" && (names_key || is_alias(text));
}

Result<void> handle(const EncryptionRequest& request, api::Context& context) {
  return set_encryption(
      request, context,
      [&](const streams::StreamFacts& facts, streams::StreamSettings& settings) -> Result<void> {
        if (!is_key(request.key_id)) {
          return fail(streams::kInvalidArgument,
                      "KeyId " + request.key_id + " is not the id, alias or ARN of a key.");
        }
        if (settings.kms_key_id == request.key_id) return {};
        if (!context.world().quotas().daily(facts.id, streams::DailyUse::kEncryptionStart)) {
          return std::unexpected(daily_limit_exceeded(facts.key, context.operation,
                                                      streams::DailyUse::kEncryptionStart));
        }
        settings.kms_key_id = request.key_id;
        return {};
      });
}

}  // namespace

const Operation& StartStreamEncryption() {
  static constexpr Operation kOperation = api::make_operation<&handle>("StartStreamEncryption");
  return kOperation;
}

}  // namespace millrace::kinesis
