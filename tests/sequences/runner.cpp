#include "tests/sequences/runner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/value.h"
#include "base/base64.h"
#include "base/uint128.h"
#include "streams/sequence_number.h"
#include "tests/sequences/model.h"

namespace millrace::sequences {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;
constexpr std::size_t kHeldMax = 20;
constexpr std::uint32_t kOpenShardsMax = 12;
constexpr std::array<std::string_view, 15> kActionNames = {
    "put",  "put many",        "iterator",  "read",   "advance", "split",  "merge", "scale",
    "list", "advance to edge", "retention", "expire", "restart", "delete", "create"};
constexpr std::array<std::string_view, 5> kIteratorTypes = {
    "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"};
constexpr std::array<const char*, 7> kFilterTypes = {
    "",          "AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON",
    "AT_LATEST", "AT_TIMESTAMP",   "FROM_TIMESTAMP"};
constexpr std::array<Millis, 16> kSteps = {
    1,           10,          500,        999,         kSecond,
    2 * kSecond, 5 * kSecond, kMinute,    5 * kMinute, 5 * kMinute + 1,
    kHour,       12 * kHour,  23 * kHour, 24 * kHour,  25 * kHour,
    168 * kHour};
constexpr std::array<int, 8> kRetentions = {24, 25, 48, 168, 23, 8760, 8761, 30};
constexpr const char* kNoNumber = "90000000000000000000000000000000000000000000000000000000";

template <class Container>
decltype(auto) one_of(const Container& container, std::uint32_t choice) {
  return container[choice % container.size()];
}

std::string shard_id(std::uint32_t index) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "shardId-%012u", index);
  return text.data();
}

std::string json_text(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string member(std::string_view name, std::string_view value) {
  return ',' + json_text(name) + ':' + std::string(value);
}

std::string to_text(const Number& number) {
  return streams::to_decimal(
      {2, number.creation_second, number.shard, number.index, number.second});
}

std::string timestamp(Millis time) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%03lld", static_cast<long long>(time / 1000),
                static_cast<long long>(time % 1000));
  return text.data();
}

std::string text_of(api::Value& map, std::string_view name) {
  const api::Value* found = map.find(name);
  return found == nullptr ? "-" : std::get<std::string>(found->held);
}

std::string described_range(api::Value& shard) {
  api::Value& range = *shard.find("HashKeyRange");
  return text_of(range, "StartingHashKey") + ".." + text_of(range, "EndingHashKey");
}

std::string described_range(const Shard& shard) {
  return to_decimal(shard.first_key) + ".." + to_decimal(shard.last_key);
}

// A shard as ListShards has it.
std::string described(api::Value& shard) {
  api::Value& numbers = *shard.find("SequenceNumberRange");
  return text_of(shard, "ShardId") + ' ' + text_of(shard, "ParentShardId") + ' ' +
         text_of(shard, "AdjacentParentShardId") + ' ' + described_range(shard) + ' ' +
         text_of(numbers, "StartingSequenceNumber") + ' ' +
         text_of(numbers, "EndingSequenceNumber");
}

std::string described(const Shard& shard) {
  const auto parent = [&](std::size_t i) {
    return i < shard.parents.size() ? shard_id(shard.parents[i]) : "-";
  };
  std::string end = "-";
  if (!shard.is_open()) {
    end = to_text({shard.creation_second, shard.index, kEndingIndex, *shard.end_second});
  }
  return shard_id(shard.index) + ' ' + parent(0) + ' ' + parent(1) + ' ' + described_range(shard) +
         ' ' + to_text(shard.starting_number()) + ' ' + end;
}

// A shard as GetRecords has it among the children.
std::string described_child(api::Value& child) {
  std::string text = text_of(child, "ShardId") + ' ' + described_range(child);
  for (const api::Value& parent : std::get<api::ValueList>(child.find("ParentShards")->held)) {
    text += ' ' + std::get<std::string>(parent.held);
  }
  return text;
}

std::string described_child(const Shard& child) {
  std::string text = shard_id(child.index) + ' ' + described_range(child);
  for (const std::uint32_t parent : child.parents) text += ' ' + shard_id(parent);
  return text;
}

std::string described(api::Value& map, std::string_view arrival_name) {
  const auto& held = map.find(arrival_name)->held;
  const double seconds = std::holds_alternative<double>(held)
                             ? std::get<double>(held)
                             : static_cast<double>(std::get<std::int64_t>(held));
  return text_of(map, "PartitionKey") + ' ' + text_of(map, "Data") + ' ' +
         text_of(map, "SequenceNumber") + ' ' + std::to_string(std::llround(seconds * 1000));
}

std::string described(const Record& record) {
  return record.partition_key + ' ' + to_base64(record.data) + ' ' + to_text(record.number) + ' ' +
         std::to_string(record.arrival);
}

// Whether the shards divide all hash keys among them.
bool cover_all_keys(std::vector<const Shard*> shards) {
  std::ranges::sort(shards, {}, &Shard::first_key);
  uint128 next = 0;
  for (const Shard* shard : shards) {
    if (shard->first_key != next) return false;
    next = shard->last_key + 1;
  }
  return next == 0 && !shards.empty();
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Command& command) {
  return out << kActionNames.at(static_cast<std::size_t>(command.action)) << ' ' << command.a << ' '
             << command.b;
}

Runner::Runner(std::uint32_t shard_count, const Delays& delays, std::map<std::string, int>& seen)
    : server_(delays), model_(delays), seen_(seen) {
  create(shard_count);
  advance(delays.create);
}

void Runner::run(const std::vector<Command>& commands) {
  for (const Command& command : commands) run(command);
  read_everything();
}

void Runner::run(const Command& command) {
  const auto [action, a, b] = command;
  switch (action) {
    case Action::kPut:
      return put({make_record(a, b)}, true);
    case Action::kPutMany: {
      std::vector<PutRecord> records;
      for (std::uint32_t i = 0; i <= a % 5; ++i) records.push_back(make_record(a + i * b, b >> i));
      return put(records, false);
    }
    case Action::kIterator:
      return get_some_iterator(a, b);
    case Action::kRead:
      if (held_.empty()) return get_iterator(choose_shard(a), {});
      read(a % held_.size(), one_of(std::array{1, 2, 3, 10'000}, b), b % 5 == 4);
      return;
    case Action::kAdvance:
      return advance(one_of(kSteps, a));
    case Action::kSplit:
      return split(a, b);
    case Action::kMerge:
      return merge(a, b);
    case Action::kScale:
      return scale(a);
    case Action::kList:
      return list_some(a, b);
    case Action::kAdvanceToEdge:
      return advance_to_edge(a, b);
    case Action::kRetention:
      return set_retention(one_of(kRetentions, a), b % 2 == 0);
    case Action::kExpire:
      trace_.emplace_back("(expire)");
      server_.expire();
      return model_.look(server_.now());
    case Action::kRestart:
      trace_.emplace_back("(restart)");
      return server_.restart();
    case Action::kDelete:
      same_outcome(model_.remove(server_.now()), ask("DeleteStream", R"({"StreamName":"s"})"));
      if (b % 2 == 0) create(1 + a % 4);
      return;
    case Action::kCreate:
      return create(a % 5);
  }
}

void Runner::check(bool holds, const std::string& what) {
  if (holds) return;
  std::string text = what + "\nafter";
  for (const std::string& step : trace_) text += "\n  " + step;
  throw std::runtime_error(text);
}

void Runner::check_same(const std::vector<std::string>& expected,
                        const std::vector<std::string>& actual) {
  if (expected == actual) return;
  std::string text = "expected";
  for (const std::string& line : expected) text += "\n  " + line;
  text += "\nbut there is";
  for (const std::string& line : actual) text += "\n  " + line;
  check(false, text);
}

Answer<api::Value> Runner::ask(std::string_view operation, const std::string& body) {
  auto answer = server_.call(operation, body);
  const std::string outcome(answer ? "ok" : answer.error());
  trace_.push_back(std::string(operation) + ' ' + body + " -> " + outcome);
  ++seen_[std::string(operation) + ' ' + outcome];
  return answer;
}

// Whether both succeed.
template <class T>
bool Runner::same_outcome(const Answer<T>& expected, const Answer<api::Value>& actual) {
  const std::string_view wanted = expected ? "success" : expected.error();
  const std::string_view given = actual ? "success" : actual.error();
  check(wanted == given, "expected " + std::string(wanted) + ", not " + std::string(given));
  return expected.has_value();
}

void Runner::create(std::uint32_t shard_count) {
  same_outcome(model_.create(shard_count, server_.now()),
               ask("CreateStream",
                   R"({"StreamName":"s","ShardCount":)" + std::to_string(shard_count) + '}'));
}

PutRecord Runner::make_record(std::uint32_t key, std::uint32_t hash_key) {
  PutRecord record{"k" + std::to_string(key % 8), std::nullopt,
                   "d" + std::to_string(record_count_++)};
  const auto open = model_.open_shards();
  if (hash_key % 3 != 1 || open.empty()) return record;
  // The edges of the shards are where routing goes wrong.
  const Shard& shard = *one_of(open, hash_key / 3);
  switch (key % 12) {
    case 11:
      record.explicit_hash_key = "340282366920938463463374607431768211456";  // 2^128
      break;
    case 0:
      record.explicit_hash_key = "0";
      break;
    default:
      record.explicit_hash_key = to_decimal(key % 2 == 0 ? shard.first_key : shard.last_key);
  }
  return record;
}

void Runner::put(const std::vector<PutRecord>& records, bool is_single) {
  std::string body;
  for (const PutRecord& record : records) {
    body += body.empty() ? "{" : ",{";
    body += R"("PartitionKey":)" + json_text(record.partition_key);
    body += member("Data", json_text(to_base64(record.data)));
    if (record.explicit_hash_key)
      body += member("ExplicitHashKey", json_text(*record.explicit_hash_key));
    body += is_single ? "" : "}";
  }
  const std::string stream = member("StreamName", json_text("s")) + '}';
  body = is_single ? body + stream : R"({"Records":[)" + body + ']' + stream;
  const auto placed = model_.put(records, server_.now());
  auto answer = ask(is_single ? "PutRecord" : "PutRecords", body);
  if (!same_outcome(placed, answer)) return;

  std::vector<api::Value> results{*answer};
  if (!is_single) results = std::get<api::ValueList>(answer->find("Records")->held);
  check(results.size() == records.size(), "another number of results");
  std::map<std::uint32_t, std::uint64_t> last;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::uint32_t shard = (*placed)[i];
    check_same({shard_id(shard)}, {text_of(results[i], "ShardId")});
    const Number number = check_number(text_of(results[i], "SequenceNumber"), shard);
    const auto [before, is_first] = last.try_emplace(shard, number.index);
    check(is_first || number.index == ++before->second, "numbers of one put are not consecutive");
  }
}

Number Runner::check_number(const std::string& text, std::uint32_t shard) {
  check(given_texts_.insert(text).second, text + " is given twice");
  const auto parsed = streams::parse_sequence_number(text);
  check(parsed && parsed->version == 2, text + " is no number");
  const Number number{parsed->creation_second, static_cast<std::uint32_t>(parsed->shard_index),
                      parsed->index, parsed->second};
  const auto wrong = model_.number(shard, number);
  check(!wrong, text + ' ' + wrong.value_or(""));
  given_.push_back(number);
  return number;
}

std::uint32_t Runner::choose_shard(std::uint32_t choice) const {
  const auto& shards = model_.shards();
  if (shards.empty()) return choice % 3;
  // Sometimes one that has expired, or none at all.
  if (choice % 8 == 7) return choice / 8 % (shards.back().index + 2);
  return one_of(shards, choice).index;
}

void Runner::split(std::uint32_t which, std::uint32_t where) {
  const auto open = model_.open_shards();
  std::uint32_t index = choose_shard(which);
  if (which % 4 != 3 && !open.empty()) index = one_of(open, which)->index;
  uint128 key = where;
  for (const Shard& shard : model_.shards()) {
    if (shard.index != index) continue;
    const uint128 first = shard.first_key;
    const uint128 last = shard.last_key;
    const uint128 middle = first + (last - first) / 2;
    const std::array keys{middle,    first + 2, last - 1, middle, first + (last - first) / 3,
                          first + 1, last,      first,    middle, last + 1};
    key = one_of(keys, where);
  }
  if (open.size() >= kOpenShardsMax) return;
  same_outcome(model_.split(index, to_decimal(key), server_.now()),
               ask("SplitShard",
                   R"({"StreamName":"s")" + member("ShardToSplit", json_text(shard_id(index))) +
                       member("NewStartingHashKey", json_text(to_decimal(key))) + '}'));
}

void Runner::merge(std::uint32_t which, std::uint32_t how) {
  const auto open = model_.open_shards();
  std::uint32_t first = choose_shard(which);
  std::uint32_t second = choose_shard(how);
  if (open.size() > 1 && how % 6 != 5) {
    const std::size_t at = which % (open.size() - 1);
    first = open[at]->index;
    second = open[at + 1]->index;
    if (how % 6 == 4) std::swap(first, second);
  }
  same_outcome(model_.merge(first, second, server_.now()),
               ask("MergeShards",
                   R"({"StreamName":"s")" + member("ShardToMerge", json_text(shard_id(first))) +
                       member("AdjacentShardToMerge", json_text(shard_id(second))) + '}'));
}

void Runner::scale(std::uint32_t choice) {
  const auto open = static_cast<std::uint32_t>(model_.open_shards().size());
  const std::uint32_t target = std::min(choice % (2 * open + 2), kOpenShardsMax);
  const auto expected = model_.scale(target, server_.now());
  auto answer =
      ask("UpdateShardCount", R"({"StreamName":"s","ScalingType":"UNIFORM_SCALING")" +
                                  member("TargetShardCount", std::to_string(target)) + '}');
  if (!same_outcome(expected, answer)) return;
  check(std::get<std::int64_t>(answer->find("CurrentShardCount")->held) ==
            std::ssize(model_.open_shards()),
        "another current shard count");
}

void Runner::set_retention(int hours, bool increase) {
  const Millis now = server_.now();
  same_outcome(
      increase ? model_.increase_retention(hours, now) : model_.decrease_retention(hours, now),
      ask(increase ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod",
          R"({"StreamName":"s")" + member("RetentionPeriodHours", std::to_string(hours)) + '}'));
}

void Runner::list_some(std::uint32_t type, std::uint32_t detail) {
  Filter filter{one_of(kFilterTypes, type), choose_shard(detail), 0};
  const auto& shards = model_.shards();
  filter.time = choose_time(shards.empty() ? nullptr : &one_of(shards, detail / 8), detail);
  list(filter, type / kFilterTypes.size() % 4);
}

// `page`: how many shards at a time; 0: all.
void Runner::list(const Filter& filter, std::size_t page) {
  const auto expected = model_.list(filter, server_.now());
  std::string tail = page == 0 ? "}" : member("MaxResults", std::to_string(page)) + '}';
  std::string body = R"({"StreamName":"s")";
  if (!filter.type.empty()) {
    body += R"(,"ShardFilter":{"Type":)" + json_text(filter.type);
    if (filter.type == "AFTER_SHARD_ID")
      body += member("ShardId", json_text(shard_id(filter.shard)));
    if (filter.type.ends_with("TIMESTAMP")) body += member("Timestamp", timestamp(filter.time));
    body += '}';
  }
  auto answer = ask("ListShards", body + tail);
  if (!same_outcome(expected, answer)) return;

  std::vector<std::string> listed;
  for (;;) {
    auto& shards = std::get<api::ValueList>(answer->find("Shards")->held);
    for (api::Value& shard : shards) listed.push_back(described(shard));
    if (answer->find("NextToken") == nullptr) break;
    check(shards.size() == page, "a page that is not full");
    answer =
        ask("ListShards", R"({"NextToken":)" + json_text(text_of(*answer, "NextToken")) + tail);
    check(answer.has_value(), "the next page is refused");
  }
  std::vector<std::string> wanted;
  for (const Shard* shard : *expected) wanted.push_back(described(*shard));
  check_same(wanted, listed);
  // Clients start from these, and refuse a gap.
  if (filter.type.starts_with("AT_")) {
    check(cover_all_keys(*expected), filter.type + " does not cover all hash keys");
  }
}

std::optional<Number> Runner::choose_number(const Shard* shard, std::uint32_t choice) const {
  const std::uint32_t kind = choice % 10;
  const std::uint32_t which = choice / 10;
  if (kind == 9) return std::nullopt;
  if (kind == 8 && !given_.empty()) return one_of(given_, which);
  if (shard == nullptr) return Number{};
  if (kind == 7)
    return Number{shard->creation_second, shard->index, kEndingIndex, server_.now() / 1000};
  if (kind == 6 || shard->records.empty()) return shard->starting_number();
  Number number = one_of(shard->records, which).number;
  if (kind == 2) ++number.second;
  if (kind == 3) --number.second;
  if (kind == 4) ++number.index;
  if (kind == 5) --number.index;
  return number;
}

Millis Runner::choose_time(const Shard* shard, std::uint32_t choice) const {
  const Millis now = server_.now();
  if (shard == nullptr || choice % 8 > 4) {
    return one_of(std::array{now, now + 1, now - 24 * kHour, now + 5 * kSecond, now - kHour},
                  choice);
  }
  const Millis offset = one_of(std::array<Millis, 3>{0, -1, 1}, choice / 8);
  if (shard->records.empty() || choice % 8 > 2) {
    return shard->closed_second.value_or(shard->opened_second) * 1000 + offset * 500;
  }
  return one_of(shard->records, choice / 24).arrival + offset;
}

void Runner::get_some_iterator(std::uint32_t which, std::uint32_t type) {
  const std::uint32_t index = choose_shard(which);
  const Shard* shard = nullptr;
  for (const Shard& each : model_.shards()) {
    if (each.index == index) shard = &each;
  }
  constexpr std::array kinds{Start::Kind::kTrimHorizon, Start::Kind::kLatest,
                             Start::Kind::kAtNumber, Start::Kind::kAfterNumber, Start::Kind::kTime};
  Start start{one_of(kinds, type), std::nullopt, 0};
  start.number = choose_number(shard, type / kinds.size());
  start.time = choose_time(shard, type / kinds.size());
  get_iterator(index, start);
}

void Runner::get_iterator(std::uint32_t shard, const Start& start) {
  const auto type = kIteratorTypes.at(static_cast<std::size_t>(start.kind));
  std::string body = R"({"StreamName":"s")" + member("ShardId", json_text(shard_id(shard))) +
                     member("ShardIteratorType", json_text(type));
  if (start.kind == Start::Kind::kTime) body += member("Timestamp", timestamp(start.time));
  if (start.kind == Start::Kind::kAtNumber || start.kind == Start::Kind::kAfterNumber) {
    body += member("StartingSequenceNumber",
                   json_text(start.number ? to_text(*start.number) : kNoNumber));
  }
  const auto expected = model_.iterator(shard, start, server_.now());
  auto answer = ask("GetShardIterator", body + '}');
  if (!same_outcome(expected, answer)) return;
  if (held_.size() == kHeldMax) held_.erase(held_.begin());
  held_.push_back({text_of(*answer, "ShardIterator"), *expected});
}

// With `keeps` the iterator itself stays in use, beside the next one. Returns whether there is
// more.
bool Runner::read(std::size_t at, std::size_t limit, bool keeps) {
  const Held used = held_[at];
  if (!keeps) held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
  const auto expected = model_.read(used.iterator, limit, server_.now());
  auto answer = ask("GetRecords", R"({"ShardIterator":)" + json_text(used.token) +
                                      member("Limit", std::to_string(limit)) + '}');
  trace_.back() += " shard " + std::to_string(used.iterator.shard);
  if (!same_outcome(expected, answer)) return false;

  std::vector<std::string> wanted;
  std::vector<std::string> given;
  for (const Record* record : expected->records) wanted.push_back(described(*record));
  for (api::Value& record : std::get<api::ValueList>(answer->find("Records")->held)) {
    given.push_back(described(record, "ApproximateArrivalTimestamp"));
  }
  const auto millis = std::get<std::int64_t>(answer->find("MillisBehindLatest")->held);
  wanted.push_back("behind " + std::to_string(expected->millis_behind));
  given.push_back("behind " + std::to_string(millis));
  wanted.emplace_back(expected->next ? "next" : "end");
  given.emplace_back(answer->find("NextShardIterator") != nullptr ? "next" : "end");
  for (const Shard* child : expected->children) wanted.push_back(described_child(*child));
  if (api::Value* children = answer->find("ChildShards")) {
    for (api::Value& child : std::get<api::ValueList>(children->held)) {
      given.push_back(described_child(child));
    }
  }
  check_same(wanted, given);
  check(expected->next.has_value() == expected->children.empty(), "an end without children");

  if (expected->next) held_.push_back({text_of(*answer, "NextShardIterator"), *expected->next});
  if (millis > 0) ++seen_["more to read"];
  std::vector<std::uint32_t> children;
  for (const Shard* child : expected->children) children.push_back(child->index);
  if (!children.empty()) ++seen_[children.size() == 1 ? "end of a merge" : "end of a split"];
  for (const std::uint32_t child : children) get_iterator(child, {});
  return millis > 0;
}

void Runner::advance(Millis step) {
  trace_.push_back("(+" + std::to_string(step) + " ms)");
  server_.advance(step);
}

// To the millisecond at which something ends its life, or the one before or after it.
void Runner::advance_to_edge(std::uint32_t which, std::uint32_t offset) {
  std::vector<Millis> edges;
  for (const Shard& shard : model_.shards()) {
    for (const Record& record : shard.records) edges.push_back(record.arrival + model_.retention());
    if (shard.closed_second) {
      edges.push_back(*shard.closed_second * 1000 + 999 + model_.retention());
    }
  }
  for (const Held& held : held_) edges.push_back(held.iterator.issued + 5 * kMinute);
  for (Millis& edge : edges) edge += static_cast<Millis>(offset % 3) - 1 - server_.now();
  std::erase_if(edges, [](Millis step) { return step <= 0; });
  if (!edges.empty()) advance(one_of(edges, which));
}

// What every sequence ends with: the shards and all that is in them.
void Runner::read_everything() {
  for (const char* type : kFilterTypes) {
    if (std::string_view(type).ends_with("TIMESTAMP")) continue;
    list({type, 0, 0}, 0);
  }
  held_.clear();
  std::vector<std::uint32_t> indexes;
  for (const Shard& shard : model_.shards()) indexes.push_back(shard.index);
  for (const std::uint32_t index : indexes) {
    get_iterator(index, {});
    if (held_.empty()) continue;  // The stream is being deleted.
    while (read(0, 3, false)) {
    }
    held_.clear();
  }
}

}  // namespace millrace::sequences
