// The certificate that the server shows: from files, or of its own making.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/secret_file.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time_point.h"
#include "net/tls_certificate.h"
#include "net/tls_context.h"
#include "storage/directory.h"

namespace millrace::app {

struct TlsOptions {
  net::TlsMode mode = net::TlsMode::kPlainAndTls;
  std::filesystem::path certificate;  // A chain in PEM; empty: one is made.
  std::filesystem::path key;
  std::vector<std::string> names;  // That the made certificate has besides the usual ones.
};

struct TlsIdentity {
  net::KeyPair chain;  // The certificate and what it was signed with, and its key.
  std::string ca;      // What clients are to trust, PEM; empty where the chain came from files.
};

// The identity that `options` want. A CA is kept in `directory`, where there is one, so that
// clients trust it once; the certificate it signs is made anew at every start, so that it is never
// out of date and its key is nowhere but in memory. Errors: kBadCertificate and kCannotOpen, with a
// sentence for people.
[[nodiscard]] Result<TlsIdentity> open_tls_identity(const TlsOptions& options,
                                                    const storage::Directory* directory,
                                                    Random& random, WallTime now, const Warn& warn);

// The chain and key of the files that `options` name. Errors: kBadCertificate.
[[nodiscard]] Result<net::KeyPair> read_key_pair(const TlsOptions& options, const Warn& warn);

// The CA's certificate in a data directory, which a server may be using. Errors: kBadCertificate,
// with a sentence for people.
[[nodiscard]] Result<std::string> read_ca_certificate(const std::filesystem::path& directory);

// How clients are told to trust the CA, in words for people.
[[nodiscard]] std::string how_to_trust();

}  // namespace millrace::app
