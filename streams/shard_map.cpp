#include "streams/shard_map.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "base/uint128.h"

namespace millrace::streams {
namespace {

// floor(2^128 / count), which does not fit the type for count 1: nobody asks then.
uint128 width_of(std::uint32_t count) {
  const uint128 width = kUint128Max / count;
  return kUint128Max % count == count - 1 ? width + 1 : width;
}

// Of the children with the numbers `first` to `last`. A sequence number begins with the creation
// second and the low four bits of the index: what these order needs no later second.
std::int64_t creation_second_after(const std::vector<const Shard*>& parents, std::uint32_t first,
                                   std::uint32_t last) {
  constexpr std::uint32_t kIndexBits = 0xf;
  std::int64_t second = 0;
  for (const Shard* parent : parents) {
    const std::uint32_t bits = parent->index & kIndexBits;
    const bool is_ordered = (first & kIndexBits) > bits && (last & kIndexBits) > bits;
    second = std::max(
        {second, parent->end->closed_second + 1, parent->creation_second + (is_ordered ? 0 : 1)});
  }
  return second;
}

// The boundaries between `target` shards of equal size. An existing boundary that differs by
// rounding only is taken instead, or slivers of a few keys would be cut off.
std::vector<uint128> boundaries(const std::vector<const Shard*>& open, std::uint32_t target) {
  const uint128 tolerance = open.size() + target;
  std::vector<uint128> bounds;
  for (std::uint32_t j = 1; j < target; ++j) {
    uint128 bound = width_of(target) * j;
    for (const Shard* shard : open) {
      const uint128 start = shard->range.start;
      const uint128 distance = start > bound ? start - bound : bound - start;
      if (distance <= tolerance) bound = start;
    }
    bounds.push_back(bound);
  }
  return bounds;
}

}  // namespace

std::size_t open_count_after(std::size_t open, const std::vector<Reshard>& steps) {
  for (const Reshard& step : steps) {
    open = std::holds_alternative<Split>(step) ? open + 1 : open - 1;
  }
  return open;
}

std::string shard_id(std::int64_t index) {
  char text[40];
  std::snprintf(text, sizeof text, "shardId-%012lld", static_cast<long long>(index));
  return text;
}

std::optional<std::uint32_t> parse_shard_id(std::string_view id) {
  std::string_view digits = id;
  if (const std::size_t dash = id.find('-'); dash != std::string_view::npos) {
    const std::string_view behind = id.substr(dash + 1);
    const std::string_view between = behind.substr(0, behind.find('-'));
    if (!between.empty()) digits = between;
  }
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t index = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (parsed.ec != std::errc{} || index > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(index);
}

ShardMap::ShardMap(std::vector<Shard> shards, std::uint32_t next_index)
    : shards_(std::move(shards)), next_index_(next_index) {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const Shard& shard = shards_[i];
    if (shard.is_open()) open_.emplace_back(shard.range.start, i);
    if (shard.end) first_closed_second_ = std::min(first_closed_second_, shard.end->closed_second);
  }
  std::ranges::sort(open_);
}

ShardMap ShardMap::uniform(std::uint32_t count, std::int64_t creation_second) {
  std::vector<Shard> shards(count);
  const uint128 width = count == 1 ? 0 : width_of(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    shards[i].index = i;
    shards[i].range = {width * i, i + 1 == count ? kUint128Max : width * (i + 1) - 1};
    shards[i].creation_second = creation_second;
    shards[i].opened_second = creation_second;
  }
  return {std::move(shards), count};
}

const Shard& ShardMap::route(uint128 hash_key) const {
  const auto behind =
      std::ranges::upper_bound(open_, hash_key, {}, &std::pair<uint128, std::size_t>::first);
  return shards_[std::prev(behind)->second];
}

const Shard* ShardMap::find(std::uint32_t index) const {
  const auto found = std::ranges::lower_bound(shards_, index, {}, &Shard::index);
  return found != shards_.end() && found->index == index ? &*found : nullptr;
}

std::vector<const Shard*> ShardMap::open_shards() const {
  std::vector<const Shard*> open;
  open.reserve(open_.size());
  for (const auto& [start, place] : open_) open.push_back(&shards_[place]);
  return open;
}

std::vector<const Shard*> ShardMap::children(std::uint32_t index) const {
  std::vector<const Shard*> found;
  for (const Shard& shard : shards_) {
    if (shard.parent == index || shard.adjacent_parent == index) found.push_back(&shard);
  }
  return found;
}

ShardMap ShardMap::after(const Reshard& reshard,
                         const std::function<ShardEnd(const Shard&)>& end_of) const {
  std::vector<Shard> shards = shards_;
  const auto close = [&](std::uint32_t index) -> Shard* {
    Shard& shard = *std::ranges::lower_bound(shards, index, {}, &Shard::index);
    shard.end = end_of(shard);
    return &shard;
  };
  std::vector<Shard> children;
  if (const auto* split = std::get_if<Split>(&reshard)) {
    const Shard* parent = close(split->shard);
    Shard left;
    left.index = next_index_;
    left.range = {parent->range.start, split->at - 1};
    left.creation_second = creation_second_after({parent}, next_index_, next_index_ + 1);
    left.opened_second = parent->end->closed_second + 1;
    left.parent = parent->index;
    Shard right = left;
    right.index = next_index_ + 1;
    right.range = {split->at, parent->range.end};
    children = {left, right};
  } else {
    const auto& merge = std::get<Merge>(reshard);
    Shard* first = close(merge.shard);
    Shard* second = close(merge.adjacent);
    first->end->second = second->end->second = std::max(first->end->second, second->end->second);
    first->end->closed_second = second->end->closed_second =
        std::max(first->end->closed_second, second->end->closed_second);
    Shard child;
    child.index = next_index_;
    child.range = {std::min(first->range.start, second->range.start),
                   std::max(first->range.end, second->range.end)};
    child.creation_second = creation_second_after({first, second}, next_index_, next_index_);
    child.opened_second = first->end->closed_second + 1;
    child.parent = first->index;
    child.adjacent_parent = second->index;
    children = {child};
  }
  const auto next_index = static_cast<std::uint32_t>(next_index_ + children.size());
  shards.insert(shards.end(), children.begin(), children.end());
  return {std::move(shards), next_index};
}

std::optional<ShardMap> ShardMap::of(const Changes& shards) { return ShardMap({}, 0).with(shards); }

std::optional<ShardMap> ShardMap::with(const Changes& changes) const {
  std::vector<Shard> shards;
  for (const Shard& shard : shards_) {
    if (!changes.contains(shard.index)) shards.push_back(shard);
  }
  for (const auto& [index, shard] : changes) {
    if (shard) shards.push_back(*shard);
  }
  if (shards.empty()) return std::nullopt;
  std::ranges::sort(shards, {}, &Shard::index);
  const std::uint32_t next_index = std::max(next_index_, shards.back().index + 1);
  return ShardMap(std::move(shards), next_index);
}

std::vector<Reshard> ShardMap::scale_to(std::uint32_t target) const {
  struct Piece {
    std::uint32_t index;
    HashRange range;
  };
  const std::vector<const Shard*> open = open_shards();
  std::deque<Piece> rest;
  for (const Shard* shard : open) rest.push_back({shard->index, shard->range});

  std::vector<Reshard> steps;
  std::uint32_t next = next_index_;
  const auto merge_all = [&](const std::vector<Piece>& pieces) {
    std::uint32_t merged = pieces.front().index;
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      steps.emplace_back(Merge{merged, pieces[i].index});
      merged = next++;
    }
  };
  for (const uint128 bound : boundaries(open, target)) {
    std::vector<Piece> current;
    while (rest.front().range.end < bound) {
      current.push_back(rest.front());
      rest.pop_front();
    }
    if (rest.front().range.start < bound) {
      Piece& cut = rest.front();
      steps.emplace_back(Split{cut.index, bound});
      current.push_back({next, {cut.range.start, bound - 1}});
      cut = {next + 1, {bound, cut.range.end}};
      next += 2;
    }
    merge_all(current);
  }
  merge_all({rest.begin(), rest.end()});
  return steps;
}

}  // namespace millrace::streams
