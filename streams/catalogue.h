// All streams, by account, region and name: creates, finds and lists them.
//
// Thread-safe. What it holds is what rows say: a stream is created by writing its rows, and comes
// into the catalogue when they are heard of, as each later change of them does.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/scope.h"
#include "storage/engine.h"
#include "storage/row_listeners.h"
#include "storage/spaces.h"
#include "streams/account_limits.h"
#include "streams/quota.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "streams/surroundings.h"

namespace millrace::streams {

class Catalogue {
 public:
  // Loads what the store holds. What it is given outlives the catalogue.
  [[nodiscard]] static Result<std::unique_ptr<Catalogue>> open(storage::Engine& engine,
                                                               storage::IdSource& ids, Clock& clock,
                                                               Quotas& quotas,
                                                               const CatalogueOptions& options,
                                                               const storage::Fence& fence = {});

  [[nodiscard]] const CatalogueOptions& options() const { return surroundings_->options; }
  [[nodiscard]] const AccountLimits& limits() const { return limits_; }

  // Calls `listener(log)` when a shard has ended, by a reshard or with its stream, and for
  // Stream::wake_readers(). Set once, before the first change; must not block or call the
  // catalogue.
  void on_shard_end(std::function<void(storage::LogId)> listener) {
    surroundings_->on_shard_end = std::move(listener);
  }

  // Calls `listener` for each transition, once somebody has looked at the stream after it. Set
  // once, before the first change; must not block or call the catalogue.
  void on_transition(std::function<void(const Transition&)> listener) {
    surroundings_->on_transition = std::move(listener);
  }

  // The stream, with everything that was due carried out; while that cannot be written, as it was
  // before. Errors: stream_not_found.
  Result<StreamPointer> find(const StreamKey& key);

  // The streams of an account in a region by name: those after the name `after`, at most
  // `count_max`. Costs what it gives, however many there are.
  std::vector<StreamPointer> list(const Scope& scope, std::string_view after = "",
                                  std::size_t count_max = std::numeric_limits<std::size_t>::max());

  // The streams of all accounts and regions.
  std::vector<StreamPointer> list_all();

  // Those of which `is_meant` says so, as they stand: what is due is not carried out.
  using Meant = std::function<bool(const StreamKey&)>;
  [[nodiscard]] std::vector<StreamPointer> held(const Meant& is_meant) const;

  Counts counts(const Scope& scope);

  // Errors: stream_exists; those of AccountLimits and ShardsHeld; the engine's.
  Result<storage::Ticket> create(const NewStream& wanted);

 private:
  Catalogue(storage::Engine& engine, storage::IdSource& ids, Clock& clock, Quotas& quotas,
            const CatalogueOptions& options, const storage::Fence& fence)
      : surroundings_(std::make_shared<Surroundings>(engine, clock, quotas, options, fence)),
        ids_(ids),
        limits_(quotas, surroundings_->options) {}

  Result<void> load();
  // Takes over what rows say. Errors: kInternalFailure if one is damaged.
  Result<void> hear(std::span<const storage::RowChange> changes);
  struct Heard;
  Result<void> hear_of(std::uint32_t stream_id, Heard heard);

  [[nodiscard]] StreamPointer look_up(const StreamKey& key) const;  // Null if there is none.
  [[nodiscard]] StreamPointer look_up(std::uint32_t stream_id) const;
  // Carries out what is due and takes out those whose deletion was.
  static void remove_gone(std::vector<StreamPointer>& streams);

  const std::shared_ptr<Surroundings> surroundings_;
  storage::IdSource& ids_;
  const AccountLimits limits_;

  std::mutex create_mutex_;          // One creation at a time; taken before mutex_.
  mutable std::shared_mutex mutex_;  // Guards what follows; never held while waiting for a stream.
  std::map<StreamKey, StreamPointer> streams_;
  std::unordered_map<std::uint32_t, StreamPointer> by_id_;
  storage::RowListeners::Token heard_;  // The last, so that nothing is heard when the rest is gone.
};

}  // namespace millrace::streams
