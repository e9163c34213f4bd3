#include "storage/rocksdb/usage.h"

#include <cstdint>
#include <string_view>

#include <rocksdb/db.h>

#include "base/error.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

Result<void> visit_sizes(const RocksDbStore& store, const LogStates& states, Epoch running,
                         const SizeVisitor& visit) {
  for (const auto& state : states.all()) {
    const bool is_alive = state->trimmed < state->next;
    if (is_alive && state->epoch_bytes > 0) visit(state->log, state->epoch_bytes);
  }
  return store.scan(contents_keys(), [&](std::string_view key, std::string_view value) {
    const auto contents = decode_contents(value);
    // Whoever reads the records meets the damage. What the running epoch holds was told above: its
    // row is there for a moment while it ends.
    if (!contents || parse_contents_key(key) == running) return true;
    for (const EpochPart& part : contents->parts) {
      if (!states.is_dead(part.log, part.end)) visit(part.log, part.bytes);
    }
    return true;
  });
}

Usage usage_of(const RocksDbStore& store, const Directory* directory) {
  using Properties = rocksdb::DB::Properties;
  std::uint64_t memtables = 0;
  std::uint64_t files = 0;
  std::uint64_t cache = 0;
  rocksdb::DB& db = store.db();
  db.GetAggregatedIntProperty(Properties::kCurSizeAllMemTables, &memtables);
  db.GetIntProperty(store.records(), Properties::kBlockCacheUsage, &cache);
  if (directory != nullptr) return {memtables + cache, bytes_of_files(directory->db_path())};
  db.GetAggregatedIntProperty(Properties::kTotalSstFilesSize, &files);
  return {memtables + files, 0};
}

}  // namespace millrace::storage
