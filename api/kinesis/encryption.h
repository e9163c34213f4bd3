// What StartStreamEncryption and StopStreamEncryption share.

#pragma once

#include <string>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "base/error.h"
#include "streams/catalogue.h"

namespace millrace::kinesis {

struct EncryptionRequest {
  std::string encryption_type;
  std::string key_id;
  OptionalStreamRef stream;

  static constexpr auto fields = std::tuple{
      field("EncryptionType", &EncryptionRequest::encryption_type)
          .one_of(kEncryptionTypes)
          .required(),
      field("KeyId", &EncryptionRequest::key_id).length(1, 2048).required(),
      flatten(&EncryptionRequest::stream),
  };
};

// Changes the settings of a stream that is ACTIVE, once the type is KMS, the only one the service
// takes here. Errors: stream_not_found, stream_not_active, kInvalidArgument, the change's own.
[[nodiscard]] Result<void> set_encryption(const EncryptionRequest& request, api::Context& context,
                                          const streams::Stream::SettingsChange& change);

}  // namespace millrace::kinesis
