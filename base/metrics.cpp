#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {
namespace {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

void write_sample(std::string& out, std::string_view name, std::string_view labels,
                  std::string_view value) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  out += value;
  out += '\n';
}

std::string with_bound(std::string_view labels, std::string_view bound) {
  std::string text(labels);
  if (!text.empty()) text += ',';
  text += "le=\"";
  text += bound;
  text += '"';
  return text;
}

}  // namespace

void MetricsText::begin(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  out_ += "# HELP ";
  out_ += name;
  out_ += ' ';
  out_ += help;
  out_ += "\n# TYPE ";
  out_ += name;
  out_ += ' ';
  out_ += type;
  out_ += '\n';
}

void MetricsText::sample(std::string_view labels, double value) {
  write_sample(out_, name_, labels, number_text(value));
}

void MetricsText::sample(std::string_view labels, std::uint64_t value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  write_sample(out_, name_, labels, {digits.data(), end});
}

void Histogram::observe(std::chrono::nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) * 1e-9;
  std::size_t bucket = 0;
  while (bucket < kBoundsSeconds.size() && seconds > kBoundsSeconds[bucket]) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(static_cast<std::uint64_t>(duration.count()),
                             std::memory_order_relaxed);
}

bool Histogram::is_empty() const {
  return std::ranges::all_of(
      buckets_, [](const auto& bucket) { return bucket.load(std::memory_order_relaxed) == 0; });
}

Metrics::Family& Metrics::family(std::string_view name, std::string_view help,
                                 std::string_view type) {
  Family& found = families_[std::string(name)];
  found.help = help;
  found.type = type;
  return found;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return family(name, help, "counter").counters[std::string(labels)];
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return family(name, help, "histogram").histograms[std::string(labels)];
}

void Metrics::gauge(std::string_view name, std::string_view help, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  family(name, help, "gauge").gauges.push_back(std::move(read));
}

void Metrics::add_writer(std::function<void(MetricsText&)> write) {
  const std::lock_guard lock(mutex_);
  writers_.push_back(std::move(write));
}

std::string Metrics::render() const {
  std::unique_lock lock(mutex_);
  std::string out;
  MetricsText text(out);
  for (const auto& [name, family] : families_) {
    text.begin(name, family.help, family.type);
    for (const auto& [labels, counter] : family.counters) {
      write_sample(out, name, labels, std::to_string(counter.value()));
    }
    for (const auto& read : family.gauges) write_sample(out, name, {}, number_text(read()));
    for (const auto& [labels, histogram] : family.histograms) {
      if (histogram.is_empty()) continue;
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < histogram.buckets_.size(); ++i) {
        total += histogram.buckets_[i].load(std::memory_order_relaxed);
        const std::string bound = i < Histogram::kBoundsSeconds.size()
                                      ? number_text(Histogram::kBoundsSeconds[i])
                                      : "+Inf";
        write_sample(out, name + "_bucket", with_bound(labels, bound), std::to_string(total));
      }
      const double sum =
          static_cast<double>(histogram.sum_nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
      write_sample(out, name + "_sum", labels, number_text(sum));
      write_sample(out, name + "_count", labels, std::to_string(total));
    }
  }
  // They may take their time, and whoever counts does not wait for them.
  const auto writers = writers_;
  lock.unlock();
  for (const auto& write : writers) write(text);
  return out;
}

}  // namespace millrace
