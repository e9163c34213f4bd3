#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/context.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/service.h"
#include "api/value.h"
#include "tests/world/test_world.h"

namespace millrace::kinesis {
namespace {

using namespace std::chrono_literals;

class ListShardsTest {
 protected:
  api::Value call(std::string_view operation, std::string_view body) {
    const Operation& found = *api::find_operation(service(), operation);
    api::Context context(worlds_.current(), {{"000000000000", "us-east-1"}, "", false}, found.name,
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

  world::TestWorlds worlds_;
};

}  // namespace

TEST_CASE_FIXTURE(ListShardsTest,
                  "the shards at the horizon cover all hash keys when retention has grown") {
  call("CreateStream", R"({"StreamName":"s","ShardCount":1})");
  call("SplitShard",
       R"({"StreamName":"s","ShardToSplit":"shardId-0","NewStartingHashKey":"1000"})");
  worlds_.advance(24h + 1s);
  const std::vector<std::string> children{"shardId-000000000001", "shardId-000000000002"};
  CHECK(listed("AT_TRIM_HORIZON") == children);

  call("IncreaseStreamRetentionPeriod", R"({"StreamName":"s","RetentionPeriodHours":48})");

  CHECK(listed("AT_TRIM_HORIZON") == children);
  CHECK(listed("FROM_TRIM_HORIZON") == children);
}

}  // namespace millrace::kinesis
