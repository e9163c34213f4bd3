// All streams, by account, region and name, and the changes that can be made to them.
//
// Thread-safe. Everything a change needs is written in one table batch before it shows; a
// transition that takes time is stored with the moment it is due and carried out by whoever looks
// at the stream first after that, so that a crash loses none. Each change returns the ticket of its
// write.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams {

// How long each transition takes.
struct TransitionDelays {
  std::chrono::milliseconds create{0};
  std::chrono::milliseconds remove{0};
  std::chrono::milliseconds reshard{0};
};

struct NewStream {
  StreamKey key;
  StreamMode mode = StreamMode::kProvisioned;
  std::uint32_t shard_count = 1;
  std::uint32_t record_kib_max = kRecordKibDefault;
  Tags tags;
};

struct Counts {
  std::size_t open_shards = 0;
  std::size_t on_demand_streams = 0;
};

using StreamPointer = std::shared_ptr<Stream>;

class Catalogue {
 public:
  // Loads what the store holds. `engine` and `clock` outlive the catalogue.
  [[nodiscard]] static Result<std::unique_ptr<Catalogue>> open(storage::Engine& engine,
                                                               Clock& clock,
                                                               TransitionDelays delays);

  // The stream, with everything that was due carried out. Errors: stream_not_found; the engine's.
  Result<StreamPointer> find(const StreamKey& key);

  // The streams of an account in a region, by name.
  std::vector<StreamPointer> list(std::string_view account, std::string_view region);

  // The streams of all accounts and regions.
  std::vector<StreamPointer> list_all();

  // Open shards of the account and its on-demand streams, in a region.
  Counts counts(std::string_view account, std::string_view region);

  // Errors: stream_exists; the engine's.
  Result<storage::Ticket> create(const NewStream& wanted);

  // Errors: stream_not_active when it is being deleted already.
  Result<storage::Ticket> remove(Stream& stream);

  // `plan` looks at the facts and the shards and returns the steps, which may be none. Errors:
  // stream_not_active, stream_is_on_demand, then the plan's.
  using Plan = std::function<Result<std::vector<Reshard>>(const StreamState&)>;
  Result<storage::Ticket> reshard(Stream& stream, const Plan& plan);

  // `change` edits a copy of the facts. Errors: stream_not_active when it is being deleted; the
  // change's own.
  using Change = std::function<Result<void>(StreamFacts&)>;
  Result<storage::Ticket> change(Stream& stream, const Change& change);

  // Moves the trim points to where retention has them, forgets shards that have expired.
  void expire();

 private:
  Catalogue(storage::Engine& engine, Clock& clock, TransitionDelays delays)
      : engine_(engine), clock_(clock), delays_(delays) {}

  Result<void> load();
  Result<void> finish_drops();
  Result<void> carry_out_due(const StreamPointer& stream);
  Result<void> carry_out_reshard(Stream& stream);
  Result<void> carry_out_removal(const StreamPointer& stream);
  Result<ShardEnd> end_of(const Stream& stream, const Shard& shard, TimePoint due) const;
  Result<void> trim_expired(Stream& stream);
  Result<void> forget_expired_shards(Stream& stream);

  storage::Engine& engine_;
  Clock& clock_;
  const TransitionDelays delays_;

  mutable std::shared_mutex mutex_;  // Guards what follows; never held while waiting for a stream.
  std::map<StreamKey, StreamPointer> streams_;
  std::map<StreamKey, std::int64_t> used_seconds_;  // Newest second of deleted streams.
  std::uint32_t next_id_ = 1;
  std::mutex create_mutex_;  // One creation at a time; taken before mutex_.
};

}  // namespace millrace::streams
