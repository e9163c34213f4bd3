#include "api/kinesis/encryption.h"

#include "api/context.h"
#include "api/kinesis/resources.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {

Result<void> set_encryption(const EncryptionRequest& request, api::Context& context,
                            const streams::Stream::SettingsChange& change) {
  const auto stream = TRY(find_stream(context, request.stream));
  const auto written = stream->update(
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
