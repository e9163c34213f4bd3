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
#include "tests/sequences/model.h"
#include "world/world.h"

namespace millrace::sequences {

namespace {

world::Options options_of(const Delays& delays) {
  world::Options options;
  options.catalogue.delays.create = std::chrono::milliseconds(delays.create);
  options.catalogue.delays.remove = std::chrono::milliseconds(delays.remove);
  options.catalogue.delays.reshard = std::chrono::milliseconds(delays.reshard);
  return options;
}

}  // namespace

ServerSide::ServerSide(const Delays& delays) : worlds_(options_of(delays)) {}

Answer<api::Value> ServerSide::call(std::string_view operation, std::string_view body) {
  const api::Operation& found = *api::find_operation(kinesis::service(), operation);
  api::Context context(worlds_.current(), {{"000000000000", "us-east-1"}, "", false}, found.name,
                       api::Form::kJson);
  const auto answer = api::run(kinesis::service(), found, body, api::Form::kJson, context);
  if (!answer) return std::unexpected(answer.error().code.name);
  if (answer->empty()) return api::Value{};
  return api::parse_json(*answer).value();
}

}  // namespace millrace::sequences
