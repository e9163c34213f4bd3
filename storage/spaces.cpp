#include "storage/spaces.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

// Key and value: the lowest id that was never taken from the store, u32.
constexpr RowSpace kNextId(Tenant::kIds, 'n');

constexpr std::uint32_t kBlock = 64;

}  // namespace

Result<std::unique_ptr<IdSource>> IdSource::open(Engine& engine) {
  const auto row = engine.get(kNextId.prefix());
  if (!row) return std::unexpected(row.error());
  std::unique_ptr<IdSource> source(new IdSource(engine));
  if (!*row) return source;
  ByteReader reader(**row);
  source->next_ = source->end_ = reader.take<std::uint32_t>();
  if (!reader.ok() || !reader.at_end() || source->end_ == 0) {
    return fail(kDamaged, "The row of the next id is damaged.");
  }
  return source;
}

Result<std::uint32_t> IdSource::next() {
  const std::lock_guard lock(mutex_);
  if (next_ == end_) {
    if (end_ > std::numeric_limits<std::uint32_t>::max() - kBlock) {
      return fail(kFailed, "All ids are given.");
    }
    std::string value;
    append_big_endian(value, end_ + kBlock);
    TableBatch batch;
    batch.put(std::string(kNextId.prefix()), std::move(value));
    TRY(engine_.write(batch));
    end_ += kBlock;
  }
  return next_++;
}

}  // namespace millrace::storage
