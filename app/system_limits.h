// What the system lets this process have.

#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::app {

// Connections are what descriptors are for; the default soft limit is lower than it need be.
void raise_descriptor_limit();

// `wanted`, or as many connections as there are descriptors for: the store takes a quarter of them,
// and some are for everything else.
[[nodiscard]] std::size_t connections_max(std::size_t wanted);

// `wanted`, or one for each core, at most eight.
[[nodiscard]] std::uint32_t thread_count(std::uint32_t wanted);

}  // namespace millrace::app
