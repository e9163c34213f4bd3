// A store in memory with all that operations work on, the same for every input.

#pragma once

#include <string>
#include <string_view>

#include "streams/account_limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/world/test_world.h"

namespace millrace::fuzz {

inline constexpr std::string_view kAccount = "000000000000";
inline constexpr std::string_view kRegion = "us-east-1";

// Has one stream, `a`.
class World : public world::TestWorlds {
 public:
  World() : TestWorlds({}, 1) {
    streams::NewStream stream;
    stream.key = {{std::string(kAccount), std::string(kRegion)}, "a"};
    require(current()->catalogue().create(stream).has_value());
  }
};

}  // namespace millrace::fuzz
