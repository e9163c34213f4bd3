// The server's own paths: its page, health, metrics and the certificate to trust. Behind the front
// door, without authentication.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "net/http.h"

namespace millrace::server {

class Admin {
 public:
  // `ready` says whether requests are served in full, or why not; it is called from any thread and
  // never waits for the store.
  // `ca` is the certificate that TLS clients are to trust; empty where there is none of ours.
  Admin(const Metrics& metrics, std::function<Result<void>()> ready, std::string ca)
      : metrics_(metrics), ready_(std::move(ready)), ca_(std::move(ca)) {}

  // The answer, if the path is one of the server's own.
  [[nodiscard]] std::optional<net::HttpResponse> answer(const net::HttpRequest& request) const;

  // True if the answer may take its time and belongs on a worker.
  [[nodiscard]] static bool may_wait(const net::HttpRequest& request);

 private:
  [[nodiscard]] net::HttpResponse metrics(const net::HttpRequest& request) const;
  [[nodiscard]] std::optional<net::HttpResponse> read(const net::HttpRequest& request) const;

  const Metrics& metrics_;
  const std::function<Result<void>()> ready_;
  const std::string ca_;
};

}  // namespace millrace::server
