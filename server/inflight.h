// The bound on the bytes of all request bodies that are under way.

#pragma once

#include <atomic>
#include <cstddef>

namespace millrace::server {

// Part of the bytes that all bodies together may take; given back on destruction.
class InflightShare {
 public:
  InflightShare(std::atomic<std::size_t>& total, std::size_t max) : total_(total), max_(max) {}
  InflightShare(const InflightShare&) = delete;
  InflightShare& operator=(const InflightShare&) = delete;
  ~InflightShare() { total_ -= taken_; }

  [[nodiscard]] bool take(std::size_t bytes) {
    if (total_.fetch_add(bytes) + bytes > max_) {
      total_ -= bytes;
      return false;
    }
    taken_ += bytes;
    return true;
  }

 private:
  std::atomic<std::size_t>& total_;
  const std::size_t max_;
  std::size_t taken_ = 0;
};

}  // namespace millrace::server
