// The keys of those who may call, for --auth verify.

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "server/secret_file.h"

namespace millrace::server {

// Secret access keys by access key id.
using AccessKeys = std::map<std::string, std::string, std::less<>>;

// Lines of `access_key_id secret_access_key`; blank lines and lines that begin with # do not count.
// Errors: kBadConfig with the line's number, never with what stands there; also for a text without
// a key.
[[nodiscard]] Result<AccessKeys> parse_access_keys(std::string_view text);

// Reads a file of these. Errors: kBadConfig with the path: it cannot be read, is not a regular
// file, is used by others (server/secret_file.h), or is larger than 1 MiB.
[[nodiscard]] Result<AccessKeys> load_access_keys(const std::filesystem::path& path,
                                                  const Warn& warn);

}  // namespace millrace::server
