// StopStreamEncryption: ends it from the stream's next ACTIVE on; one that is not encrypted stays
// so.
//
// The key is not looked at: infrastructure tools send whatever they know.
// Source: API_StopStreamEncryption, Kinesis API reference.

#include "api/context.h"
#include "api/kinesis/encryption.h"
#include "api/kinesis/limits.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"
#include "streams/quota.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

Result<void> handle(const EncryptionRequest& request, api::Context& context) {
  return set_encryption(
      request, context,
      [&](const streams::StreamFacts& facts, streams::StreamSettings& settings) -> Result<void> {
        if (!settings.kms_key_id) return {};
        if (!context.world().quotas().daily(facts.id, streams::DailyUse::kEncryptionStop)) {
          return std::unexpected(daily_limit_exceeded(facts.key, context.operation,
                                                      streams::DailyUse::kEncryptionStop));
        }
        settings.kms_key_id.reset();
        return {};
      });
}

}  // namespace

const Operation& StopStreamEncryption() {
  static constexpr Operation kOperation = api::make_operation<&handle>("StopStreamEncryption");
  return kOperation;
}

}  // namespace millrace::kinesis
