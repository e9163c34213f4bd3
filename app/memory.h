// How the process keeps memory that it has freed.
//
// Blocks of which memtables consist (storage::kMemtableBlockBytes) are used again; this replaces
// `operator new` and `operator delete` in the process. Fresh ones have to be mapped and cleared
// page by page, which is a third of what RocksDB needs for a write (docs/internals/performance.md).

#pragma once

#include <cstddef>

#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::app {

// So many of them are kept when they are freed; more go back to the system.
inline constexpr std::size_t kKeptBlocksMax = 16;

// Has the allocator keep what is freed, within bounds, for requests and answers of up to a few
// megabytes that come and go by the thousand: given back to the system each time, their memory
// would have to be mapped and cleared again. Before the first thread begins. Does nothing where the
// allocator is not glibc's.
void keep_freed_memory();

// Gives back to the system the blocks that are kept, and what is free between others that are in
// use. Without it what a burst has left free stays with the process. Takes some milliseconds, in
// which other threads may have to wait for memory. Does nothing where the allocator is not glibc's.
void give_back_free_memory();

}  // namespace millrace::app
