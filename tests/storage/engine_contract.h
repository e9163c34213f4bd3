// The contract of storage/engine.h as tests, run over every engine.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"

namespace millrace::storage {

// An engine under test with what it lives on.
struct EngineUnderTest {
  std::shared_ptr<void> surroundings;
  std::unique_ptr<Engine> engine;
  std::string checkpoint_place;
  // Opens another engine from a checkpoint; it shares the surroundings, which outlive it.
  std::function<Result<std::unique_ptr<Engine>>(const Origin&)> open_from;
};

inline Batch batch_of(const std::vector<std::string>& entries) {
  Batch batch;
  for (const std::string& entry : entries) {
    batch.add({entry});
  }
  return batch;
}

// When entries are appended, where a test has no time of its own.
inline constexpr TimePoint kAppendTime = time_from_millis(1'700'000'000'000);

inline Result<Receipt> append(Engine& engine, LogId log, const std::vector<std::string>& entries,
                              When when = When::kNow, TimePoint now = kAppendTime) {
  const Batch batch = batch_of(entries);
  const LogBatch one{log, &batch};
  return engine.append({&one, 1}, now, when);
}

// Calls `work` again while the store is busy, as whoever uses it does: a small buffer is soon full,
// and a machine with much to do holds a round up.
template <class Work>
auto patiently(Work work) {
  constexpr std::chrono::seconds kPatience{20};
  const auto end = std::chrono::steady_clock::now() + kPatience;
  auto result = work();
  while (!result && result.error().code == kBusy && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    result = work();
  }
  return result;
}

struct ReadEntry {
  Position position = 0;
  TimePoint arrival{};
  std::string bytes;
};

inline std::vector<ReadEntry> apart(const Entries& entries) {
  std::vector<ReadEntry> all;
  std::string_view rest = entries.body;
  for (Position at = entries.first; at < entries.first + entries.count; ++at) {
    all.push_back({at, entries.arrival, std::string(take_entry(rest))});
  }
  if (!rest.empty()) all.push_back({0, {}, "more bytes than entries"});
  return all;
}

inline std::vector<ReadEntry> read_all(const Engine& engine, LogId log, Position from = 0,
                                       Position end = ~Position{0}) {
  std::vector<ReadEntry> all;
  const auto done = engine.read(log, from, end, [&](const Entries& entries) {
    std::ranges::move(apart(entries), std::back_inserter(all));
    return true;
  });
  if (!done) all.push_back({0, {}, "read failed: " + done.error().message});
  return all;
}

inline std::vector<std::string> read_texts(const Engine& engine, LogId log, Position from = 0) {
  std::vector<std::string> texts;
  for (const ReadEntry& entry : read_all(engine, log, from)) texts.push_back(entry.bytes);
  return texts;
}

}  // namespace millrace::storage
