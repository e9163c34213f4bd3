// How the port speaks TLS: protocols, ciphers, ALPN.

#pragma once

#include <cstdint>

#include <boost/asio/ssl/context.hpp>

#include "base/current.h"
#include "base/error.h"
#include "base/metrics.h"
#include "net/tls_certificate.h"

namespace millrace::net {

// Which connections the port takes.
enum class TlsMode : std::uint8_t { kPlainAndTls, kTlsOnly, kPlainOnly };

// TLS 1.2 and 1.3, forward secret and authenticated ciphers only, no renegotiation, no compression;
// ALPN names h2 and http/1.1. `chain` is the certificate and what it was signed with, and its key.
// Errors: kBadCertificate. What comes back may be used by all threads.
[[nodiscard]] Result<boost::asio::ssl::context> make_tls_context(const KeyPair& chain);

// What the port does with TLS.
struct TlsSide {
  TlsMode mode;
  Current<boost::asio::ssl::context> context;  // Nothing where only plain connections are taken.
  Counter& failures;
};

}  // namespace millrace::net
