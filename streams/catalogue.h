// All streams, by account, region and name, and the changes that can be made to them.
//
// Thread-safe. Everything a change needs is written in one table batch before it shows; a
// transition that takes time is stored with the moment it is due and carried out by whoever looks
// at the stream first after that, so that a crash loses none. Each change returns the ticket of its
// write.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/on_demand.h"
#include "streams/quota.h"
#include "streams/rows.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::streams {

// How long each transition takes.
struct TransitionDelays {
  std::chrono::milliseconds create{0};
  std::chrono::milliseconds remove{0};
  std::chrono::milliseconds reshard{0};
  std::chrono::milliseconds update{0};    // Of settings: encryption, mode, sizes.
  std::chrono::milliseconds consumer{0};  // CREATING and DELETING of a consumer.
};

inline constexpr std::size_t kStreamsChangingMax = 5;   // Of an account in a region.
inline constexpr std::size_t kOnDemandStreamsMax = 50;  // The same, where limits are enforced.
inline constexpr std::size_t kAccountShardsMax =
    20'000;  // The same; the service's largest default.

// How far the service's numbers start before the call that makes the shards, in seconds.
inline constexpr std::int64_t kShardsBeforeStream = 2;

// Of all streams, open or closed: each takes about 300 bytes for as long as it is there, whatever
// the limits of accounts.
inline constexpr std::size_t kShardsHeldMax = 200'000;

struct CatalogueOptions {
  TransitionDelays delays;
  std::chrono::seconds load_window = kOnDemandWindow;
  std::size_t account_shards_max = kAccountShardsMax;
  std::size_t shards_held_max = kShardsHeldMax;
};

struct NewStream {
  StreamKey key;
  StreamSettings settings;
  std::uint32_t shard_count = 1;
  Tags tags;
};

// Of an account in a region; all but the last without streams that are being deleted.
struct Counts {
  std::size_t open_shards = 0;  // Of streams that are not CREATING any more.
  // Open ones of all provisioned streams, with those that pending updates add. What an update takes
  // away counts until then.
  std::size_t provisioned_shards = 0;
  std::size_t on_demand_streams = 0;  // With those that a pending update brings in or takes out.
  std::size_t creating_streams = 0;
  std::size_t deleting_streams = 0;
};

// A stream has passed from one state to another, by the service's names for them; "none" is that
// before it was created and after its end.
struct Transition {
  const StreamKey& stream;
  std::string_view from;
  std::string_view to;
  std::size_t shards_closed = 0;
  std::size_t shards_opened = 0;
};

// In which states a stream may be changed.
enum class Allowed : std::uint8_t { kActive, kActiveOrUpdating, kNotDeleting };

using StreamPointer = std::shared_ptr<Stream>;

class Catalogue {
 public:
  // Loads what the store holds. What it is given outlives the catalogue.
  [[nodiscard]] static Result<std::unique_ptr<Catalogue>> open(storage::Engine& engine,
                                                               storage::IdSource& ids, Clock& clock,
                                                               Quotas& quotas,
                                                               const CatalogueOptions& options);

  [[nodiscard]] const CatalogueOptions& options() const { return options_; }

  // Calls `listener(log)` when a shard has ended, by a reshard or with its stream, and for
  // wake_readers(). Set once, before the first change; must not block or call the catalogue.
  void on_shard_end(std::function<void(storage::LogId)> listener) {
    shard_end_listener_ = std::move(listener);
  }

  // Calls `listener` for each transition, once somebody has looked at the stream after it. Set
  // once, before the first change; must not block or call the catalogue.
  void on_transition(std::function<void(const Transition&)> listener) {
    transition_listener_ = std::move(listener);
  }

  // Has whoever waits on a shard of the stream look again: something it depends on has changed.
  void wake_readers(const Stream& stream) const;

  // The stream, with everything that was due carried out; while that cannot be written, as it was
  // before. Errors: stream_not_found.
  Result<StreamPointer> find(const StreamKey& key);

  // The streams of an account in a region by name: those behind the name `after`, at most
  // `count_max`. Costs what it gives, however many there are.
  std::vector<StreamPointer> list(std::string_view account, std::string_view region,
                                  std::string_view after = "",
                                  std::size_t count_max = std::numeric_limits<std::size_t>::max());

  // The streams of all accounts and regions.
  std::vector<StreamPointer> list_all();

  Counts counts(std::string_view account, std::string_view region);

  // Errors: stream_exists; too_many_streams_changing, where DELETING counts only if limits are
  // enforced; kLimitExceeded for its shards or its mode if they are; the engine's.
  Result<storage::Ticket> create(const NewStream& wanted);

  // Changes nothing if the stream is being deleted already. Errors: stream_has_consumers unless
  // `with_consumers`; the engine's.
  Result<storage::Ticket> remove(Stream& stream, bool with_consumers);

  // Whether the account of `key`, which has `current` provisioned shards, may have so many more,
  // where limits are enforced. Errors: shard_limit_exceeded.
  Result<void> check_shard_limit(const StreamKey& key, std::size_t current, std::size_t additional);

  // Whether it may have one more on-demand stream. Errors: kLimitExceeded.
  Result<void> check_on_demand_limit(const StreamKey& key, std::size_t current);

  // `plan` looks at the facts and the shards and returns the steps, which may be none. Errors:
  // stream_not_active, stream_is_on_demand, then the plan's.
  using Plan = std::function<Result<std::vector<Reshard>>(const StreamState&)>;
  Result<storage::Ticket> reshard(Stream& stream, const Plan& plan);

  // `change` edits the settings that the stream has once it is ACTIVE again; where it leaves them
  // as they are nothing happens. Errors: stream_not_active, then the change's own.
  using SettingsChange = std::function<Result<void>(const StreamFacts&, StreamSettings&)>;
  Result<storage::Ticket> update(Stream& stream, const SettingsChange& change);

  // `change` edits a copy of the facts, which shows at once. Errors: stream_not_active, then the
  // change's own.
  using Change = std::function<Result<void>(StreamFacts&)>;
  Result<storage::Ticket> change(Stream& stream, Allowed allowed, const Change& change);

  // Moves the trim points to where retention has them, forgets shards that have expired, and drops
  // what is left of deleted streams.
  void expire();

 private:
  Catalogue(storage::Engine& engine, storage::IdSource& ids, Clock& clock, Quotas& quotas,
            const CatalogueOptions& options)
      : engine_(engine), ids_(ids), clock_(clock), quotas_(quotas), options_(options) {}

  // Tells the listener of a stream that was CREATING and no longer is.
  void note_end_of_creating(Stream& stream);
  Result<void> check_new_stream(const NewStream& wanted);
  // Whether there is room for so many shards more, of a stream whose next one gets `next_index`.
  // Errors: shard_limit_exceeded, if all streams together would have too many, or if the stream has
  // had as many as a log's id can tell apart.
  Result<void> check_shards_held(const StreamKey& key, std::uint32_t next_index,
                                 std::size_t additional) const;
  Result<void> load();
  Result<void> finish_drops();
  Result<void> drop_logs(const rows::DroppedShards& shards);
  // Carries out what is due already after a change: whoever waits on a shard hears of it now. What
  // fails is tried again by whoever looks next.
  void carry_out_at_once(const Stream& stream);
  Result<storage::Ticket> change_locked(Stream& stream, Allowed allowed, const Change& change);
  Result<storage::Ticket> reshard_locked(Stream& stream, const Plan& plan);
  Result<storage::Ticket> update_locked(Stream& stream, const SettingsChange& change);
  Result<void> carry_out_due(const StreamPointer& stream);
  [[nodiscard]] StreamPointer look_up(const StreamKey& key) const;  // Null if there is none.
  // Carries out what is due and takes out those whose deletion was.
  void remove_gone(std::vector<StreamPointer>& streams);
  // Whether its deletion is due, even if that could not be written yet.
  [[nodiscard]] bool is_gone(const Stream& stream) const;
  [[nodiscard]] bool has_something_due(const Stream& stream) const;
  [[nodiscard]] StreamPointer make_stream(StreamState state);
  Result<storage::Ticket> begin_update(Stream& stream, PendingUpdate update);
  Result<void> grow(Stream& stream);
  Result<void> apply(Stream& stream, StreamFacts facts, const std::vector<Reshard>& steps,
                     TimePoint due);
  Result<void> carry_out_removal(const StreamPointer& stream);
  Result<ShardEnd> end_of(const Stream& stream, const Shard& shard, TimePoint due) const;
  Result<void> trim_expired(Stream& stream);
  Result<void> forget_expired_shards(Stream& stream);

  storage::Engine& engine_;
  storage::IdSource& ids_;
  Clock& clock_;
  Quotas& quotas_;
  const CatalogueOptions options_;

  std::function<void(storage::LogId)> shard_end_listener_ = [](storage::LogId) {};
  std::function<void(const Transition&)> transition_listener_ = [](const Transition&) {};

  mutable std::shared_mutex mutex_;  // Guards what follows; never held while waiting for a stream.
  std::map<StreamKey, StreamPointer> streams_;
  std::atomic<std::size_t> shards_held_{0};  // Not guarded.
  std::mutex create_mutex_;                  // One creation at a time; taken before mutex_.
};

}  // namespace millrace::streams
