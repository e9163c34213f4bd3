// Counts and logs HTTP that is malformed or over a limit, once for each request or connection that
// ends by it, also where it is closed without an answer.

#pragma once

#include <string_view>

#include "base/metrics.h"
#include "server/access_log.h"

namespace millrace::server {

// Thread-safe. `metrics` and `log` outlive it.
class Rejections {
 public:
  Rejections(Metrics& metrics, AccessLog& log) : metrics_(metrics), log_(log) {}

  // Counts and logs. `status` is that of the answer, 0 for none; `reason` is a text of ours.
  void note(std::string_view peer, std::string_view protocol, int status, std::string_view reason);

  // Counts only: the request has a line of its own in the log.
  void count(std::string_view protocol, int status);

 private:
  Metrics& metrics_;
  AccessLog& log_;
};

}  // namespace millrace::server
