#include "net/budget.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

namespace millrace::net {

Budget::Budget(const Sizes& sizes, std::function<Time()> now)
    : sizes_(sizes), now_(std::move(now)) {}

std::size_t Budget::connection_max() const {
  return std::max(sizes_.bytes_max / 4, std::min(sizes_.one_max, sizes_.bytes_max));
}

bool Budget::has_stalled(const Share& share, Time now) const {
  const Time moved_at = share.moved_at_;
  return moved_at <= now && now - moved_at >= sizes_.stalled_after;
}

bool Budget::end_one(const Share& asking) {
  const auto longest = std::ranges::min_element(holders_, {}, [&](const Share* share) {
    return std::pair(share == &asking, share->moved_at_.load());
  });
  if (longest == holders_.end() || *longest == &asking || !has_stalled(**longest, now_())) {
    return false;
  }
  Share& share = **longest;
  ++refused_;
  share.has_ended_ = true;  // Before it holds nothing: its owner looks at both without the lock.
  release(share);
  share.end_();
  return true;
}

void Budget::release(Share& share) {
  const std::size_t bytes = share.taken_;
  taken_ -= bytes;
  share.connection_.taken_ -= bytes;
  holders_.erase(&share);
  share.taken_ = 0;
}

Budget::Share::Share(Budget& budget, Connection& connection, std::function<void()> end)
    : budget_(budget), connection_(connection), end_(std::move(end)), moved_at_(budget.now_()) {}

void Budget::Share::note_move(std::size_t bytes) {
  moved_bytes_ += bytes;
  if (moved_bytes_ < kMoveBytesMin) return;
  moved_bytes_ = 0;
  moved_at_ = budget_.now_();
}

bool Budget::Share::take(std::size_t bytes) {
  if (bytes == 0) return !has_ended_;
  note_move(taken_ == 0 ? kMoveBytesMin : bytes);  // It begins to hold something now.
  const std::lock_guard lock(budget_.mutex_);
  if (has_ended_) return false;
  bool has_room = connection_.taken_ + bytes <= budget_.connection_max();
  while (has_room && budget_.taken_ + bytes > budget_.sizes_.bytes_max) {
    has_room = budget_.end_one(*this);
  }
  if (!has_room) {
    ++budget_.refused_;
    return false;
  }
  budget_.taken_ += bytes;
  connection_.taken_ += bytes;
  taken_ += bytes;
  budget_.holders_.insert(this);
  return true;
}

std::size_t Budget::Share::room() const {
  const bool is_plenty = connection_.taken_ == 0 && budget_.taken_ <= budget_.sizes_.bytes_max / 2;
  if (is_plenty) return budget_.connection_max();
  const std::lock_guard lock(budget_.mutex_);
  const std::size_t max = budget_.connection_max();
  const std::size_t of_connection = max - std::min(max, connection_.taken_.load());
  std::size_t of_all = budget_.sizes_.bytes_max - budget_.taken_.load();
  if (of_all < of_connection) {
    const Time now = budget_.now_();
    for (const Share* share : budget_.holders_) {
      if (share != this && budget_.has_stalled(*share, now)) of_all += share->taken_;
    }
  }
  return std::min(of_connection, of_all);
}

void Budget::Share::give_back() {
  if (taken_ == 0 && !has_ended_) return;
  const std::lock_guard lock(budget_.mutex_);  // Also waits for whoever is ending it.
  if (taken_ > 0) budget_.release(*this);
}

}  // namespace millrace::net
