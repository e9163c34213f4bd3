#include "app/secrets.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <spdlog/logger.h>

#include "app/config.h"
#include "app/config_values.h"
#include "app/secret_file.h"
#include "app/tls.h"
#include "aws/access_keys.h"
#include "aws/sigv4_verify.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/try.h"
#include "base/wall_clock.h"
#include "net/tls_certificate.h"
#include "net/tls_context.h"
#include "storage/directory.h"

namespace millrace::app {
namespace {

constexpr std::size_t kKeysFileBytesMax = 1UL << 20U;

}  // namespace

Secrets::Secrets(const WallClock& wall, const Sealer& sealer, Metrics& metrics, spdlog::logger& log)
    : wall_(wall),
      sealer_(sealer),
      log_(log),
      warn_([&log](const std::string& text) { log.warn("{}", text); }),
      tls_{net::TlsMode::kPlainOnly,
           {},
           metrics.counter("millrace_tls_handshakes_failed_total",
                           "Connections that began TLS and did not get through.")} {}

Result<void> Secrets::open(const Config& config, const storage::Directory* directory,
                           Random& random) {
  if (!config.auth_keys.empty()) {
    TRY(read_keys(config));
  }
  tls_.mode = config.tls.mode;
  if (tls_.mode == net::TlsMode::kPlainOnly) return {};
  auto identity = TRY(open_tls_identity(config.tls, directory, random, wall_.now(), warn_));
  ca_ = std::move(identity.ca);
  return use_chain(identity.chain, config);
}

void Secrets::read_again(const Config& config) {
  const auto report = [this](const Result<void>& outcome) {
    if (!outcome) log_.error("{}; the previous one stays in use", outcome.error().message);
  };
  const auto gone = [](const std::string& option) -> Result<void> {
    return fail(kBadConfig, option + " is no longer given");
  };
  if (check_.get()) report(config.auth_keys.empty() ? gone("--auth-keys") : read_keys(config));
  if (!tls_.context.get()) return;
  const bool has_files = !config.tls.certificate.empty();
  if (!ca_.empty()) {
    if (has_files) report(fail(kBadConfig, "--tls-cert takes a restart, as there was none before"));
    return;
  }
  if (!has_files) return report(gone("--tls-cert"));
  const auto chain = read_key_pair(config.tls, warn_);
  const auto used = chain ? use_chain(*chain, config) : std::unexpected(chain.error());
  if (used) log_.info("reloaded certificate and key from {}", config.tls.certificate.string());
  report(used);
}

Result<void> Secrets::read_keys(const Config& config) {
  const auto bad = [&](const Error& error) {
    return fail(kBadConfig, "access keys in " + config.auth_keys.string() + ": " + error.message);
  };
  const auto text = read_secret_file(config.auth_keys, kKeysFileBytesMax, warn_);
  if (!text) return bad(text.error());
  auto keys = aws::parse_access_keys(*text);
  if (!keys) return bad(keys.error());
  log_.info("verifying signatures; access keys: {}", keys->size());
  check_.set(std::make_shared<const aws::SignatureCheck>(std::move(*keys), wall_, sealer_));
  return {};
}

Result<void> Secrets::use_chain(const net::KeyPair& chain, const Config& config) {
  auto context = net::make_tls_context(chain);
  if (!context && !config.tls.certificate.empty()) {
    return fail(net::kBadCertificate,
                config.tls.certificate.string() + ": " + context.error().message);
  }
  if (!context) return std::unexpected(context.error());
  tls_.context.set(std::make_shared<boost::asio::ssl::context>(std::move(*context)));
  return {};
}

}  // namespace millrace::app
