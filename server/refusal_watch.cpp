#include "server/refusal_watch.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <spdlog/logger.h>

namespace millrace::server {

void RefusalWatch::add(std::string what, std::function<std::optional<std::string>()> reason) {
  watched_.push_back({std::move(what), std::move(reason)});
}

void RefusalWatch::count(std::string what, std::string reason,
                         std::function<std::uint64_t()> refused) {
  add(std::move(what),
      [reason = std::move(reason), refused = std::move(refused),
       seen = std::uint64_t{0}]() mutable -> std::optional<std::string> {
        const std::uint64_t before = std::exchange(seen, refused());
        return seen > before ? std::optional(reason) : std::nullopt;
      });
}

void RefusalWatch::look() {
  for (Watched& watched : watched_) {
    const auto reason = watched.reason();
    if (reason) {
      watched.quiet_looks = 0;
      if (!std::exchange(watched.is_refused, true)) {
        log_.warn("{} are refused: {}", watched.what, *reason);
      }
    } else if (watched.is_refused && ++watched.quiet_looks == kQuietLooks) {
      watched.is_refused = false;
      log_.info("{} are accepted again", watched.what);
    }
  }
}

}  // namespace millrace::server
