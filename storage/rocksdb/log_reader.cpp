#include "storage/rocksdb/log_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

namespace {

// decode_value() or peek_value().
using Decode = Result<DecodedValue> (*)(std::string_view);

// What the iterator stands at; none behind its end.
Result<std::optional<Entries>> entries_at(const rocksdb::Iterator& values, Decode decode) {
  if (!values.Valid()) {
    if (!values.status().ok()) return std::unexpected(to_error(values.status()));
    return std::nullopt;
  }
  const auto key = parse_record_key(values.key().ToStringView());
  const auto value = TRY(decode(values.value().ToStringView()));
  if (!key || key->last + 1 < value.count) return fail(kDamaged, "A stored key is damaged.");
  return Entries{key->last + 1 - value.count, value.arrival, value.count, value.body};
}

Position end_of(const Entries& entries) { return entries.first + entries.count; }

// Those of one epoch. Returns whether to go on.
Result<bool> scan_epoch(const RocksDbStore& store, LogId log, Position from, Position end,
                        Decode decode, const Visitor& visit) {
  const std::string bound = record_key_end(log, epoch_of(from));
  const rocksdb::Slice upper = to_slice(bound);
  rocksdb::ReadOptions options = scan_options();
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> values(store.db().NewIterator(options, store.records()));
  const auto begin = record_key(log, from);
  for (values->Seek(to_slice(to_view(begin)));; values->Next()) {
    const auto entries = TRY(entries_at(*values, decode));
    if (!entries) return true;
    if (!visit(*entries)) return false;
    if (end_of(*entries) >= end) return false;
  }
}

// The first entry at or behind `low`, where a batch begins, that arrived at `time` or later and is
// of the same epoch; none if all those are earlier.
Result<std::optional<Position>> find_in_epoch(const RocksDbStore& store, LogId log, Position low,
                                              TimePoint time) {
  const auto begin = record_key(log, low);
  const rocksdb::Slice lower = to_slice(to_view(begin));
  const std::string bound = record_key_end(log, epoch_of(low));
  const rocksdb::Slice upper = to_slice(bound);
  rocksdb::ReadOptions options = scan_options();
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> values(store.db().NewIterator(options, store.records()));

  values->SeekToLast();
  auto entries = entries_at(*values, peek_value);
  if (!entries) return std::unexpected(entries.error());
  if (!*entries || (*entries)->arrival < time) return std::nullopt;
  Position found = (*entries)->first;
  for (Position high = found; low < high;) {
    const Position middle = low + (high - low) / 2;
    const auto key = record_key(log, middle);
    values->Seek(to_slice(to_view(key)));
    entries = entries_at(*values, peek_value);
    if (!entries) return std::unexpected(entries.error());
    if (*entries && (*entries)->arrival < time) {
      low = end_of(**entries);
    } else {
      if (*entries) found = (*entries)->first;
      high = std::min(found, middle);
    }
  }
  return found;
}

Result<void> scan(const RocksDbStore& store, const LogState& state, Position from, Position end,
                  Decode decode, const Visitor& visit) {
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
      const auto goes_on = TRY(scan_epoch(store, state.log, begin, end, decode, visit));
      if (!goes_on) return {};
    }
  }
  return {};
}

}  // namespace

Result<void> scan_log(const RocksDbStore& store, const LogState& state, Position from, Position end,
                      const Visitor& visit) {
  return scan(store, state, from, end, decode_value, visit);
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
  const Position end = state.published.load();
  if (from >= end || time_from_millis(state.last_arrival_millis.load()) < time) return end;

  // In which epoch, by the first entry of each: all below `low` are too early, `late` is not.
  Position low = from;
  Position late = end;
  Position middle = from;  // Where little has expired since the last trim, the first one is it.
  for (Epoch first = epoch_of(from), last = epoch_of(end - 1); first <= last;) {
    std::optional<Entries> found;
    const auto scanned = scan(store, state, middle, late, peek_value, [&](const Entries& entries) {
      found = entries;
      return false;
    });
    if (!scanned) return std::unexpected(scanned.error());
    if (found && found->arrival < time) {
      low = end_of(*found);
      first = epoch_of(found->first) + 1;
    } else {
      if (found) late = std::max(found->first, from);
      if (middle == from) break;
      last = epoch_of(middle) - 1;
    }
    middle = start_of(first + (last - first) / 2);
  }
  if (low > from) {
    const auto found = TRY(find_in_epoch(store, state.log, low, time));
    if (found) late = *found;
  }
  return std::min(late, end);
}

}  // namespace millrace::storage
