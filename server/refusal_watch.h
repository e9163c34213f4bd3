// Says in the log when the server begins to refuse something for lack of room, and when it has
// stopped: one line each, however many are refused.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::server {

// Used by one thread.
class RefusalWatch {
 public:
  // Looks without a refusal after which there is an end to it: one a moment is no new beginning.
  static constexpr int kQuietLooks = 5;

  explicit RefusalWatch(spdlog::logger& log) : log_(log) {}

  // Watches `what` (a plural, as in "writes are refused"). `reason` says why it was refused since
  // the last look, nothing if it was not.
  void add(std::string what, std::function<std::optional<std::string>()> reason);

  // The same, by a number that rises with each refusal.
  void count(std::string what, std::string reason, std::function<std::uint64_t()> refused);

  // To be called about once a second.
  void look();

 private:
  struct Watched {
    std::string what;
    std::function<std::optional<std::string>()> reason;
    bool is_refused = false;
    int quiet_looks = 0;
  };

  spdlog::logger& log_;
  std::vector<Watched> watched_;
};

}  // namespace millrace::server
