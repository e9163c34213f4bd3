// What the service does with one stream name, in plain values and as plainly as can be: the other
// side of sequences_test.cpp. Nothing of streams/ is used here.
//
// Where records lie in a shard's log is the server's choice: it tells the model the numbers it gave
// with number(), which checks them. Times are milliseconds since the epoch.
//
// Source: Kinesis API reference and developer guide; the rules that neither states are said where
// they are kept.

#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uint128.h"

namespace millrace::sequences {

using Millis = std::int64_t;

// An answer, or the type of the error.
template <class T>
using Answer = std::expected<T, std::string_view>;

inline constexpr std::string_view kNotFound = "ResourceNotFoundException";
inline constexpr std::string_view kInUse = "ResourceInUseException";
inline constexpr std::string_view kInvalid = "InvalidArgumentException";
inline constexpr std::string_view kLimit = "LimitExceededException";
inline constexpr std::string_view kExpired = "ExpiredIteratorException";
inline constexpr std::string_view kValidation = "ValidationException";

// How long transitions take.
struct Delays {
  Millis create = 0;
  Millis remove = 0;
  Millis reshard = 0;
};
std::ostream& operator<<(std::ostream& out, const Delays& delays);

// What a sequence number says. Numbers of one shard are in the order of the last two.
struct Number {
  std::int64_t creation_second = 0;
  std::uint32_t shard = 0;
  std::uint64_t index = 0;  // 0 is the starting number's; kEndingIndex the ending number's.
  std::int64_t second = 0;
};
inline constexpr std::uint64_t kEndingIndex = 0x7fff'ffff'ffff'ffff;

struct PutRecord {
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  std::string data;
};

struct Record {
  std::string partition_key;
  std::string data;
  Millis arrival = 0;
  Number number;
};

struct Shard {
  std::uint32_t index = 0;
  uint128 first_key = 0;
  uint128 last_key = 0;
  std::int64_t creation_second = 0;
  std::vector<std::uint32_t> parents;         // ShardToMerge's before AdjacentShardToMerge's.
  std::int64_t opened_second = 0;             // When it was; its number may be ahead of that.
  std::optional<std::int64_t> end_second;     // In its ending number.
  std::optional<std::int64_t> closed_second;  // When it was.
  std::vector<Record> records;  // All that ever were, so that a place in it stays right.

  [[nodiscard]] bool is_open() const { return !end_second; }
  [[nodiscard]] Number starting_number() const {
    return {creation_second, index, 0, creation_second};
  }
};

// Where a new iterator begins. `number` without a value is text that is no number at all.
struct Start {
  enum class Kind : std::uint8_t { kTrimHorizon, kLatest, kAtNumber, kAfterNumber, kTime };
  Kind kind = Kind::kTrimHorizon;
  std::optional<Number> number;
  Millis time = 0;
};

struct Iterator {
  enum class Kind : std::uint8_t { kTrimHorizon, kPlace, kTime };
  int life = 0;  // Of the stream: a stream made again has another.
  std::uint32_t shard = 0;
  Kind kind = Kind::kTrimHorizon;
  std::size_t place = 0;  // In the shard's records.
  Millis time = 0;
  Millis issued = 0;
};

struct Page {
  std::vector<const Record*> records;
  std::optional<Iterator> next;
  Millis millis_behind = 0;
  std::vector<const Shard*> children;
};

struct Filter {
  std::string type;  // Empty: none.
  std::uint32_t shard = 0;
  Millis time = 0;
};

// One of a reshard's steps: closes its parents and opens its children.
struct Step {
  std::vector<std::uint32_t> parents;
  uint128 cut = 0;  // Of a split: where the second child begins.
};
struct Stream {
  int life = 0;
  int retention_hours = 24;
  Millis created_at = 0;
  Millis horizon = 0;  // What arrived before it has expired. Never falls.
  Millis active_at = 0;
  std::optional<Millis> gone_at;
  Millis reshard_due = 0;
  std::vector<Step> steps;  // Pending.
  std::uint32_t next_index = 0;
  std::vector<Shard> shards;  // In the order of their index.
};

class Model {
 public:
  explicit Model(const Delays& delays) : delays_(delays) {}

  Answer<void> create(std::uint32_t shard_count, Millis now);
  Answer<void> remove(Millis now);

  // The shard of each record. Their numbers are to follow, by number().
  Answer<std::vector<std::uint32_t>> put(const std::vector<PutRecord>& records, Millis now);

  // Takes the number of the next record of that shard that has none; says what is wrong with it.
  std::optional<std::string> number(std::uint32_t shard, const Number& given);

  Answer<void> split(std::uint32_t shard, const std::string& new_starting_key, Millis now);
  Answer<void> merge(std::uint32_t shard, std::uint32_t adjacent, Millis now);
  Answer<void> scale(std::uint32_t target, Millis now);
  Answer<void> increase_retention(int hours, Millis now);
  Answer<void> decrease_retention(int hours, Millis now);
  Answer<Iterator> iterator(std::uint32_t shard, const Start& start, Millis now);
  Answer<Page> read(const Iterator& iterator, std::size_t limit, Millis now);
  Answer<std::vector<const Shard*>> list(const Filter& filter, Millis now);

  // Carries out what is due and lets expire what has expired. Everything that looks at the stream
  // begins so.
  void look(Millis now);

  // For choosing what to ask next.
  [[nodiscard]] bool exists() const { return stream_.has_value(); }
  [[nodiscard]] const std::vector<Shard>& shards() const;
  [[nodiscard]] std::vector<const Shard*> open_shards() const;
  [[nodiscard]] Millis retention() const;

 private:
  enum class Status : std::uint8_t { kNone, kCreating, kActive, kUpdating, kDeleting };
  [[nodiscard]] Status status(Millis now) const;
  [[nodiscard]] Answer<void> require_active(Millis now) const;
  [[nodiscard]] Shard* find(std::uint32_t index);
  [[nodiscard]] std::int64_t newest_second(Millis now) const;
  [[nodiscard]] std::vector<Step> sweep(std::uint32_t target) const;
  [[nodiscard]] std::vector<const Shard*> children(std::uint32_t parent) const;
  void begin_reshard(std::vector<Step> steps, Millis now);
  void take(const Step& step, std::uint32_t first_new);
  void let_expire(Millis now);

  const Delays delays_;
  std::optional<Stream> stream_;
  int lives_ = 0;
};

}  // namespace millrace::sequences
