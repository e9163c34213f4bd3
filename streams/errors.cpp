#include "streams/errors.h"

#include <string>
#include <string_view>

#include "base/error.h"
#include "streams/stream_key.h"

namespace millrace::streams {
namespace {

std::string subject(const StreamKey& stream) {
  return "tream " + stream.name + " under account " + stream.account;
}

}  // namespace

Error stream_not_found(const StreamKey& stream) {
  return {kResourceNotFound, "S" + subject(stream) + " not found."};
}

Error stream_exists(const StreamKey& stream) {
  return {kResourceInUse, "S" + subject(stream) + " already exists."};
}

Error stream_not_active(const StreamKey& stream, std::string_view status) {
  return {kResourceInUse,
          "S" + subject(stream) + " not ACTIVE, instead in state " + std::string(status)};
}

Error stream_is_on_demand(const StreamKey& stream) {
  return {kValidation, "Request is invalid. S" + subject(stream) + " is in On-Demand mode."};
}

Error shard_not_in_stream(std::string_view id, const StreamKey& stream) {
  return {kResourceNotFound,
          "Could not find shard " + std::string(id) + " in s" + subject(stream) + "."};
}

Error shard_does_not_exist(std::string_view id, const StreamKey& stream) {
  return {kResourceNotFound,
          "Shard " + std::string(id) + " in s" + subject(stream) + " does not exist"};
}

}  // namespace millrace::streams
