// What the server proves itself with and knows its callers by: its certificate and the access keys.
// Those that come from files may be read again while it serves.

#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "app/secret_file.h"
#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/wall_clock.h"
#include "net/tls_context.h"
#include "storage/directory.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

class Secrets {
 public:
  // `log` is told what was read; it, `metrics`, `wall` and `sealer` outlive this.
  Secrets(const WallClock& wall, const Sealer& sealer, Metrics& metrics, spdlog::logger& log);

  // Reads or makes what `config` wants. `directory` keeps the certificate authority of our making;
  // null with --ephemeral. Errors: kBadConfig, kBadCertificate or kCannotOpen, with a sentence for
  // people.
  [[nodiscard]] Result<void> open(const Config& config, const storage::Directory* directory,
                                  Random& random);

  // Reads the files of `config` again. What cannot be read stays as it was and is an error line.
  void read_again(const Config& config);

  [[nodiscard]] const net::TlsSide& tls() const { return tls_; }

  // Holds nothing where signatures only have to be there.
  [[nodiscard]] const Current<const aws::SignatureCheck>& signature_check() const { return check_; }

  // The certificate that clients are to trust, PEM; empty where it is not of our making.
  [[nodiscard]] const std::string& ca() const { return ca_; }

 private:
  Result<void> read_keys(const Config& config);
  Result<void> use_chain(const net::KeyPair& chain, const Config& config);

  const WallClock& wall_;
  const Sealer& sealer_;
  spdlog::logger& log_;
  const Warn warn_;
  net::TlsSide tls_;
  Current<const aws::SignatureCheck> check_;
  std::string ca_;
};

}  // namespace millrace::app
