#include "storage/rocksdb/publisher.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <vector>

#include "storage/engine.h"
#include "storage/rocksdb/log_states.h"

namespace millrace::storage {

void Publisher::publish(LogState& state, Position end) const {
  state.published = end;
  listener_(state.log, end);
}

void Publisher::publish(std::span<const LogEnd> ends) {
  for (const LogEnd& end : ends) publish(*end.state, end.next);
}

void Publisher::publish_later(std::span<const LogEnd> ends, Ticket ticket) {
  const std::lock_guard lock(mutex_);
  for (const LogEnd& end : ends) unpublished_.push_back({ticket, end.state->log, end.next});
}

void Publisher::publish_synced(Ticket synced) {
  std::vector<Unpublished> ready;
  {
    const std::lock_guard lock(mutex_);
    const auto split = std::ranges::find_if(
        unpublished_, [&](const Unpublished& entry) { return entry.ticket > synced; });
    ready.assign(unpublished_.begin(), split);
    unpublished_.erase(unpublished_.begin(), split);
  }
  for (const Unpublished& entry : ready) publish(*states_.find(entry.log), entry.end);
}

}  // namespace millrace::storage
