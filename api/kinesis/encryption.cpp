#include "api/kinesis/encryption.h"

#include "api/context.h"
#include "api/kinesis/resources.h"
#include "base/error.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {

Result<void> set_encryption(const EncryptionRequest& request, api::Context& context,
                            const streams::Catalogue::SettingsChange& change) {
  const auto stream = find_stream(context, request.stream);
  if (!stream) return std::unexpected(stream.error());
  const auto written = context.world.catalogue.update(
      **stream,
      [&](const streams::StreamFacts& facts, streams::StreamSettings& settings) -> Result<void> {
        if (request.encryption_type != "KMS") {
          return fail(streams::kInvalidArgument,
                      "EncryptionType must be KMS. Requested: " + request.encryption_type + ".");
        }
        return change(facts, settings);
      });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace millrace::kinesis
