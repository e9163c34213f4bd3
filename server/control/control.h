// The door of the control paths: who may, and how requests and answers look.

#pragma once

#include <string_view>
#include <utility>

#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "net/http.h"
#include "server/control/routes.h"
#include "server/defaults.h"
#include "storage/engine.h"
#include "world/worlds.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::server::control {

// The service that signatures of control requests name.
inline constexpr std::string_view kSigningName = "millrace";

class Control {
 public:
  // All but `defaults` outlive it. Without signatures to verify everybody may do everything, unless
  // it is closed.
  Control(world::Worlds& worlds, Defaults defaults, bool is_open,
          const Current<const aws::SignatureCheck>& signature_check, spdlog::logger& log)
      : worlds_(worlds),
        defaults_(std::move(defaults)),
        is_open_(is_open),
        signature_check_(signature_check),
        log_(log) {}

  // Returns true for the path of a control request, whatever its method; a call of a service at
  // such a path is none.
  [[nodiscard]] static bool has(const net::HttpRequest& request);

  struct Answer {
    net::HttpResponse http;
    storage::Ticket ticket = 0;  // To be durable before the answer is sent.
  };
  // May wait for the store.
  [[nodiscard]] Answer answer(const net::HttpRequest& request) const;

 private:
  [[nodiscard]] Outcome<Reply> run(const net::HttpRequest& request) const;
  [[nodiscard]] Outcome<Caller> caller_of(const net::HttpRequest& request) const;

  world::Worlds& worlds_;
  const Defaults defaults_;
  const bool is_open_;
  const Current<const aws::SignatureCheck>& signature_check_;
  spdlog::logger& log_;
};

}  // namespace millrace::server::control
