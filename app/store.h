// The store as the configuration wants it, with what belongs to it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/config.h"
#include "base/digest.h"
#include "base/error.h"
#include "storage/directory.h"
#include "storage/store.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Members are destroyed from the last to the first: the store before the directory it lies in.
struct OpenStore {
  std::optional<storage::Directory> directory;  // Nothing with --ephemeral.
  SealKey seal_key{};
  std::shared_ptr<storage::Store> store;
};

// Errors: kCannotOpen, with a sentence for people. Says in the log where the data is and how
// durable.
[[nodiscard]] Result<std::unique_ptr<OpenStore>> open_store(const Config& config,
                                                            spdlog::logger& log);

// Reads every record of every stream. Errors: the first damage met.
[[nodiscard]] Result<std::uint64_t> count_records(const OpenStore& open);

}  // namespace millrace::app
