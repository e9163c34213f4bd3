#include "server/memory.h"

#include <malloc.h>

namespace millrace::server {

// At most 8 MiB an arena are kept at its end, and there are two of them: with one for each of our
// threads, what is kept would be several memtables. Larger blocks are mapped one by one, those of
// memtables above all (storage/rocksdb_store.cpp).
void keep_freed_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

void give_back_free_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace millrace::server
