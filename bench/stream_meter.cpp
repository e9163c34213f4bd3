// Measures the cost of counting for a put and a read: ten million calls on one stream's meter, by
// one thread and by two at the same time.

#include "streams/stream_meter.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <ratio>
#include <thread>
#include <vector>

namespace {

using millrace::streams::StreamMeter;

constexpr std::uint64_t kCalls = 10'000'000;
constexpr std::uint32_t kShards = 100;

// Nanoseconds a call, of each of `threads` that make kCalls.
double cost_of(int threads, const std::function<void(std::uint64_t)>& call) {
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (std::uint64_t n = 0; n < kCalls; ++n) call(n);
    });
  }
  running.clear();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  return took.count() / static_cast<double>(kCalls);
}

}  // namespace

int main() {
  StreamMeter meter;
  for (const int threads : {1, 2}) {
    const double put = cost_of(threads, [&](std::uint64_t n) { meter.add_in(1, n & 127U); });
    const double read = cost_of(threads, [&](std::uint64_t n) {
      meter.note_read("", static_cast<std::uint32_t>(n % kShards), 10, 1000, 0);
    });
    std::cout << threads << (threads == 1 ? " thread: " : " threads: ") << put << " ns a put, "
              << read << " ns a read\n";
  }
  return meter.totals().records_in == 3 * kCalls ? 0 : 1;
}
