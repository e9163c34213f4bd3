#include "tests/sequences/model.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/uint128.h"

namespace millrace::sequences {
namespace {

constexpr Millis kHour = 3'600'000;
constexpr Millis kIteratorLife = 300'000;
constexpr std::int64_t kShardsBeforeCall = 2;  // The service's first numbers are that much older.

std::int64_t second_of(Millis time) { return time / 1000; }

bool comes_before(const Number& a, const Number& b) {
  return std::tie(a.index, a.second) < std::tie(b.index, b.second);
}

std::unexpected<std::string_view> error(std::string_view type) { return std::unexpected(type); }

// The first key of part `i` of `count` equal ones, rounded as CreateStream does.
uint128 start_of_part(std::uint32_t i, std::uint32_t count) {
  const uint128 width = kUint128Max / count + (kUint128Max % count == count - 1 ? 1 : 0);
  return width * i;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Delays& delays) {
  return out << "create " << delays.create << ", delete " << delays.remove << ", reshard "
             << delays.reshard << " ms";
}

const std::vector<Shard>& Model::shards() const {
  static const std::vector<Shard> none;
  return stream_ ? stream_->shards : none;
}

std::vector<const Shard*> Model::open_shards() const {
  std::vector<const Shard*> open;
  for (const Shard& shard : shards()) {
    if (shard.is_open()) open.push_back(&shard);
  }
  std::ranges::sort(open, {}, &Shard::first_key);
  return open;
}

Millis Model::retention() const { return stream_ ? stream_->retention_hours * kHour : 24 * kHour; }

Shard* Model::find(std::uint32_t index) {
  for (Shard& shard : stream_->shards) {
    if (shard.index == index) return &shard;
  }
  return nullptr;
}

std::vector<const Shard*> Model::children(std::uint32_t parent) const {
  std::vector<const Shard*> found;
  for (const Shard& shard : shards()) {
    if (std::ranges::count(shard.parents, parent) > 0) found.push_back(&shard);
  }
  return found;
}

Model::Status Model::status(Millis now) const {
  if (!stream_) return Status::kNone;
  if (stream_->gone_at) return Status::kDeleting;
  if (now < stream_->active_at) return Status::kCreating;
  return stream_->steps.empty() ? Status::kActive : Status::kUpdating;
}

Answer<void> Model::require_active(Millis now) const {
  if (status(now) == Status::kNone) return error(kNotFound);
  if (status(now) != Status::kActive) return error(kInUse);
  return {};
}

std::int64_t Model::newest_second(Millis now) const {
  std::int64_t newest = second_of(now);
  for (const Shard& shard : shards()) {
    newest = std::max(newest, shard.end_second.value_or(shard.creation_second));
  }
  return newest;
}

void Model::look(Millis now) {
  if (!stream_) return;
  if (stream_->gone_at && *stream_->gone_at <= now) {
    stream_.reset();
    return;
  }
  if (!stream_->gone_at && !stream_->steps.empty() && stream_->reshard_due <= now) {
    const std::uint32_t first_new = stream_->next_index;
    for (const Step& step : std::exchange(stream_->steps, {})) take(step, first_new);
  }
  let_expire(now);
}

// A record is readable while it is younger than the retention; a closed shard is there while a
// record of its last second could be. What has expired once has expired for good. A stream that is
// being deleted keeps its shards until it goes as a whole: nothing but GetRecords sees them.
void Model::let_expire(Millis now) {
  stream_->horizon = std::max(stream_->horizon, now - retention() + 1);
  if (stream_->gone_at) return;
  std::erase_if(stream_->shards, [&](const Shard& shard) {
    return shard.closed_second && *shard.closed_second * 1000 + 999 < stream_->horizon;
  });
}

void Model::take(const Step& step, std::uint32_t first_new) {
  std::int64_t end_second = 0;
  std::int64_t closed_second = 0;
  uint128 first_key = kUint128Max;
  uint128 last_key = 0;
  for (const std::uint32_t index : step.parents) {
    Shard& parent = *find(index);
    const bool is_brief = index >= first_new;  // Made and closed by the same reshard.
    const Millis last = parent.records.empty() ? 0 : parent.records.back().arrival;
    const std::int64_t closed =
        is_brief ? parent.opened_second - 1 : second_of(std::max(stream_->reshard_due, last));
    end_second = std::max({end_second, is_brief ? 0 : closed, parent.creation_second});
    closed_second = std::max(closed_second, closed);
    first_key = std::min(first_key, parent.first_key);
    last_key = std::max(last_key, parent.last_key);
  }
  // A shard lives until its children do, so that there is none without a successor at any second.
  Shard child;
  const std::uint32_t child_count = step.parents.size() == 1 ? 2 : 1;
  for (const std::uint32_t index : step.parents) {
    Shard& parent = *find(index);
    parent.end_second = end_second;
    parent.closed_second = closed_second;
    child.creation_second =
        std::max({child.creation_second, closed_second + 1, parent.creation_second});
    // Numbers begin with the second and four bits of the index: these must not fall.
    for (std::uint32_t i = 0; i < child_count; ++i) {
      const bool falls = (stream_->next_index + i) % 16 <= index % 16;
      if (falls)
        child.creation_second = std::max(child.creation_second, parent.creation_second + 1);
    }
  }
  child.opened_second = closed_second + 1;
  child.parents = step.parents;
  std::vector<std::pair<uint128, uint128>> ranges{{first_key, last_key}};
  if (step.parents.size() == 1) ranges = {{first_key, step.cut - 1}, {step.cut, last_key}};
  for (const auto& [first, last] : ranges) {
    child.index = stream_->next_index++;
    child.first_key = first;
    child.last_key = last;
    stream_->shards.push_back(child);
  }
}

Answer<void> Model::create(std::uint32_t shard_count, Millis now) {
  if (shard_count == 0) return error(kValidation);
  look(now);
  if (stream_) return error(kInUse);
  const std::int64_t second = second_of(now) - kShardsBeforeCall;
  Stream& stream = stream_.emplace();
  stream.life = ++lives_;
  stream.created_at = now;
  stream.active_at = now + delays_.create;
  for (std::uint32_t i = 0; i < shard_count; ++i) {
    Shard shard;
    shard.index = stream.next_index++;
    shard.first_key = start_of_part(i, shard_count);
    shard.last_key = i + 1 == shard_count ? kUint128Max : start_of_part(i + 1, shard_count) - 1;
    shard.creation_second = second;
    shard.opened_second = second;
    stream.shards.push_back(shard);
  }
  return {};
}

Answer<void> Model::remove(Millis now) {
  look(now);
  if (!stream_) return error(kNotFound);
  if (stream_->gone_at) return {};
  stream_->gone_at = now + delays_.remove;
  return {};
}

Answer<std::vector<std::uint32_t>> Model::put(const std::vector<PutRecord>& records, Millis now) {
  look(now);
  const Status now_status = status(now);
  if (now_status != Status::kActive && now_status != Status::kUpdating) return error(kNotFound);
  std::vector<uint128> keys;
  for (const PutRecord& record : records) {
    const auto key = record.explicit_hash_key ? parse_uint128(*record.explicit_hash_key)
                                              : md5_number(record.partition_key);
    if (!key) return error(kInvalid);
    keys.push_back(*key);
  }
  std::vector<std::uint32_t> placed;
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (Shard& shard : stream_->shards) {
      if (!shard.is_open() || keys[i] < shard.first_key || keys[i] > shard.last_key) continue;
      placed.push_back(shard.index);
      shard.records.push_back({records[i].partition_key, records[i].data, now, {}});
    }
  }
  return placed;
}

std::optional<std::string> Model::number(std::uint32_t index, const Number& given) {
  Shard& shard = *find(index);
  const auto unnumbered =
      std::ranges::find_if(shard.records, [](const Record& r) { return r.number.index == 0; });
  Record& record = *unnumbered;
  if (given.shard != index) return "is of another shard";
  if (given.creation_second != shard.creation_second) return "is of another stream";
  if (given.second != std::max(second_of(record.arrival), shard.creation_second)) {
    return "is of another second";
  }
  if (given.index == 0 || given.index >= kEndingIndex) return "is a starting or ending number";
  if (unnumbered != shard.records.begin()) {
    if (given.index <= std::prev(unnumbered)->number.index) return "does not rise";
  }
  record.number = given;
  return std::nullopt;
}

void Model::begin_reshard(std::vector<Step> steps, Millis now) {
  stream_->steps = std::move(steps);
  stream_->reshard_due = now + delays_.reshard;
}

Answer<void> Model::split(std::uint32_t index, const std::string& new_starting_key, Millis now) {
  look(now);
  if (auto active = require_active(now); !active) return active;
  const Shard* shard = find(index);
  if (shard == nullptr) return error(kNotFound);
  const auto cut = parse_uint128(new_starting_key);
  const bool fits = cut && *cut > shard->first_key + 1 && *cut < shard->last_key;
  if (!shard->is_open() || !fits) return error(kInvalid);
  begin_reshard({{{index}, *cut}}, now);
  return {};
}

Answer<void> Model::merge(std::uint32_t index, std::uint32_t adjacent, Millis now) {
  look(now);
  if (auto active = require_active(now); !active) return active;
  const Shard* lower = find(index);
  const Shard* upper = find(adjacent);
  if (lower == nullptr || upper == nullptr) return error(kNotFound);
  const bool touch = lower->last_key != kUint128Max && lower->last_key + 1 == upper->first_key;
  if (!touch || !lower->is_open() || !upper->is_open()) return error(kInvalid);
  begin_reshard({{{index, adjacent}, 0}}, now);
  return {};
}

Answer<void> Model::scale(std::uint32_t target, Millis now) {
  if (target == 0) return error(kValidation);
  look(now);
  if (auto active = require_active(now); !active) return active;
  const std::size_t current = open_shards().size();
  if (target > 2 * current || target < current - current / 2) return error(kLimit);
  if (target != current) begin_reshard(sweep(target), now);
  return {};
}

// From left to right: what a part takes of the open shards is cut off and joined. A bound that only
// rounding keeps from an existing one is that one.
std::vector<Step> Model::sweep(std::uint32_t target) const {
  struct Piece {
    std::uint32_t index;
    uint128 first_key;
    uint128 last_key;
  };
  std::vector<Piece> pieces;
  for (const Shard* shard : open_shards()) {
    pieces.push_back({shard->index, shard->first_key, shard->last_key});
  }
  const uint128 rounding = pieces.size() + target;
  std::vector<uint128> bounds;
  for (std::uint32_t part = 1; part < target; ++part) {
    uint128 bound = start_of_part(part, target);
    for (const Piece& piece : pieces) {
      const bool is_near =
          std::max(bound, piece.first_key) - std::min(bound, piece.first_key) <= rounding;
      if (is_near) bound = piece.first_key;
    }
    bounds.push_back(bound);
  }

  std::vector<Step> steps;
  std::uint32_t next_index = stream_->next_index;
  std::size_t at = 0;  // The first piece that is in no part yet.
  for (std::uint32_t part = 0; part < target; ++part) {
    const bool is_last = part + 1 == target;
    std::vector<std::uint32_t> own;
    while (at < pieces.size() && (is_last || pieces[at].first_key < bounds[part])) {
      Piece& piece = pieces[at];
      if (is_last || piece.last_key < bounds[part]) {
        own.push_back(piece.index);
        ++at;
        continue;
      }
      steps.push_back({{piece.index}, bounds[part]});
      own.push_back(next_index);
      piece = {next_index + 1, bounds[part], piece.last_key};
      next_index += 2;
    }
    for (std::size_t i = 1; i < own.size(); ++i) {
      steps.push_back({{own[i - 1], own[i]}, 0});
      own[i] = next_index++;
    }
  }
  return steps;
}

Answer<void> Model::increase_retention(int hours, Millis now) {
  look(now);
  if (!stream_) return error(kNotFound);
  if (hours < 24 || hours > 8760) return error(kInvalid);
  if (auto active = require_active(now); !active) return active;
  if (hours < stream_->retention_hours) return error(kInvalid);
  stream_->retention_hours = hours;
  return {};
}

Answer<void> Model::decrease_retention(int hours, Millis now) {
  look(now);
  if (!stream_) return error(kNotFound);
  if (hours < 24) return error(kInvalid);
  if (auto active = require_active(now); !active) return active;
  if (hours > stream_->retention_hours) return error(kInvalid);
  stream_->retention_hours = hours;
  let_expire(now);
  return {};
}

Answer<Iterator> Model::iterator(std::uint32_t index, const Start& start, Millis now) {
  look(now);
  const Status now_status = status(now);
  if (now_status != Status::kActive && now_status != Status::kUpdating) return error(kNotFound);
  const Shard* shard = find(index);
  if (shard == nullptr) return error(kNotFound);
  Iterator made{stream_->life, index, Iterator::Kind::kPlace, shard->records.size(), 0, now};
  switch (start.kind) {
    case Start::Kind::kTrimHorizon:
      made.kind = Iterator::Kind::kTrimHorizon;
      break;
    case Start::Kind::kLatest:
      break;
    case Start::Kind::kTime:
      // The seconds of new shards' numbers may lie before the clock; they are no future either.
      if (start.time > std::max(now, newest_second(now) * 1000)) return error(kInvalid);
      made.kind = Iterator::Kind::kTime;
      made.time = start.time;
      break;
    case Start::Kind::kAtNumber:
    case Start::Kind::kAfterNumber: {
      if (!start.number || start.number->shard != index ||
          start.number->creation_second != shard->creation_second) {
        return error(kInvalid);
      }
      const bool is_after = start.kind == Start::Kind::kAfterNumber;
      if (is_after && start.number->index == kEndingIndex) return error(kInvalid);
      const auto first = std::ranges::find_if(shard->records, [&](const Record& record) {
        return is_after ? comes_before(*start.number, record.number)
                        : !comes_before(record.number, *start.number);
      });
      made.place = static_cast<std::size_t>(first - shard->records.begin());
    }
  }
  return made;
}

Answer<Page> Model::read(const Iterator& iterator, std::size_t limit, Millis now) {
  if (now - iterator.issued > kIteratorLife) return error(kExpired);
  look(now);
  if (!stream_ || stream_->life != iterator.life) return error(kNotFound);
  const Shard* shard = find(iterator.shard);
  if (shard == nullptr) return error(kNotFound);

  const std::vector<Record>& records = shard->records;
  std::size_t place = iterator.kind == Iterator::Kind::kPlace ? iterator.place : 0;
  const bool is_by_time = iterator.kind == Iterator::Kind::kTime;
  const Millis from = std::max(stream_->horizon, is_by_time ? iterator.time : 0);
  Page page;
  while (place < records.size() && page.records.size() < limit) {
    const Record& record = records[place++];
    if (record.arrival >= from) page.records.push_back(&record);
  }
  if (place < records.size()) {
    const Millis behind = records.back().arrival - page.records.back()->arrival;
    page.millis_behind = std::max<Millis>(behind, 1);
  } else if (!shard->is_open() && page.records.empty()) {
    page.children = children(shard->index);
    return page;
  }
  page.next = iterator;
  page.next->issued = now;
  // One that waits for a time goes on waiting for it.
  if (!is_by_time || !page.records.empty()) {
    page.next->kind = Iterator::Kind::kPlace;
    page.next->place = place;
  }
  return page;
}

// Whole seconds count.
Answer<std::vector<const Shard*>> Model::list(const Filter& filter, Millis now) {
  look(now);
  const Status now_status = status(now);
  if (now_status == Status::kNone) return error(kNotFound);
  if (now_status != Status::kActive && now_status != Status::kUpdating) return error(kInUse);
  const Millis oldest = std::max(stream_->horizon, stream_->created_at);
  const bool has_time = filter.type.ends_with("TIMESTAMP");
  const std::int64_t second = second_of(has_time ? std::max(oldest, filter.time) : oldest);
  const bool is_from = filter.type.starts_with("FROM_");
  std::vector<const Shard*> found;
  for (const Shard& shard : stream_->shards) {
    bool passes = true;
    if (filter.type == "AFTER_SHARD_ID") {
      passes = shard.index > filter.shard;
    } else if (filter.type == "AT_LATEST") {
      passes = shard.is_open();
    } else if (!filter.type.empty()) {
      passes = (is_from || shard.opened_second <= second) &&
               (shard.is_open() || *shard.closed_second >= second);
    }
    if (passes) found.push_back(&shard);
  }
  return found;
}

}  // namespace millrace::sequences
