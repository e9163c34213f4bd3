#include "storage/reclaim.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/log_states.h"
#include "storage/rocksdb_store.h"

namespace millrace::storage {
namespace {

// Below this, or half of the log, waiting is cheaper than a range delete.
constexpr std::uint64_t kWorthBytes = 8UL << 20U;

// About how many bytes lie in each of `ranges`, in memory and in files; zeros if that is not known.
std::vector<std::uint64_t> sizes_of(RocksDbStore& store, std::span<const KeyRange> ranges) {
  std::vector<rocksdb::Range> slices;
  slices.reserve(ranges.size());
  for (const auto& [first, second] : ranges) {
    slices.emplace_back(to_slice(first), to_slice(second));
  }
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  std::vector<std::uint64_t> sizes(ranges.size());
  store.db()
      .GetApproximateSizes(options, store.records(), slices.data(), static_cast<int>(slices.size()),
                           sizes.data())
      .PermitUncheckedError();
  return sizes;
}

bool is_worth_while(RocksDbStore& store, const LogState& state) {
  const std::string trimmed = record_key(state.log, state.trimmed.load());
  const std::array<KeyRange, 2> parts = {
      KeyRange{record_key(state.log, state.reclaimed.load()), trimmed},
      KeyRange{trimmed, record_key_end(state.log)}};
  const auto sizes = sizes_of(store, parts);
  return sizes[0] >= kWorthBytes || (sizes[0] > 0 && sizes[0] >= sizes[1]);
}

Result<void> delete_ranges(RocksDbStore& store, const rocksdb::WriteOptions& options,
                           std::vector<KeyRange> ranges, rocksdb::WriteBatch& batch) {
  if (ranges.empty()) return {};
  std::vector<rocksdb::Slice> slices;
  slices.reserve(2 * ranges.size());
  std::vector<rocksdb::RangePtr> pointers;
  for (const auto& [first, second] : ranges) {
    slices.push_back(to_slice(first));
    slices.push_back(to_slice(second));
    pointers.emplace_back(&slices[slices.size() - 2], &slices.back());
  }
  const auto sizes = sizes_of(store, ranges);
  const bool gives_room = std::reduce(sizes.begin(), sizes.end()) >= kWorthBytes;
  rocksdb::Status status = rocksdb::DeleteFilesInRanges(&store.db(), store.records(),
                                                        pointers.data(), pointers.size(), false);
  for (const auto& [first, second] : ranges) {
    if (status.ok()) status = batch.DeleteRange(store.records(), first, second);
  }
  if (status.ok()) status = store.db().Write(options, &batch);
  if (!status.ok()) return std::unexpected(to_error(status));
  if (gives_room) store.compact_later(std::move(ranges));
  return {};
}

}  // namespace

Result<void> reclaim_trimmed(RocksDbStore& store, const rocksdb::WriteOptions& options,
                             std::span<const std::shared_ptr<LogState>> logs) {
  rocksdb::WriteBatch batch;
  std::vector<KeyRange> ranges;
  std::vector<std::pair<LogState*, Position>> moved;
  for (const auto& state : logs) {
    if (!is_worth_while(store, *state)) continue;
    const Position trimmed = state->trimmed.load();
    ranges.emplace_back(range_delete_begin(state->log, state->reclaimed.load()),
                        record_key(state->log, trimmed));
    moved.emplace_back(state.get(), trimmed);
  }
  auto deleted = delete_ranges(store, options, std::move(ranges), batch);
  if (!deleted) return deleted;
  for (const auto& [state, trimmed] : moved) state->reclaimed = trimmed;
  return {};
}

Result<void> reclaim_dropped(RocksDbStore& store, const rocksdb::WriteOptions& options,
                             std::span<const LogId> logs) {
  rocksdb::WriteBatch batch;
  std::vector<KeyRange> ranges;
  std::vector<LogId> sorted(logs.begin(), logs.end());
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const LogId log = sorted[i];
    // The logs of a stream are neighbours, and all of them are one range.
    if (i == 0 || log != sorted[i - 1] + 1) ranges.emplace_back(range_delete_begin(log, 0), "");
    ranges.back().second = record_key_end(log);
    const rocksdb::Status status = batch.Delete(store.tables(), head_key(log));
    if (!status.ok()) return std::unexpected(to_error(status));
  }
  return delete_ranges(store, options, std::move(ranges), batch);
}

}  // namespace millrace::storage
