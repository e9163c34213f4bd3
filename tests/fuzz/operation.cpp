// A request body given to an operation, down to the store: never an exception, and an internal
// failure only where the service has one too.

#include "api/operation.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "api/cbor.h"
#include "api/context.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/tokens.h"
#include "api/value.h"
#include "base/clock.h"
#include "base/random.h"
#include "storage/memory_engine.h"
#include "streams/accounts.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kStreamsMax = 50;  // A new store when there are more: inputs create streams.

struct World {
  ManualClock clock{time_from_millis(1'700'000'000'000)};
  storage::MemoryEngine engine{clock, 1};
  streams::Quotas quotas{streams::LimitsMode::kOff, clock, [](std::string_view) {}};
  streams::Subscriptions subscriptions{clock, {}};
  std::unique_ptr<streams::Catalogue> catalogue;
  std::unique_ptr<streams::Accounts> accounts;
  SeededRandom random{1};
  api::Tokens tokens{SealKey{}, random};

  World() {
    auto opened = streams::Catalogue::open(engine, clock, quotas, {});
    require(opened.has_value());
    catalogue = std::move(*opened);
    auto settings = streams::Accounts::open(engine, clock);
    require(settings.has_value());
    accounts = std::move(*settings);
    streams::NewStream stream;
    stream.key = {"000000000000", "us-east-1", "a"};
    require(catalogue->create(stream).has_value());
  }
};

}  // namespace

void run(std::string_view input) {
  static auto world = std::make_unique<World>();
  if (input.size() < 2) return;
  if (world->catalogue->list_all().size() > kStreamsMax) world = std::make_unique<World>();
  const auto operations = kinesis::operations();
  const api::Operation& operation =
      *operations[static_cast<unsigned char>(input[0]) % operations.size()];
  const bool is_cbor = input[1] % 2 != 0;
  auto body = is_cbor ? api::parse_cbor(input.substr(2)) : api::parse_json(input.substr(2));
  if (!body) return;
  const api::Services services{
      *world->catalogue, *world->accounts, world->quotas, world->subscriptions,
      world->clock,      world->tokens,    false};
  const api::Form form = is_cbor ? api::Form::kCbor : api::Form::kJson;
  api::Context context(services, {"000000000000", "us-east-1"}, operation.name, form);
  world->clock.advance(std::chrono::milliseconds(10));
  const auto outcome = operation.run(*body, form, context);
  const bool is_internal = !outcome && outcome.error().code == streams::kInternalFailure;
  // A number of version 0 is the one that makes the service itself fail.
  require(!is_internal || operation.name == "GetShardIterator" ||
          operation.name == "SubscribeToShard");
}

}  // namespace millrace::fuzz
