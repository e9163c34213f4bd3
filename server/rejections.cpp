#include "server/rejections.h"

#include <string>
#include <string_view>

namespace millrace::server {

void Rejections::note(std::string_view peer, std::string_view protocol, int status,
                      std::string_view reason) {
  count(protocol, status);
  log_.write_rejected(peer, protocol, status, reason.substr(0, reason.find('\n')));
}

void Rejections::count(std::string_view protocol, int status) {
  std::string labels = "protocol=\"" + std::string(protocol) + "\",status=\"";
  labels += (status == 0 ? "none" : std::to_string(status)) + "\"";
  metrics_
      .counter("millrace_rejected_requests_total",
               "Malformed HTTP, and HTTP over a limit, by the answer; none: closed without one.",
               labels)
      .add();
}

}  // namespace millrace::server
