#include "storage/log_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/keys.h"
#include "storage/log_states.h"
#include "storage/rocksdb_store.h"

namespace millrace::storage {

namespace {

// Those of one epoch. Returns whether to go on.
Result<bool> scan_epoch(const RocksDbStore& store, LogId log, Position from, Position end,
                        const Visitor& visit) {
  const std::string bound = record_key_end(log, epoch_of(from));
  const rocksdb::Slice upper = to_slice(bound);
  rocksdb::ReadOptions options = scan_options();
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> values(store.db().NewIterator(options, store.records()));
  const auto begin = record_key(log, from);
  for (values->Seek(to_slice(to_view(begin))); values->Valid(); values->Next()) {
    const auto key = parse_record_key(values->key().ToStringView());
    const auto value = decode_value(values->value().ToStringView());
    if (!value) return std::unexpected(value.error());
    if (!key || key->last + 1 < value->count) return fail(kDamaged, "A stored key is damaged.");
    if (!visit({key->last + 1 - value->count, value->arrival, value->count, value->body})) {
      return false;
    }
    if (key->last + 1 >= end) return false;
  }
  if (!values->status().ok()) return std::unexpected(to_error(values->status()));
  return true;
}

}  // namespace

Result<void> scan_log(const RocksDbStore& store, const LogState& state, Position from, Position end,
                      const Visitor& visit) {
  from = std::max(from, state.trimmed.load());
  const LogState::Runs runs = state.runs();
  // Who follows the end has nothing to look for in the epochs before the last.
  if (!runs->empty() && from >= state.older_end.load()) {
    from = std::max(from, start_of(runs->back().last));
  }
  for (const EpochRun& run : *runs) {
    for (Epoch epoch = std::max(run.first, epoch_of(from)); epoch <= run.last; ++epoch) {
      const Position begin = std::max(from, start_of(epoch));
      if (begin >= end) return {};
      const auto goes_on = scan_epoch(store, state.log, begin, end, visit);
      if (!goes_on) return std::unexpected(goes_on.error());
      if (!*goes_on) return {};
    }
  }
  return {};
}

Entries within(Entries entries, Position from, Position end) {
  for (; entries.count > 0 && entries.first < from; ++entries.first, --entries.count) {
    std::ignore = take_entry(entries.body);
  }
  if (entries.first + entries.count <= end) return entries;
  entries.count = static_cast<std::uint32_t>(end - std::min(end, entries.first));
  std::string_view rest = entries.body;
  for (std::uint32_t i = 0; i < entries.count; ++i) std::ignore = take_entry(rest);
  entries.body.remove_suffix(rest.size());
  return entries;
}

Result<Position> log_position_at(const RocksDbStore& store, const LogState& state, Position from,
                                 TimePoint time) {
  Position low = from;
  Position high = state.published.load();
  if (time_from_millis(state.last_arrival_millis.load()) < time) return high;
  Position found = high;
  Position middle = low;  // Where little has expired since the last trim, the first one is it.
  while (low < high) {
    bool is_late = true;  // Nothing at or behind `middle` counts as late.
    Position first = found;
    Position behind = high;
    const auto scanned = scan_log(store, state, middle, high, [&](const Entries& entries) {
      is_late = entries.arrival >= time;
      first = entries.first;
      behind = entries.first + entries.count;
      return false;
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (is_late) {
      found = std::max(first, low);
      high = std::min(found, middle);
    } else {
      low = std::min(behind, high);
    }
    middle = low + (high - low) / 2;
  }
  return found;
}

}  // namespace millrace::storage
