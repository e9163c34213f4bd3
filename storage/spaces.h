// Who owns which rows and logs.
//
//   key of a row   tenant u8, kind u8, then as the tenant likes
//   id of a log    tenant u8, id u32, part u24
//
// A tenant takes its ids from the one source, so that nothing of one is ever taken for another's.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/error.h"
#include "storage/engine.h"

namespace millrace::storage {

// Stored: do not renumber.
enum class Tenant : std::uint8_t {
  kIds = 0,
  kStreams = 1,  // Rows of streams/*_rows.h, accounts.h, dropped_shards.h; logs of shards.
  kWorld = 2,    // Rows of world/world_rows.h.
};

// Rows of one kind of a tenant.
class RowSpace {
 public:
  constexpr RowSpace(Tenant tenant, char kind) : prefix_{static_cast<char>(tenant), kind} {}

  // What the keys of all of them begin with, and nothing else's.
  [[nodiscard]] constexpr std::string_view prefix() const {
    return {prefix_.data(), prefix_.size()};
  }

 private:
  std::array<char, 2> prefix_;
};

// Stored: do not change.
inline constexpr unsigned kPartBits = 24;
inline constexpr std::uint32_t kPartsMax = 1U << kPartBits;

// `part` is below kPartsMax.
[[nodiscard]] constexpr LogId log_id(Tenant tenant, std::uint32_t id, std::uint32_t part) {
  return LogId{static_cast<std::uint8_t>(tenant)} << 56U | LogId{id} << kPartBits | part;
}

[[nodiscard]] constexpr std::uint32_t part_of(LogId log) {
  return static_cast<std::uint32_t>(log & (kPartsMax - 1));
}

[[nodiscard]] constexpr Tenant tenant_of(LogId log) { return static_cast<Tenant>(log >> 56U); }

// Gives each id once, also after a restart. Some are never given: they are taken from the store in
// blocks.
//
// Thread-safe. `engine` outlives it.
class IdSource {
 public:
  // Errors: kDamaged, and those of Engine::get().
  [[nodiscard]] static Result<std::unique_ptr<IdSource>> open(Engine& engine);

  // An id of 1 or more. Errors: those of Engine::write(); kFailed when all are given.
  [[nodiscard]] Result<std::uint32_t> next();

 private:
  explicit IdSource(Engine& engine) : engine_(engine) {}

  Engine& engine_;
  std::mutex mutex_;  // Guards what follows.
  std::uint32_t next_ = 1;
  std::uint32_t end_ = 1;  // As the store says: ids from here on were never taken.
};

}  // namespace millrace::storage
