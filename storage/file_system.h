// The file system RocksDB writes through, in production too.
//
// It follows the write-ahead logs for the mark and keeps one promise RocksDB does not: a log is on
// the device before the next one takes bytes, so that a power cut never leaves a hole between two.

#pragma once

#include <memory>

#include "storage/mark.h"

namespace rocksdb {
class FileSystem;
}

namespace millrace::storage {

// Wraps `base`. `mark` outlives the result.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> make_file_system(
    std::shared_ptr<rocksdb::FileSystem> base, Mark& mark);

}  // namespace millrace::storage
