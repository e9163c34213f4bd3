// The Nth call of each kind fails, N = 1, 2, 3 … until a run ends without having met it.
//
// Allowed is an error answered and the old state, or success and the new one; an entry whose sync
// failed may be there or not. Opening again without faults finds everything that was promised.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/fault_file_system.h"
#include "tests/storage/temp_directory.h"
#include "tests/storage/workload.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr LogId kLogs = 3;
constexpr int kSteps = 24;
constexpr std::size_t kEntryBytes = 40'000;

struct Failing {
  FileCall call;
  Fault fault;
  bool stays;
};

// A store that is opened twice, written to and closed, with one fault on the way.
class Run {
 public:
  Run(const Failing& failing, std::uint64_t nth)
      : files_(root_.path() / "data", root_.path() / "shadow") {
    fs::create_directories(root_.path() / "data");
    fs::create_directories(root_.path() / "shadow");
    files_.fail_at(failing.call, nth, failing.fault, failing.stays);
  }

  // Whether the fault was met.
  bool run() {
    for (int i = 0; i < 2; ++i) {
      auto store = open_store(path(), options());
      if (store) {
        write(*store->engine);
      } else {
        CHECK(files_.has_failed());
        CHECK_FALSE(store.error().message.empty());
      }
    }
    files_.heal();
    const auto store = open_store(path(), options());
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    const auto faults = journal_.check(*store->engine);
    for (const std::string& fault : faults) FAIL_CHECK(fault);
    CHECK(store->engine->writable());
    CHECK(append(*store->engine, 1, {"more"}));
    return files_.has_failed();
  }

 private:
  void write(Engine& engine) {
    for (int step = 0; step < kSteps; ++step) {
      const LogId log = 1 + static_cast<LogId>(step) % kLogs;
      const Journal::Id id = journal_.send(log, 2, kEntryBytes);
      const When when = step % 2 == 0 ? When::kNow : When::kWithOthers;
      note(engine, append(engine, log, {journal_.text_of(id), journal_.text_of(id + 1)}, when), id,
           when);
      if (step % 3 == 0) write_rows(engine);
      if (step % 8 == 7) read(engine, log);
    }
    // A log of its own, so that the journal need not know.
    const auto own = append(engine, 9, {"own"});
    if (!own) return;
    const Trim trim{9, own->appended[0].first + 1};
    if (engine.trim({&trim, 1})) CHECK(engine.bounds(9)->begin == trim.position);
  }

  void note(Engine& engine, const Result<Receipt>& receipt, Journal::Id id, When when) {
    if (!receipt) return refused(engine, receipt.error(), id);
    const auto accept = [&] { journal_.accepted(id, 2, receipt->appended[0].first, 0); };
    if (when == When::kNow) accept();
    if (!wait(engine, receipt->ticket)) return;
    if (when == When::kWithOthers) accept();
    journal_.durable(id, 2);
  }

  void refused(Engine& engine, const Error& error, Journal::Id id) {
    CHECK((error.code == kBusy || files_.has_failed()));
    CHECK_FALSE(error.message.empty());
    journal_.refused(id, 2);  // Not to be read, now or after a restart.
    const std::string text = journal_.text_of(id);
    for (LogId log = 1; log <= kLogs; ++log) {
      for (const std::string& entry : read_texts(engine, log)) CHECK((entry != text));
    }
  }

  void write_rows(Engine& engine) {
    const std::uint64_t number = journal_.send_rows(0);
    TableBatch batch;
    for (const char which : {'a', 'b'}) {
      batch.put(Journal::row_key(0, which), Journal::row_value(number));
    }
    const auto ticket = engine.write(batch);
    if (ticket && wait(engine, *ticket)) journal_.rows_durable(0, number);
  }

  // What is read is right, or the read says that it is not whole.
  void read(Engine& engine, LogId log) {
    std::vector<std::string> texts = read_texts(engine, log);
    if (!texts.empty() && texts.back().starts_with("read failed")) {
      CHECK(files_.has_failed());
      texts.pop_back();
    }
    for (const std::string& text : texts) {
      const auto id = std::strtoull(text.c_str() + 1, nullptr, 10);
      CHECK((text == journal_.text_of(id)));
    }
  }

  // Whether `ticket` became durable.
  static bool wait(Engine& engine, Ticket ticket) {
    std::promise<bool> decided;
    auto future = decided.get_future();
    engine.commit();
    engine.when_durable(
        ticket, [&](const Result<void>& durable) { decided.set_value(durable.has_value()); });
    return future.get();
  }

  [[nodiscard]] RocksDbOptions options() const {
    RocksDbOptions options;
    options.fsync = Fsync::kAlways;
    options.write_buffer_bytes = 1UL << 20U;
    options.boot_id = {1, 1};
    options.file_system = files_.file_system();
    return options;
  }

  [[nodiscard]] fs::path path() const { return root_.path() / "data"; }

  TempDirectory root_;
  FaultFileSystem files_;
  Journal journal_;
};

// Runs with N = 1, 2, 3 …, in the short form some of them. RocksDB waits a second after most
// errors, so several go side by side.
void fail_each(const Failing& failing) {
  const int side_by_side = is_long_run() ? 8 : 4;
  FaultFileSystem::set_background_threads(side_by_side);
  const std::uint64_t stride = is_long_run() ? 1 : 67;
  const std::string name = name_of(failing.call);
  std::uint64_t runs = 0;
  std::uint64_t nth = 1;
  for (bool has_failed = true; has_failed;
       nth += stride * static_cast<std::uint64_t>(side_by_side)) {
    std::vector<std::future<bool>> group;
    for (std::uint64_t n = nth; n < nth + stride * static_cast<std::uint64_t>(side_by_side);
         n += stride, ++runs) {
      group.push_back(std::async(std::launch::async, [&failing, &name, n] {
        const std::string what = name + " number " + std::to_string(n);
        CAPTURE(what);
        const Deadline deadline(what, 120);
        return Run(failing, n).run();
      }));
    }
    for (auto& run : group) has_failed = run.get() && has_failed;
  }
  MESSAGE(name << ": " << runs << " runs");
}

}  // namespace

TEST_CASE("a call that fails leaves the old state and an error, or the new state") {
  for (int kind = 0; kind < kFileCallKinds; ++kind) {
    fail_each({static_cast<FileCall>(kind), Fault::kIoError, false});
  }
}

TEST_CASE("a device that goes on failing leaves the old state and an error, or the new state") {
  for (const FileCall call : {FileCall::kAppend, FileCall::kSync, FileCall::kSyncWal,
                              FileCall::kSyncDirectory, FileCall::kCreate, FileCall::kRename}) {
    fail_each({call, Fault::kIoError, true});
  }
}

TEST_CASE("a full device leaves the old state and an error, or the new state") {
  for (const FileCall call : {FileCall::kAppend, FileCall::kSync, FileCall::kCreate}) {
    fail_each({call, Fault::kNoSpace, false});
    fail_each({call, Fault::kNoSpace, true});
  }
}

TEST_CASE("a short write leaves the old state and an error, or the new state") {
  fail_each({FileCall::kAppend, Fault::kShortWrite, false});
  fail_each({FileCall::kAppend, Fault::kShortWrite, true});
}

}  // namespace millrace::storage
