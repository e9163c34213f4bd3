#include "net/tls_context.h"

#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include "base/error.h"
#include "net/tls_certificate.h"

namespace millrace::net {
namespace {

namespace ssl = boost::asio::ssl;

// Ephemeral keys and authenticated encryption only; TLS 1.3 has nothing else.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// Protocols by ALPN, each after its length, the one that is preferred first.
constexpr std::string_view kProtocols("\x02h2\x08http/1.1");

// The first of our protocols that the client knows too. What it then speaks is seen from its first
// bytes, whatever was agreed on here: some clients ask for none and speak HTTP/2.
int choose_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  unsigned char* found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, chosen_size, ours, static_cast<unsigned int>(kProtocols.size()),
                            offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// A key that wants a passphrase is refused: the library would ask for it at the terminal.
int no_passphrase(char* /*text*/, int /*size*/, int /*encrypts*/, void* /*unused*/) { return 0; }

}  // namespace

Result<ssl::context> make_tls_context(const KeyPair& chain) {
  ssl::context context(ssl::context::tls_server);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, &choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(native, &no_passphrase);
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(native, kCiphers) != 1) {
    return fail(kBadCertificate, "TLS cannot be set up");
  }
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(chain.certificate), error);
  if (!error) context.use_private_key(boost::asio::buffer(chain.key), ssl::context::pem, error);
  if (error) return fail(kBadCertificate, "certificate or key: " + error.message());
  return context;
}

}  // namespace millrace::net
