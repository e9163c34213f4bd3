// The store as the configuration wants it, with what belongs to it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/config.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/spaces.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Members are destroyed from the last to the first: the engine before the directory it lies in.
struct Store {
  SystemWallClock wall;
  SystemClock clock{wall};
  std::optional<storage::Directory> directory;  // Nothing with --ephemeral.
  SealKey seal_key{};
  std::unique_ptr<storage::Engine> engine;
  std::unique_ptr<storage::IdSource> ids;
};

// Errors: kCannotOpen, with a sentence for people. Says in the log where the data is and how
// durable.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const Config& config, spdlog::logger& log);

// Reads every record of every stream. Errors: the first damage met.
[[nodiscard]] Result<std::uint64_t> count_records(Store& store);

}  // namespace millrace::app
