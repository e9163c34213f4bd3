#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/context.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/service.h"
#include "api/value.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/arrivals.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

using namespace std::chrono_literals;

class ListShardsTest {
 protected:
  api::Value call(std::string_view operation, std::string_view body) {
    const Operation& found = *api::find_operation(service(), operation);
    const world::World world{*catalogue_, *accounts_, quotas_, subscriptions_, arrivals_,
                             clock_,      wall_,      sealer_, false};
    api::Context context(world, {{"000000000000", "us-east-1"}, "", false}, found.name,
                         api::Form::kJson);
    const auto answer = api::run(service(), found, body, api::Form::kJson, context);
    REQUIRE(answer);
    return answer->empty() ? api::Value{} : api::parse_json(*answer).value();
  }

  std::vector<std::string> listed(const std::string& filter) {
    api::Value answer =
        call("ListShards", R"({"StreamName":"s","ShardFilter":{"Type":")" + filter + "\"}}");
    std::vector<std::string> ids;
    for (api::Value& shard : std::get<api::ValueList>(answer.find("Shards")->held)) {
      ids.push_back(std::get<std::string>(shard.find("ShardId")->held));
    }
    return ids;
  }

  ManualClock clock_{time_from_millis(1'700'000'000'000)};
  storage::MemoryEngine engine_{clock_, 1};
  streams::Quotas quotas_{streams::LimitsMode::kOff, clock_, [](std::string_view) {}};
  streams::Arrivals arrivals_{engine_};
  streams::Subscriptions subscriptions_{clock_, {}};
  std::unique_ptr<storage::IdSource> ids_ = storage::IdSource::open(engine_).value();
  std::unique_ptr<streams::Catalogue> catalogue_ =
      streams::Catalogue::open(engine_, *ids_, clock_, quotas_, {}).value();
  std::unique_ptr<streams::Accounts> accounts_ = streams::Accounts::open(engine_, clock_).value();
  SeededRandom random_{1};
  ManualWallClock wall_{wall_from_millis(1'700'000'000'000)};
  Sealer sealer_{SealKey{}, random_};
};

}  // namespace

TEST_CASE_FIXTURE(ListShardsTest,
                  "the shards at the horizon cover all hash keys when retention has grown") {
  call("CreateStream", R"({"StreamName":"s","ShardCount":1})");
  call("SplitShard",
       R"({"StreamName":"s","ShardToSplit":"shardId-0","NewStartingHashKey":"1000"})");
  clock_.advance(24h + 1s);
  const std::vector<std::string> children{"shardId-000000000001", "shardId-000000000002"};
  CHECK(listed("AT_TRIM_HORIZON") == children);

  call("IncreaseStreamRetentionPeriod", R"({"StreamName":"s","RetentionPeriodHours":48})");

  CHECK(listed("AT_TRIM_HORIZON") == children);
  CHECK(listed("FROM_TRIM_HORIZON") == children);
}

}  // namespace millrace::kinesis
