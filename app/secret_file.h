// Files that hold a key or a password.

#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"

namespace millrace::app {

inline constexpr ErrorCode kBadFile{"bad_file"};

// Told a sentence with the path when a secret could be kept better than it is.
using Warn = std::function<void(const std::string&)>;

// What the regular file holds. It belongs to this process's user and nobody else may use it; or, as
// secrets are mounted into containers, it belongs to root and nobody else may write to it, of which
// `warn` is told if everybody may read it. Errors: kBadFile, in words without the path: it cannot
// be read, others may use it, it has more than `bytes_max`.
[[nodiscard]] Result<std::string> read_secret_file(const std::filesystem::path& path,
                                                   std::size_t bytes_max, const Warn& warn);

}  // namespace millrace::app
