// Counters, gauges and histograms, written in the Prometheus text format.
//
// Source of the format: Prometheus documentation, "Exposition formats", text version 0.0.4.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// How long things took, in a bucket for each power of ten from 100 microseconds to 10 seconds.
class Histogram {
 public:
  static constexpr std::array<double, 6> kBoundsSeconds = {0.0001, 0.001, 0.01, 0.1, 1.0, 10.0};

  void observe(std::chrono::nanoseconds duration);

 private:
  friend class Metrics;
  [[nodiscard]] bool is_empty() const;
  std::array<std::atomic<std::uint64_t>, kBoundsSeconds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_nanoseconds_{0};
};

// Writes what is gathered when it is asked for.
class MetricsText {
 public:
  explicit MetricsText(std::string& out) : out_(out) {}

  // Begins a metric; `type` is counter or gauge.
  void begin(std::string_view name, std::string_view help, std::string_view type);

  // A sample of the metric that was begun. `labels` as below.
  void sample(std::string_view labels, double value);
  void sample(std::string_view labels, std::uint64_t value);

 private:
  std::string& out_;
  std::string_view name_;
};

// The registry. Registration and render() are thread-safe; what a registration returns lives as
// long as the registry and is updated without a lock.
class Metrics {
 public:
  // `labels` is the text between the braces, for example `operation="PutRecord"`; may be empty.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = {});

  // `read` is called by render(), from any thread, and outlives the registry's last render().
  void gauge(std::string_view name, std::string_view help, std::function<double()> read);

  // `write` adds metrics of its own at the end of each render(), as above.
  void add_writer(std::function<void(MetricsText&)> write);

  // Histograms that nothing was observed in are left out.
  [[nodiscard]] std::string render() const;

 private:
  struct Family {
    std::string help;
    std::string_view type;
    std::map<std::string, Counter> counters;
    std::map<std::string, Histogram> histograms;
    std::vector<std::function<double()>> gauges;
  };

  Family& family(std::string_view name, std::string_view help, std::string_view type);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  std::vector<std::function<void(MetricsText&)>> writers_;
};

}  // namespace millrace
