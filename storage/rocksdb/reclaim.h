// Gives space back, in a thread of its own.
//
// Entries die when their log is trimmed or dropped, and nothing is written to say so in their
// place. An epoch in which all are dead goes by deleting its table files. One in which half of the
// bytes are dead is written anew without them. So the store takes at most twice what is alive, and
// each byte is written again at most once for every time that half of those beside it die.
//
// For storage/*.cpp only.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/engine.h"
#include "storage/rocksdb/epochs.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

class Reclaimer {
 public:
  // Between one look at all epochs and the next.
  static constexpr std::chrono::milliseconds kPause{1000};

  // How often something is tried again that could not go yet, before whatever dies next.
  static constexpr int kTriesMax = 60;

  // Fewer dead bytes than these are not worth ending the running epoch for.
  static constexpr std::uint64_t kWorthBytes = 8UL << 20U;

  // What goes the way of all writes.
  struct Hooks {
    std::function<void()> end_epoch;               // Ends the running one.
    std::function<void(const TableBatch&)> write;  // Rows with whole keys (storage/rocksdb/keys.h).
  };

  Reclaimer(RocksDbStore& store, const LogStates& states, const Epochs& epochs, Hooks hooks,
            std::chrono::milliseconds pause = kPause);
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;
  ~Reclaimer() { stop(); }

  // Begins to work: the hooks may be called from now on, in a thread of its own.
  void start();

  // Tells that entries have died.
  void wake();

  // Ends the thread, and what it may be at.
  void stop();

 private:
  void run();
  [[nodiscard]] bool look();  // False if there is something that cannot go yet.
  void look_at_running();
  [[nodiscard]] bool remove(Epoch first, Epoch last);  // False if something is left of them.
  [[nodiscard]] bool shrink(Epoch epoch, const EpochContents& alive);  // False if it did not.
  [[nodiscard]] EpochContents alive_of(const EpochContents& contents) const;
  [[nodiscard]] bool compact(Epoch first, Epoch last);
  [[nodiscard]] std::uint64_t size_of(Epoch first, Epoch last) const;

  RocksDbStore& store_;
  const LogStates& states_;
  const Epochs& epochs_;
  const Hooks hooks_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int tries_ = 0;
  bool is_wanted_ = true;  // What died before the start has perhaps not gone.
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace millrace::storage
