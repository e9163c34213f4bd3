#include "app/tls.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "app/secret_file.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time_point.h"
#include "base/try.h"
#include "net/tls_certificate.h"
#include "storage/directory.h"

namespace millrace::app {
namespace {

constexpr std::size_t kPemBytesMax = 256UL * 1024;
constexpr const char* kCaFile = "ca.pem";

// The machine's name, and those under which compose files and containers reach a server.
std::vector<std::string> names_for(const TlsOptions& options) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1",
                                    "millrace",  "kinesis",   "host.docker.internal"};
  std::array<char, 256> host{};
  const bool has_host = ::gethostname(host.data(), host.size() - 1) == 0;
  if (has_host && net::is_certificate_name(host.data())) names.emplace_back(host.data());
  names.insert(names.end(), options.names.begin(), options.names.end());
  return names;
}

Result<net::KeyPair> open_ca(const storage::Directory* directory, Random& random, WallTime now) {
  if (directory == nullptr) return net::make_ca(random, now);
  const auto pem = directory->kept(kCaFile, [&]() -> Result<std::string> {
    auto made = TRY(net::make_ca(random, now));
    return made.certificate + made.key;
  });
  if (!pem) return std::unexpected(pem.error());
  auto ca = net::parse_ca(*pem, now + net::kLeafLife);
  if (!ca) {
    return fail(net::kBadCertificate,
                (directory->path() / kCaFile).string() + ": " + ca.error().message +
                    "; without the file another CA is made, which clients then "
                    "have to trust");
  }
  return ca;
}

}  // namespace

Result<net::KeyPair> read_key_pair(const TlsOptions& options, const Warn& warn) {
  auto key = read_secret_file(options.key, kPemBytesMax, warn);
  if (!key) return fail(net::kBadCertificate, options.key.string() + ": " + key.error().message);
  auto chain = storage::read_whole(options.certificate);
  if (!chain) return fail(net::kBadCertificate, chain.error().message);
  if (chain->size() > kPemBytesMax) {
    return fail(net::kBadCertificate,
                options.certificate.string() + " is too large for a certificate");
  }
  return net::KeyPair{std::move(*chain), std::move(*key)};
}

Result<TlsIdentity> open_tls_identity(const TlsOptions& options,
                                      const storage::Directory* directory, Random& random,
                                      WallTime now, const Warn& warn) {
  if (!options.certificate.empty()) {
    auto chain = TRY(read_key_pair(options, warn));
    return TlsIdentity{std::move(chain), ""};
  }
  const auto ca = TRY(open_ca(directory, random, now));
  auto leaf = TRY(net::make_leaf(ca, names_for(options), random, now));
  leaf.certificate += ca.certificate;
  return TlsIdentity{std::move(leaf), ca.certificate};
}

Result<std::string> read_ca_certificate(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kCaFile;
  const auto pem = storage::read_whole(path);
  if (!pem) {
    return fail(net::kBadCertificate,
                pem.error().message +
                    ". A server makes it when it first starts; a running one gives "
                    "it at /_millrace/ca.pem");
  }
  const auto ca = net::parse_ca(*pem, WallTime{});
  if (!ca) return fail(net::kBadCertificate, path.string() + ": " + ca.error().message);
  return ca->certificate;
}

std::string how_to_trust() {
  return "TLS clients have to trust the certificate above. Save it as ca.pem, then:\n"
         "\n"
         "  Python, AWS CLI  export AWS_CA_BUNDLE=ca.pem\n"
         "  Node.js          export NODE_EXTRA_CA_CERTS=ca.pem\n"
         "  Go, Rust         export SSL_CERT_FILE=ca.pem\n"
         "  Java, KCL        keytool -importcert -noprompt -alias millrace -file ca.pem \\\n"
         "                     -keystore trust.p12 -storetype PKCS12 -storepass changeit\n"
         "                   java -Djavax.net.ssl.trustStore=trust.p12 \\\n"
         "                     -Djavax.net.ssl.trustStorePassword=changeit ...\n"
         "  curl             curl --cacert ca.pem https://localhost:4567/_millrace/health\n";
}

}  // namespace millrace::app
