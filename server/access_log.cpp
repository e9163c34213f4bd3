#include "server/access_log.h"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "api/json.h"
#include "server/log_line.h"

namespace millrace::server {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Of a field that came from a client.
constexpr std::size_t kFieldBytesMax = 100;

std::string in_milliseconds(std::chrono::nanoseconds duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return std::to_string(micros / 1000) + "." + std::to_string(1000 + micros % 1000).substr(1);
}

// ` name="value"`, if there is a value.
void add_quoted(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line += ' ';
  line += name;
  line += '=';
  api::append_json_string(line, printable(value, kFieldBytesMax));
}

std::string json_line(const AccessEntry& entry) {
  std::string line;
  add_json_text(line, "time", wall_time());
  add_json_text(line, "peer", entry.peer);
  add_json_text(line, "protocol", entry.protocol);
  add_json_text(line, "method", printable(entry.method));
  add_json_text(line, "path", printable(entry.path));
  add_json_text(line, "service", entry.service);
  add_json_text(line, "operation", entry.operation);
  add_json_text(line, "form", entry.form);
  add_json_number(line, "status", std::to_string(entry.status));
  add_json_text(line, "error", entry.error);
  add_json_number(line, "request_bytes", std::to_string(entry.request_bytes));
  add_json_number(line, "response_bytes", std::to_string(entry.response_bytes));
  add_json_number(line, "duration_ms", in_milliseconds(entry.duration));
  add_json_text(line, "request_id", entry.request_id);
  if (!entry.host.empty()) add_json_text(line, "host", printable(entry.host, kFieldBytesMax));
  if (!entry.origin.empty()) add_json_text(line, "origin", printable(entry.origin, kFieldBytesMax));
  line += "}\n";
  return line;
}

std::string text_line(const AccessEntry& entry) {
  std::string line =
      wall_time() + " " + std::string(entry.peer) + " " + std::string(entry.protocol) + " ";
  line += entry.operation.empty()
              ? printable(entry.method) + " " + printable(entry.path)
              : std::string(entry.service) + " " + std::string(entry.operation) + " " +
                    std::string(entry.form);
  line += " " + std::to_string(entry.status);
  if (!entry.error.empty()) line += " " + std::string(entry.error);
  line += " " + std::to_string(entry.request_bytes) + "B " + std::to_string(entry.response_bytes) +
          "B " + in_milliseconds(entry.duration) + "ms " + std::string(entry.request_id);
  add_quoted(line, "host", entry.host);
  add_quoted(line, "origin", entry.origin);
  line += '\n';
  return line;
}

}  // namespace

bool LineBudget::take(TimePoint now) {
  if (now - second_start_ >= std::chrono::seconds(1)) {
    second_start_ = now;
    lines_ = 0;
  }
  if (lines_ == kLinesPerSecond) {
    ++left_out_;
    return false;
  }
  ++lines_;
  return true;
}

std::size_t LineBudget::take_left_out(TimePoint now) {
  if (now - second_start_ < std::chrono::seconds(1)) return 0;
  return std::exchange(left_out_, 0);
}

bool AccessLog::has_budget() {
  if (options_.mode == AccessLogMode::kAll) return true;
  const auto now = SteadyClock::now();
  const std::lock_guard lock(mutex_);
  if (const std::size_t count = budget_.take_left_out(now)) write_left_out(count);
  return budget_.take(now);
}

void AccessLog::report_left_out() {
  const std::lock_guard lock(mutex_);
  if (const std::size_t count = budget_.take_left_out(SteadyClock::now())) write_left_out(count);
}

void AccessLog::write_left_out(std::size_t count) {
  std::string line;
  const std::string text = std::to_string(count) + " lines of the access log were left out";
  if (format_ == LogFormat::kJson) {
    add_json_text(line, "time", wall_time());
    add_json_text(line, "level", "warning");
    add_json_text(line, "message", text);
    add_json_number(line, "left_out", std::to_string(count));
    line += "}\n";
  } else {
    line = wall_time() + " warning: " + text + "\n";
  }
  writer_.write(line);
}

void AccessLog::write(const AccessEntry& entry) {
  if (!has_budget()) return;
  writer_.write(format_ == LogFormat::kJson ? json_line(entry) : text_line(entry));
}

void AccessLog::write_rejected(std::string_view peer, std::string_view protocol, int status,
                               std::string_view reason) {
  if (options_.mode == AccessLogMode::kOff || !has_budget()) return;
  std::string line;
  if (format_ == LogFormat::kJson) {
    add_json_text(line, "time", wall_time());
    add_json_text(line, "peer", peer);
    add_json_text(line, "protocol", protocol);
    add_json_number(line, "status", std::to_string(status));
    add_json_text(line, "rejected", reason);
    line += "}\n";
  } else {
    line = wall_time() + " " + std::string(peer) + " " + std::string(protocol) + " rejected " +
           std::to_string(status) + ": " + std::string(reason) + "\n";
  }
  writer_.write(line);
}

}  // namespace millrace::server
