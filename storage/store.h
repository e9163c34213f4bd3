// An engine with what everybody who uses it shares.

#pragma once

#include <memory>
#include <utility>

#include "base/error.h"
#include "storage/arrivals.h"
#include "storage/engine.h"
#include "storage/spaces.h"

namespace millrace::storage {

class Store {
 public:
  // Errors: those of IdSource::open().
  [[nodiscard]] static Result<std::shared_ptr<Store>> open(std::unique_ptr<Engine> engine);

  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] IdSource& ids() { return *ids_; }
  [[nodiscard]] Arrivals& arrivals() { return arrivals_; }

 private:
  Store(std::unique_ptr<Engine> engine, std::unique_ptr<IdSource> ids)
      : arrivals_(*engine), ids_(std::move(ids)), engine_(std::move(engine)) {}

  Arrivals arrivals_;
  std::unique_ptr<IdSource> ids_;
  std::unique_ptr<Engine> engine_;  // Ends first: it tells arrivals of what it writes then.
};

}  // namespace millrace::storage
