// What the system says of a process (/proc/PID/stat).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::server {

// Places in process_stat(). Source: proc(5), whose numbers are three higher.
inline constexpr std::size_t kStatUserTicks = 11;
inline constexpr std::size_t kStatSystemTicks = 12;
inline constexpr std::size_t kStatThreads = 17;
inline constexpr std::size_t kStatStartTicks = 19;
inline constexpr std::size_t kStatVirtualBytes = 20;
inline constexpr std::size_t kStatResidentPages = 21;

// The numbers of `process`, a process id or "self", from its state on (0 in the state's place).
// Empty where there is no such process, or /proc is not there.
[[nodiscard]] std::vector<std::uint64_t> process_stat(const std::string& process);

}  // namespace millrace::server
