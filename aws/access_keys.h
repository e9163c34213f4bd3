// The keys of those who may call, for --auth verify.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::aws {

inline constexpr ErrorCode kBadAccessKeys{"bad_access_keys"};

struct AccessKey {
  std::string secret;
  bool is_admin = false;  // It may control the whole server; as a caller it is like any other.

  friend bool operator==(const AccessKey&, const AccessKey&) = default;
};

// By access key id.
using AccessKeys = std::map<std::string, AccessKey, std::less<>>;

// Lines of `access_key_id secret_access_key`, and `admin` behind them or nothing; blank lines and
// lines that begin with # do not count.
// Errors: kBadAccessKeys with the line's number, never with what stands there; also for a text
// without a key.
[[nodiscard]] Result<AccessKeys> parse_access_keys(std::string_view text);

}  // namespace millrace::aws
