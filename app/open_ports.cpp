#include "app/open_ports.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/logger.h>

#include "app/config.h"
#include "app/tls.h"
#include "base/error.h"
#include "base/try.h"
#include "net/endpoint.h"
#include "net/listener.h"
#include "net/tls_context.h"

namespace millrace::app {
namespace {

// 0 takes a free port, the same on all addresses.
Result<void> open_port(const Config& config, std::uint16_t port, net::Listener& listener,
                       spdlog::logger& log, std::vector<net::Endpoint>& endpoints) {
  const bool is_default = config.listen.empty();
  const auto addresses = is_default ? std::vector<std::string>{"127.0.0.1", "::1"} : config.listen;
  const bool has_plain = config.tls.mode != net::TlsMode::kTlsOnly;
  const bool has_tls = config.tls.mode != net::TlsMode::kPlainOnly;
  std::optional<Error> missing;
  bool listens = false;
  for (const std::string& address : addresses) {
    const auto taken = listener.listen(address, port);
    if (!taken && taken.error().code == net::kNoAddressFamily) {
      log.log(is_default ? spdlog::level::debug : spdlog::level::info, "{}", taken.error().message);
      missing = taken.error();
      continue;
    }
    if (!taken && is_default && listens) {  // Nobody has asked for ::1.
      log.warn("{}", taken.error().message);
      continue;
    }
    if (!taken) return std::unexpected(taken.error());
    listens = true;
    port = *taken;
    log.info("serving on {}{}", net::to_url({!has_plain, address, port}),
             has_plain && has_tls ? " (and https)" : "");
    const std::string reachable = net::reachable_address(address);
    if (has_plain) endpoints.push_back({false, reachable, port});
    if (has_tls) endpoints.push_back({true, reachable, port});
  }
  if (!listens && missing) return std::unexpected(std::move(*missing));
  return {};
}

}  // namespace

Result<std::vector<net::Endpoint>> open_ports(const Config& config, net::Listener& listener,
                                              spdlog::logger& log) {
  std::vector<net::Endpoint> endpoints;
  for (const std::uint16_t port : config.ports) {
    TRY(open_port(config, port, listener, log, endpoints));
  }
  return endpoints;
}

}  // namespace millrace::app
