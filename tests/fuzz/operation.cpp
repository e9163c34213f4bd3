// A request body given to an operation, down to the store: never an exception, and an internal
// failure only where the service has one too.
//
// Each input goes to two worlds that are alike: one takes the shortest way (api::run), the other
// always goes through a tree of values. They answer the same, byte for byte.

#include "api/operation.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/errors.h"
#include "api/kinesis/operations.h"
#include "api/service.h"
#include "api/value.h"
#include "base/error.h"
#include "streams/errors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kStreamsMax = 50;  // A new store when there are more: inputs create streams.

struct Input {
  const api::Operation& operation;
  api::Form form;
  std::string_view body;
};

api::Context context_in(World& world, const Input& input) {
  world.advance(std::chrono::milliseconds(10));
  return {world.current(),
          {{std::string(kAccount), std::string(kRegion)}, "", false},
          input.operation.name,
          input.form};
}

Result<std::string> run_decoded(World& world, const Input& input) {
  api::Context context = context_in(world, input);
  auto body = api::parse_body(input.body, input.form);
  if (!body) return fail(api::kSerialization, "");
  return input.operation.run_decoded(*body, input.form, context);
}

}  // namespace

void run(std::string_view input) {
  static auto world = std::make_unique<World>();
  static auto twin = std::make_unique<World>();
  if (input.size() < 2) return;
  // In both: listing streams carries out what is due, and when that was shows in a stream that is
  // made again.
  const std::size_t stream_count = std::max(world->current()->catalogue().list_all().size(),
                                            twin->current()->catalogue().list_all().size());
  if (stream_count > kStreamsMax) {
    world = std::make_unique<World>();
    twin = std::make_unique<World>();
  }
  const auto operations = kinesis::service().operations;
  const Input request{*operations[static_cast<unsigned char>(input[0]) % operations.size()],
                      input[1] % 2 != 0 ? api::Form::kCbor : api::Form::kJson, input.substr(2)};
  api::Context context = context_in(*world, request);
  const auto outcome =
      api::run(kinesis::service(), request.operation, request.body, request.form, context);
  const bool is_internal = !outcome && outcome.error().code == streams::kInternalFailure;
  // A number of version 0 is the one that makes the service itself fail.
  require(!is_internal || request.operation.name == "GetShardIterator" ||
          request.operation.name == "SubscribeToShard");

  const auto expected = run_decoded(*twin, request);
  require(outcome.has_value() == expected.has_value());
  if (outcome) {
    require(*outcome == *expected);
  } else {
    require(outcome.error().code == expected.error().code &&
            outcome.error().message == expected.error().message);
  }
}

}  // namespace millrace::fuzz
