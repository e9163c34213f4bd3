// Shows readers what was written, and tells who listens.

#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "storage/engine.h"
#include "storage/rocksdb/log_states.h"
#include "storage/row_listeners.h"

namespace millrace::storage {

// The end of a log after a commit.
struct LogEnd {
  LogState* state;
  Position next;
};

class Publisher {
 public:
  explicit Publisher(LogStates& states) : states_(states) {}

  // Set before the first write.
  void on_publish(std::function<void(LogId, Position)> listener) {
    listener_ = std::move(listener);
  }
  void on_rows(RowListener listener) { row_listener_ = std::move(listener); }

  // Now.
  void publish(std::span<const LogEnd> ends);

  // Once `ticket` is on the device.
  void publish_later(std::span<const LogEnd> ends, Ticket ticket);
  void publish_synced(Ticket synced);

  void tell_rows(std::span<const TableBatch* const> tables) const {
    for (const TableBatch* table : tables) row_listener_(table->changes());
  }

 private:
  struct Unpublished {
    Ticket ticket;
    LogId log;
    Position end;
  };

  void publish(LogState& state, Position end) const;

  LogStates& states_;
  std::function<void(LogId, Position)> listener_ = [](LogId, Position) {};
  RowListener row_listener_ = [](std::span<const RowChange>) {};
  std::mutex mutex_;  // Guards what follows.
  std::vector<Unpublished> unpublished_;
};

}  // namespace millrace::storage
