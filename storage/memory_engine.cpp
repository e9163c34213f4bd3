#include "storage/memory_engine.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

constexpr std::uint64_t kGapMax = 3;

}  // namespace

MemoryEngine::MemoryEngine(MemoryEngine& source, const Origin& origin)
    : completion_(source.completion_),
      random_(origin.positions_from),
      next_max_(origin.positions_from) {
  const std::lock_guard lock(source.mutex_);
  Contents contents = source.checkpoints_.at(origin.place);
  logs_ = std::move(contents.logs);
  rows_ = std::move(contents.rows);
  for (auto& [id, log] : logs_) {
    log.next = std::max(log.next, origin.positions_from);
    log.published = log.next;
    next_max_ = std::max(next_max_, log.next);
    newest_arrival_ = std::max(newest_arrival_, log.last_arrival);
  }
}

void MemoryEngine::complete() {
  std::vector<Waiter> ready;
  std::vector<std::pair<LogId, Position>> published;
  {
    const std::lock_guard lock(mutex_);
    durable_ = last_ticket_;
    ready = std::exchange(waiters_, {});
    for (auto& [id, log] : logs_) {
      if (log.published == log.next) continue;
      log.published = log.next;
      published.emplace_back(id, log.published);
    }
  }
  for (const auto& [log, end] : published) {
    if (listener_) listener_(log, end);
  }
  for (const Waiter& waiter : ready) waiter.done({});
}

void MemoryEngine::fail_writes(std::optional<Error> error, std::size_t times) {
  const std::lock_guard lock(mutex_);
  write_error_ = std::move(error);
  failures_left_ = times;
}

Result<void> MemoryEngine::begin_write() {
  if (!write_error_) return {};
  const Error error = *write_error_;
  if (--failures_left_ == 0) write_error_.reset();
  return std::unexpected(error);
}

Result<Receipt> MemoryEngine::append(std::span<const LogBatch> batches, TimePoint now, When when) {
  Receipt receipt;
  {
    const std::lock_guard lock(mutex_);
    TRY(begin_write());
    for (const LogBatch& batch : batches) {
      Log& log = logs_[batch.log];
      const Position first = (log.next == 0 ? next_max_ : log.next) + random_() % (kGapMax + 1);
      const TimePoint arrival = std::max(now, log.last_arrival);
      std::string_view body = batch.batch->body();
      for (std::uint32_t i = 0; i < batch.batch->count(); ++i) {
        log.entries[first + i] = {arrival, std::string(take_entry(body))};
      }
      log.next = first + batch.batch->count();
      next_max_ = std::max(next_max_, log.next);
      log.last_arrival = arrival;
      receipt.appended.push_back({first, arrival});
    }
    receipt.ticket = ++last_ticket_;
  }
  if (when == When::kNow) commit();
  return receipt;
}

void MemoryEngine::commit() {
  if (completion_ == Completion::kAtOnce) complete();
}

Result<void> MemoryEngine::read(LogId log, Position from, Position end,
                                const Visitor& visit) const {
  for (;; ++from) {
    Batch one;
    TimePoint arrival;
    {
      const std::lock_guard lock(mutex_);
      const auto at = logs_.find(log);
      if (at == logs_.end()) return {};
      const auto entry = at->second.entries.lower_bound(from);
      end = std::min(end, at->second.published);
      if (entry == at->second.entries.end() || entry->first >= end) return {};
      from = entry->first;
      arrival = entry->second.arrival;
      one.add({entry->second.bytes});
    }
    if (!visit({from, arrival, 1, one.body()})) return {};
  }
}

Result<Bounds> MemoryEngine::bounds(LogId log) const {
  const std::lock_guard lock(mutex_);
  const auto at = logs_.find(log);
  if (at == logs_.end()) return Bounds{};
  const Log& found = at->second;
  return Bounds{found.trimmed, found.published, found.next, found.last_arrival};
}

Result<Position> MemoryEngine::position_at(LogId log, Position from, TimePoint time) const {
  const std::lock_guard lock(mutex_);
  const auto at = logs_.find(log);
  if (at == logs_.end()) return Position{0};
  const Log& found = at->second;
  for (auto entry = found.entries.lower_bound(from); entry != found.entries.end(); ++entry) {
    if (entry->first >= found.published) break;
    if (entry->second.arrival >= time) return entry->first;
  }
  return found.published;
}

Result<void> MemoryEngine::trim(std::span<const Trim> trims) {
  const std::lock_guard lock(mutex_);
  TRY(begin_write());
  for (const Trim& trim : trims) {
    Log& log = logs_[trim.log];
    log.trimmed = std::max(log.trimmed, trim.position);
    log.entries.erase(log.entries.begin(), log.entries.lower_bound(log.trimmed));
  }
  return {};
}

Result<void> MemoryEngine::drop(std::span<const LogId> logs) {
  const std::lock_guard lock(mutex_);
  TRY(begin_write());
  for (const LogId log : logs) logs_.erase(log);
  return {};
}

Result<std::optional<std::string>> MemoryEngine::get(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto at = rows_.find(key);
  if (at == rows_.end()) return std::nullopt;
  return at->second;
}

Result<void> MemoryEngine::scan(std::string_view prefix, const RowVisitor& visit) const {
  std::vector<std::pair<std::string, std::string>> found;
  {
    const std::lock_guard lock(mutex_);
    for (auto row = rows_.lower_bound(prefix); row != rows_.end(); ++row) {
      if (!row->first.starts_with(prefix)) break;
      found.emplace_back(*row);
    }
  }
  for (const auto& [key, value] : found) {
    if (!visit(key, value)) break;
  }
  return {};
}

Result<Ticket> MemoryEngine::write(const TableBatch& batch) {
  Ticket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    TRY(begin_write());
    for (const TableBatch::Expectation& expected : batch.expectations()) {
      const auto row = rows_.find(expected.key);
      const bool is_as_expected =
          row == rows_.end() ? !expected.value : expected.value == row->second;
      if (!is_as_expected) return fail(kConflict, "A row has been changed.");
    }
    for (const TableBatch::Change& change : batch.changes()) {
      if (change.value) {
        rows_[change.key] = *change.value;
      } else {
        rows_.erase(change.key);
      }
    }
    ticket = ++last_ticket_;
    tell_rows(batch.changes());
  }
  commit();
  return ticket;
}

bool MemoryEngine::is_durable(Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  return ticket <= durable_;
}

void MemoryEngine::when_durable(Ticket ticket, std::function<void(Result<void>)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (ticket > durable_) {
      waiters_.push_back({ticket, std::move(done)});
      return;
    }
  }
  done({});
}

void MemoryEngine::on_publish(std::function<void(LogId, Position)> listener) {
  listener_ = std::move(listener);
}

TimePoint MemoryEngine::newest_arrival() const { return newest_arrival_; }

Position MemoryEngine::positions_end() const {
  const std::lock_guard lock(mutex_);
  return next_max_;
}

bool MemoryEngine::has(Capability capability) const {
  return capability == Capability::kCheckpoints;
}

Result<void> MemoryEngine::checkpoint(const std::string& place) {
  const std::lock_guard lock(mutex_);
  TRY(begin_write());
  if (!checkpoints_.try_emplace(place, logs_, rows_).second) {
    return fail(kFailed, place + " is there already");
  }
  return {};
}

Result<void> MemoryEngine::writable() const {
  const std::lock_guard lock(mutex_);
  if (write_error_) return std::unexpected(*write_error_);
  return {};
}

Result<void> MemoryEngine::visit_sizes(const SizeVisitor& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, log] : logs_) {
    std::uint64_t bytes = 0;
    for (const auto& [position, stored] : log.entries) {
      if (position >= log.trimmed) bytes += stored.bytes.size();
    }
    if (bytes > 0) visit(id, bytes);
  }
  return {};
}

Usage MemoryEngine::usage() const {
  Usage usage;
  std::ignore = visit_sizes([&](LogId, std::uint64_t bytes) { usage.memory_bytes += bytes; });
  return usage;
}

}  // namespace millrace::storage
