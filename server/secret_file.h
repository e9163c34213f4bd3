// Files that only their owner may read.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace millrace::server {

inline constexpr ErrorCode kBadFile{"bad_file"};

// What the regular file holds. Errors: kBadFile, in words without the path: it cannot be read,
// others than its owner may use it, it has more than `bytes_max`.
[[nodiscard]] Result<std::string> read_secret_file(const std::filesystem::path& path,
                                                   std::size_t bytes_max);

}  // namespace millrace::server
