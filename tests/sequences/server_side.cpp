#include "tests/sequences/server_side.h"

#include <chrono>
#include <expected>
#include <string_view>

#include "api/context.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/value.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/catalogue.h"
#include "tests/sequences/model.h"
#include "world/world.h"

namespace millrace::sequences {

ServerSide::ServerSide(const Delays& delays) {
  options_.delays.create = std::chrono::milliseconds(delays.create);
  options_.delays.remove = std::chrono::milliseconds(delays.remove);
  options_.delays.reshard = std::chrono::milliseconds(delays.reshard);
  restart();
}

void ServerSide::restart() {
  catalogue_.reset();
  ids_ = storage::IdSource::open(engine_).value();
  catalogue_ = streams::Catalogue::open(engine_, *ids_, clock_, quotas_, options_).value();
  accounts_ = streams::Accounts::open(engine_, clock_).value();
}

Answer<api::Value> ServerSide::call(std::string_view operation, std::string_view body) {
  const api::Operation& found = *api::find_operation(kinesis::service(), operation);
  const world::World world{*catalogue_, *accounts_, quotas_, subscriptions_, arrivals_,
                           clock_,      wall_,      sealer_, false};
  api::Context context(world, {{"000000000000", "us-east-1"}, "", false}, found.name,
                       api::Form::kJson);
  const auto answer = api::run(kinesis::service(), found, body, api::Form::kJson, context);
  if (!answer) return std::unexpected(answer.error().code.name);
  if (answer->empty()) return api::Value{};
  return api::parse_json(*answer).value();
}

}  // namespace millrace::sequences
