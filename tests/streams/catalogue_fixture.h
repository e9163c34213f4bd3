// A catalogue over an engine in memory, under a clock that stands.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "base/manual_clock.h"
#include "base/time_point.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams {

inline const StreamKey kOrders{"000000000000", "us-east-1", "orders"};

class CatalogueFixture {
 protected:
  explicit CatalogueFixture(TimePoint start) : clock_(start) { reopen(); }

  // As a restart does: everything but the store is made anew.
  void reopen(TransitionDelays delays = {}) {
    catalogue_.reset();
    auto ids = storage::IdSource::open(engine_);
    REQUIRE(ids);
    ids_ = std::move(*ids);
    CatalogueOptions options;
    options.delays = delays;
    auto opened = Catalogue::open(engine_, *ids_, clock_, quotas_, options);
    REQUIRE(opened);
    catalogue_ = std::move(*opened);
  }

  StreamPointer create(std::uint32_t shard_count, StreamMode mode = StreamMode::kProvisioned) {
    NewStream wanted;
    wanted.key = kOrders;
    wanted.shard_count = shard_count;
    wanted.settings.mode = mode;
    REQUIRE(catalogue_->create(wanted));
    return find();
  }

  StreamPointer find() {
    auto found = catalogue_->find(kOrders);
    REQUIRE(found);
    return *found;
  }

  ManualClock clock_;
  storage::MemoryEngine engine_{11};
  Quotas quotas_{LimitsMode::kOff, clock_, [](std::string_view) {}};
  std::unique_ptr<storage::IdSource> ids_;
  std::unique_ptr<Catalogue> catalogue_;
};

}  // namespace millrace::streams
