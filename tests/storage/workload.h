// Writers over a store that may end at any moment, what they were told, and what must be left.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {

// An open store; destroying it is a clean stop, as far as its files allow.
struct OpenStore {
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Engine> engine;
};

[[nodiscard]] Result<OpenStore> open_store(const std::filesystem::path& path,
                                           const RocksDbOptions& options);

// Whether the long form of a test is wanted (./dev test --long).
[[nodiscard]] bool is_long_run();

// Ends the process, naming `what` hangs, unless it is destroyed in time.
class Deadline {
 public:
  Deadline(std::string what, int seconds);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Everything that was sent and what became of it. Thread-safe.
class Journal {
 public:
  using Id = std::uint64_t;

  // Notes `count` entries that are about to be sent to `log` together; the first one's id, the
  // others follow. Each entry's bytes are text_of(its id).
  Id send(LogId log, std::size_t count, std::size_t size_bytes);

  // They were given positions from `first` on. `syncs` is how many syncs had begun by then: the
  // next one keeps them through a power cut.
  void accepted(Id id, std::size_t count, Position first, std::uint64_t syncs);
  void durable(Id id, std::size_t count);
  void refused(Id id, std::size_t count);

  // The same for rows, of which `writer` has two that always hold the same number.
  std::uint64_t send_rows(std::uint64_t writer);
  void rows_accepted(std::uint64_t writer, std::uint64_t number, std::uint64_t syncs);
  void rows_durable(std::uint64_t writer, std::uint64_t number);

  [[nodiscard]] std::string text_of(Id id) const;
  [[nodiscard]] static std::string row_key(std::uint64_t writer, char which);
  [[nodiscard]] static std::string row_value(std::uint64_t number);

  // What was accepted when fewer than `syncs` syncs had begun is as good as durable.
  void keep_accepted(std::uint64_t syncs);

  // Compares what `engine` holds with what was told, as sentences. What is there stays from now on,
  // what is not there never comes.
  [[nodiscard]] std::vector<std::string> check(const Engine& engine);

  [[nodiscard]] std::size_t durable_count() const;

 private:
  enum class State : std::uint8_t { kUnknown, kAccepted, kDurable, kRefused, kLost };

  struct Sent {
    LogId log = 0;
    Id batch = 0;
    std::size_t size_bytes = 0;
    State state = State::kUnknown;
    Position position = 0;
    std::uint64_t syncs = 0;
  };

  struct Rows {
    std::uint64_t sent = 0;
    std::uint64_t durable = 0;
    std::map<std::uint64_t, std::uint64_t> accepted;  // Number to syncs.
  };

  void check_log(const Engine& engine, LogId log, std::vector<std::string>& faults);
  void check_rows(const Engine& engine, std::vector<std::string>& faults);

  mutable std::mutex mutex_;
  std::vector<Sent> sent_;  // By id.
  std::map<LogId, std::map<Position, Id>> given_;
  std::map<std::uint64_t, Rows> rows_;
  std::vector<std::string> faults_;
};

// Writes to four logs and some rows from three threads until `is_over` or `rounds` each. What is
// answered once it is over is not noted.
struct Workload {
  Journal& journal;
  std::function<bool()> is_over;
  std::function<std::uint64_t()> syncs_begun;
  bool waits_for_sync = false;  // Durable means that the ticket was reached.
  int rounds = 2000;

  void run(Engine& engine, std::uint64_t seed) const;
};

}  // namespace millrace::storage
