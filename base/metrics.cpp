#include "base/metrics.h"

#include <atomic>
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

void Histogram::observe(std::chrono::nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) * 1e-9;
  std::size_t bucket = 0;
  while (bucket < kBoundsSeconds.size() && seconds > kBoundsSeconds[bucket]) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(static_cast<std::uint64_t>(duration.count()),
                             std::memory_order_relaxed);
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

std::string Metrics::render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + " " + family.help + "\n";
    out += "# TYPE " + name + " ";
    out += family.type;
    out += '\n';
    for (const auto& [labels, counter] : family.counters) {
      write_sample(out, name, labels, std::to_string(counter.value()));
    }
    for (const auto& read : family.gauges) write_sample(out, name, {}, number_text(read()));
    for (const auto& [labels, histogram] : family.histograms) {
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
  return out;
}

}  // namespace millrace
