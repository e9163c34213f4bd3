// Random sequences of requests, answered by the server and by a plain model of it (model.h): each
// answer must be the same.
//
// A difference is shrunk and shown with all that was asked before it. The seed of a run is in the
// first line of its output; RC_PARAMS="seed=N" in the environment repeats it, and max_success=N
// beside it sets the number of sequences.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tests/sequences/model.h"
#include "tests/sequences/runner.h"

namespace millrace::sequences {
namespace {

constexpr int kSequences = 10'000;
constexpr int kSequencesLong = 200'000;
constexpr int kCommandsMax = 30;

rc::Gen<Command> any_command() {
  const auto action = rc::gen::weightedElement<Action>({{12, Action::kPut},
                                                        {8, Action::kPutMany},
                                                        {14, Action::kIterator},
                                                        {16, Action::kRead},
                                                        {8, Action::kAdvance},
                                                        {6, Action::kSplit},
                                                        {6, Action::kMerge},
                                                        {4, Action::kScale},
                                                        {7, Action::kList},
                                                        {7, Action::kAdvanceToEdge},
                                                        {4, Action::kRetention},
                                                        {2, Action::kExpire},
                                                        {4, Action::kRestart},
                                                        {2, Action::kDelete},
                                                        {2, Action::kCreate}});
  const auto choice = rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, 1000));
  return rc::gen::build<Command>(rc::gen::set(&Command::action, action),
                                 rc::gen::set(&Command::a, choice),
                                 rc::gen::set(&Command::b, choice));
}

// A container is as long as its size at most; the numbers in it need no smaller ones.
rc::Gen<std::vector<Command>> any_sequence() {
  return rc::gen::resize(kCommandsMax, rc::gen::container<std::vector<Command>>(any_command()));
}

int sequence_count(const rc::detail::TestParams& given) {
  const char* wanted = std::getenv("RC_PARAMS");
  if (wanted != nullptr && std::string_view(wanted).contains("max_success")) {
    return given.maxSuccess;
  }
  const char* is_long = std::getenv("MILLRACE_LONG");
  return is_long != nullptr && *is_long != '\0' ? kSequencesLong : kSequences;
}

}  // namespace

TEST_CASE("every answer is the model's") {
  std::map<std::string, int> seen;
  const auto property = [&seen] {
    const auto shard_count = *rc::gen::inRange<std::uint32_t>(1, 5);
    // Transitions take no time in most sequences.
    const auto delays = *rc::gen::weightedElement<Delays>({{3, Delays{}}, {1, {2000, 3000, 1500}}});
    const auto commands = *any_sequence();
    Runner(shard_count, delays, seen).run(commands);
  };
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = sequence_count(params);

  const auto result = rc::detail::checkTestable(property, rc::detail::TestMetadata{}, params);

  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  CHECK(result.is<rc::detail::SuccessResult>());
  if (!result.is<rc::detail::SuccessResult>() || params.maxSuccess < kSequences) return;
  // What is rare must not have become impossible.
  for (const char* outcome : {"PutRecord ok",
                              "PutRecord InvalidArgumentException",
                              "PutRecord ResourceNotFoundException",
                              "GetRecords ok",
                              "GetRecords ExpiredIteratorException",
                              "GetRecords ResourceNotFoundException",
                              "GetShardIterator InvalidArgumentException",
                              "GetShardIterator ResourceNotFoundException",
                              "SplitShard ok",
                              "SplitShard InvalidArgumentException",
                              "SplitShard ResourceInUseException",
                              "MergeShards ok",
                              "MergeShards InvalidArgumentException",
                              "MergeShards ResourceNotFoundException",
                              "UpdateShardCount ok",
                              "UpdateShardCount LimitExceededException",
                              "IncreaseStreamRetentionPeriod ok",
                              "DecreaseStreamRetentionPeriod ok",
                              "DeleteStream ok",
                              "CreateStream ok",
                              "CreateStream ResourceInUseException",
                              "ListShards ResourceInUseException",
                              "end of a merge",
                              "end of a split",
                              "more to read"}) {
    CAPTURE(outcome);
    CHECK(seen[outcome] > 0);
  }
}

}  // namespace millrace::sequences
