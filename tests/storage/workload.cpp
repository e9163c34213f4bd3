#include "tests/storage/workload.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"

namespace millrace::storage {
namespace {

constexpr LogId kLogs = 4;
constexpr std::uint64_t kWriters = 3;

std::string filled(std::string text, std::size_t size_bytes) {
  std::mt19937_64 filler(std::hash<std::string>{}(text));
  while (text.size() < size_bytes) {
    const std::uint64_t random = filler();
    std::array<char, sizeof random> bytes{};
    std::memcpy(bytes.data(), &random, sizeof random);
    text.append(bytes.data(), std::min(bytes.size(), size_bytes - text.size()));
  }
  return text;
}

}  // namespace

Result<OpenStore> open_store(const std::filesystem::path& path, const RocksDbOptions& options) {
  OpenStore store;
  auto directory = storage::Directory::open(path);
  if (!directory) return std::unexpected(directory.error());
  store.directory = std::make_unique<storage::Directory>(std::move(*directory));
  auto engine = open_rocksdb(*store.directory, options);
  if (!engine) return std::unexpected(engine.error());
  store.engine = std::move(*engine);
  return store;
}

bool is_long_run() {
  const char* wanted = std::getenv("MILLRACE_LONG");
  return wanted != nullptr && *wanted != '\0';
}

struct Deadline::State {
  std::mutex mutex;
  std::condition_variable ended;
  bool is_over = false;
  std::thread thread;
};

Deadline::Deadline(std::string what, int seconds) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get(), what = std::move(what), seconds] {
    std::unique_lock lock(state->mutex);
    if (state->ended.wait_for(lock, std::chrono::seconds(seconds), [&] { return state->is_over; }))
      return;
    std::fprintf(stderr, "HANGS: %s\n", what.c_str());
    std::abort();
  });
}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_over = true;
    state_->ended.notify_all();
  }
  state_->thread.join();
}

Journal::Id Journal::send(LogId log, std::size_t count, std::size_t size_bytes) {
  const std::lock_guard lock(mutex_);
  const Id first = sent_.size();
  for (std::size_t i = 0; i < count; ++i) sent_.push_back({log, first, size_bytes});
  given_[log];
  return first;
}

void Journal::accepted(Id id, std::size_t count, Position first, std::uint64_t syncs) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < count; ++i) {
    Sent& sent = sent_[id + i];
    sent.state = State::kAccepted;
    sent.position = first + i;
    sent.syncs = syncs;
    if (!given_[sent.log].emplace(first + i, id + i).second) {
      faults_.push_back("position " + std::to_string(first + i) + " of log " +
                        std::to_string(sent.log) + " is given twice");
    }
  }
}

void Journal::durable(Id id, std::size_t count) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < count; ++i) sent_[id + i].state = State::kDurable;
}

void Journal::refused(Id id, std::size_t count) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < count; ++i) sent_[id + i].state = State::kRefused;
}

std::uint64_t Journal::send_rows(std::uint64_t writer) {
  const std::lock_guard lock(mutex_);
  return ++rows_[writer].sent;
}

void Journal::rows_accepted(std::uint64_t writer, std::uint64_t number, std::uint64_t syncs) {
  const std::lock_guard lock(mutex_);
  rows_[writer].accepted[number] = syncs;
}

void Journal::rows_durable(std::uint64_t writer, std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  rows_[writer].durable = std::max(rows_[writer].durable, number);
}

std::string Journal::text_of(Id id) const {
  const std::lock_guard lock(mutex_);
  return filled("e" + std::to_string(id) + "|", sent_[id].size_bytes);
}

std::string Journal::row_key(std::uint64_t writer, char which) {
  return "row " + std::to_string(writer) + which;
}

std::string Journal::row_value(std::uint64_t number) {
  return filled(std::to_string(number) + "|", 100);
}

void Journal::keep_accepted(std::uint64_t syncs) {
  const std::lock_guard lock(mutex_);
  for (Sent& sent : sent_) {
    if (sent.state == State::kAccepted && sent.syncs < syncs) sent.state = State::kDurable;
  }
  for (auto& [writer, rows] : rows_) {
    for (const auto& [number, begun] : rows.accepted) {
      if (begun < syncs) rows.durable = std::max(rows.durable, number);
    }
  }
}

std::vector<std::string> Journal::check(const Engine& engine) {
  std::vector<std::string> faults = std::exchange(faults_, {});
  for (const auto& [log, given] : given_) check_log(engine, log, faults);
  check_rows(engine, faults);
  return faults;
}

void Journal::check_log(const Engine& engine, LogId log, std::vector<std::string>& faults) {
  const auto fault = [&](const std::string& text) {
    faults.push_back("log " + std::to_string(log) + ": " + text);
  };
  std::map<Id, Position> there;
  Position last = 0;
  TimePoint arrival{};
  for (const ReadEntry& entry : read_all(engine, log)) {
    const Id id = entry.bytes.starts_with('e') ? std::strtoull(entry.bytes.c_str() + 1, nullptr, 10)
                                               : sent_.size();
    if (id >= sent_.size() || entry.bytes != text_of(id) || sent_[id].log != log) {
      fault("holds what was never sent at " + std::to_string(entry.position) + ": " +
            entry.bytes.substr(0, 100));
      continue;
    }
    const std::string where = "entry " + std::to_string(id);
    const Sent& sent = sent_[id];
    if (!there.empty() && entry.position <= last) fault(where + " is out of order");
    if (entry.arrival < arrival) fault(where + " arrived before the one in front of it");
    if (!there.emplace(id, entry.position).second) fault(where + " is there twice");
    if (sent.state == State::kRefused) fault(where + " was refused and is there");
    if (sent.state == State::kLost) fault(where + " was lost and is back");
    const bool has_position = sent.state == State::kAccepted || sent.state == State::kDurable;
    if (has_position && sent.position != entry.position) {
      fault(where + " was given " + std::to_string(sent.position) + " and is at " +
            std::to_string(entry.position));
    }
    last = entry.position;
    arrival = entry.arrival;
  }
  std::map<Id, std::pair<std::size_t, std::size_t>> batches;  // Entries there, entries sent.
  for (Id id = 0; id < sent_.size(); ++id) {
    Sent& sent = sent_[id];
    if (sent.log != log) continue;
    const auto found = there.find(id);
    ++batches[sent.batch].second;
    if (found != there.end()) {
      ++batches[sent.batch].first;
      sent.state = State::kDurable;
      sent.position = found->second;
      given_[log].emplace(found->second, id);
      continue;
    }
    if (sent.state == State::kDurable) fault("entry " + std::to_string(id) + " is lost");
    if (sent.state == State::kAccepted && !there.empty() && sent.position < last) {
      fault("entry " + std::to_string(id) + " is lost, and a later one is there");
    }
    if (sent.state != State::kRefused) sent.state = State::kLost;
  }
  for (const auto& [batch, counts] : batches) {
    if (counts.first != 0 && counts.first != counts.second) {
      fault("of batch " + std::to_string(batch) + " a part is there");
    }
  }
  // Whatever was given, also if it is lost, is below the next position.
  const auto bounds = engine.bounds(log);
  if (!bounds) return fault("has no bounds: " + bounds.error().message);
  if (!given_[log].empty() && bounds->next <= given_[log].rbegin()->first) {
    fault("would give position " + std::to_string(bounds->next) + " a second time");
  }
}

void Journal::check_rows(const Engine& engine, std::vector<std::string>& faults) {
  for (auto& [writer, rows] : rows_) {
    const auto fault = [&, writer = writer](const std::string& text) {
      faults.push_back("rows of writer " + std::to_string(writer) + ": " + text);
    };
    const auto first = engine.get(row_key(writer, 'a'));
    const auto second = engine.get(row_key(writer, 'b'));
    if (!first || !second) {
      fault("cannot be read: " + (first ? second : first).error().message);
      continue;
    }
    if (*first != *second) fault("are not changed together");
    const std::uint64_t number = *first ? std::strtoull((*first)->c_str(), nullptr, 10) : 0;
    if (*first && **first != row_value(number)) fault("hold what was never written");
    if (number < rows.durable || number > rows.sent) {
      fault("hold " + std::to_string(number) + ", durable was " + std::to_string(rows.durable) +
            ", sent " + std::to_string(rows.sent));
    }
    rows.durable = number;
    rows.accepted.clear();
  }
}

std::size_t Journal::durable_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count(sent_, State::kDurable, &Sent::state));
}

namespace {

// What one thread does over and over.
class Writer {
 public:
  Writer(const Workload& work, Engine& engine, std::uint64_t number, std::uint64_t seed)
      : work_(work), journal_(work.journal), engine_(engine), number_(number), random_(seed) {}

  void run() {
    for (int i = 0; i < work_.rounds && !work_.is_over(); ++i) {
      const bool went_well = up_to(3) == 0 ? write_rows() : append();
      if (!went_well) break;
    }
    engine_.commit();  // Nobody waits for ever for what was left to others.
  }

 private:
  std::size_t up_to(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit)(random_);
  }

  struct Part {
    Journal::Id id;
    std::size_t count;
    Batch batch;
  };

  // Appends to one log or to two at once.
  bool append() {
    std::vector<Part> parts;
    const LogId first = 1 + up_to(kLogs - 1);
    parts.push_back(part_for(first));
    if (up_to(4) == 0) parts.push_back(part_for(1 + first % kLogs));
    std::vector<LogBatch> batches;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      batches.push_back({i == 0 ? first : 1 + first % kLogs, &parts[i].batch});
    }
    const When when = up_to(1) == 0 ? When::kNow : When::kWithOthers;
    const auto receipt = engine_.append(batches, kAppendTime, when);
    if (!receipt) {
      if (receipt.error().code != kBusy) return false;
      for (const Part& part : parts) journal_.refused(part.id, part.count);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return true;
    }
    if (work_.is_over()) return false;
    auto accept = [&journal = journal_, &work = work_, parts, given = receipt->appended] {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        journal.accepted(parts[i].id, parts[i].count, given[i].first, work.syncs_begun());
      }
    };
    const auto keep = [&journal = journal_, parts] {
      for (const Part& part : parts) journal.durable(part.id, part.count);
    };
    if (when == When::kNow) {
      accept();
      return !work_.waits_for_sync || after(receipt->ticket, keep, [] {});
    }
    const auto took = [accept, keep, waits_for_sync = work_.waits_for_sync] {
      accept();
      if (waits_for_sync) keep();
    };
    const auto was_busy = [&journal = journal_, parts] {
      for (const Part& part : parts) journal.refused(part.id, part.count);
    };
    return after(receipt->ticket, took, was_busy);
  }

  Part part_for(LogId log) {
    std::size_t size = up_to(2000);
    if (up_to(100) == 0) size = up_to(100'000);
    const bool is_huge = up_to(1000) == 0;  // Reaches the file in several pieces.
    if (is_huge) size = up_to(4'000'000);
    Part part{0, is_huge ? 1 : 1 + up_to(3), {}};
    part.id = journal_.send(log, part.count, size);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < part.count; ++i) texts.push_back(journal_.text_of(part.id + i));
    part.batch = batch_of(texts);
    return part;
  }

  bool write_rows() {
    const std::uint64_t number = journal_.send_rows(number_);
    TableBatch batch;
    for (const char which : {'a', 'b'}) {
      batch.put(Journal::row_key(number_, which), Journal::row_value(number));
    }
    const auto ticket = engine_.write(batch);
    if (!ticket) return ticket.error().code == kBusy;
    if (work_.is_over()) return false;
    journal_.rows_accepted(number_, number, work_.syncs_begun());
    const auto keep = [&journal = journal_, writer = number_, number] {
      journal.rows_durable(writer, number);
    };
    return !work_.waits_for_sync || after(*ticket, keep, [] {});
  }

  // Calls `then` once `ticket` is durable, or `was_busy`, and waits for it now and then. The call
  // may come when this writer is gone. Returns whether to go on.
  template <class Then, class WasBusy>
  bool after(Ticket ticket, const Then& then, const WasBusy& was_busy) {
    auto decided = std::make_shared<std::promise<bool>>();
    auto future = decided->get_future();
    engine_.when_durable(
        ticket, [is_over = work_.is_over, then, was_busy, decided](const Result<void>& durable) {
          const bool is_busy = !durable && durable.error().code == kBusy;
          if (!is_over()) {
            if (durable) then();
            if (is_busy) was_busy();
          }
          decided->set_value(durable || is_busy);
        });
    if (up_to(1) == 0) return true;
    engine_.commit();
    return future.get();
  }

  const Workload& work_;
  Journal& journal_;
  Engine& engine_;
  const std::uint64_t number_;
  std::mt19937_64 random_;
};

}  // namespace

void Workload::run(Engine& engine, std::uint64_t seed) const {
  std::vector<std::unique_ptr<Writer>> writers;
  for (std::uint64_t i = 0; i < kWriters; ++i) {
    writers.push_back(std::make_unique<Writer>(*this, engine, i, seed * kWriters + i));
  }
  std::vector<std::thread> threads;
  for (const auto& writer : writers) threads.emplace_back([&writer] { writer->run(); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace millrace::storage
