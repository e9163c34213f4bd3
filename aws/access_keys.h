// The keys of those who may call, for --auth verify.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::aws {

inline constexpr ErrorCode kBadAccessKeys{"bad_access_keys"};

// Secret access keys by access key id.
using AccessKeys = std::map<std::string, std::string, std::less<>>;

// Lines of `access_key_id secret_access_key`; blank lines and lines that begin with # do not count.
// Errors: kBadAccessKeys with the line's number, never with what stands there; also for a text
// without a key.
[[nodiscard]] Result<AccessKeys> parse_access_keys(std::string_view text);

}  // namespace millrace::aws
