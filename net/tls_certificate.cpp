#include "net/tls_certificate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time_point.h"

namespace millrace::net {
namespace {

constexpr std::chrono::hours kCaLife{24 * 3650};
// Clocks of clients may be a little behind.
constexpr std::chrono::hours kBackdated{24};
constexpr std::size_t kNameCharsMax = 253;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
using Bio = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<&BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;

Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool is_address(std::string_view name) {
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  return !error;
}

bool set_random_serial(X509& certificate, Random& random) {
  std::array<unsigned char, 16> bytes{};
  random.fill(bytes);
  bytes[0] &= 0x7F;  // A serial number is positive.
  const Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_validity(X509& certificate, WallTime begin, WallTime end) {
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds_of(begin)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds_of(end)) != nullptr;
}

bool set_subject(X509& certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(&certificate);
  const auto add = [&](const char* field, const std::string& value) {
    const auto* text = reinterpret_cast<const unsigned char*>(value.c_str());
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, text, -1, -1, 0) == 1;
  };
  return add("O", "millrace") && add("CN", common_name);
}

struct ExtensionText {
  int id;
  std::string value;
};

// `issuer` is the certificate itself where it signs itself.
bool add_extensions(X509& certificate, X509& issuer, const std::vector<ExtensionText>& texts) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  return std::ranges::all_of(texts, [&](const ExtensionText& text) {
    const Extension extension(X509V3_EXT_nconf_nid(nullptr, &context, text.id, text.value.c_str()));
    return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
  });
}

Result<KeyPair> to_pem(X509& certificate, EVP_PKEY& key) {
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  if (!certificate_text || !key_text ||
      PEM_write_bio_X509(certificate_text.get(), &certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return fail(kBadCertificate, "a certificate cannot be written");
  }
  return KeyPair{text_of(*certificate_text), text_of(*key_text)};
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

// A certificate with the key it belongs to; both null where they could not be read.
struct Pair {
  Certificate certificate;
  Key key;
};

Pair parse(std::string_view certificate_pem, std::string_view key_pem) {
  const Bio certificate_text = reading(certificate_pem);
  const Bio key_text = reading(key_pem);
  return {Certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr)),
          Key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr))};
}

struct Wish {
  std::string common_name;
  WallTime begin;
  WallTime end;
  std::vector<ExtensionText> extensions;
};

// A new certificate signed by `issuer`, or by itself where there is none.
Result<KeyPair> make(const Wish& wish, const Pair* issuer, Random& random) {
  const Pair made{Certificate(X509_new()), Key(EVP_EC_gen("P-256"))};
  const Pair& signer = issuer != nullptr ? *issuer : made;
  X509* certificate = made.certificate.get();
  const bool is_made =
      certificate != nullptr && made.key && signer.certificate && signer.key &&
      X509_set_version(certificate, X509_VERSION_3) == 1 &&
      set_random_serial(*certificate, random) && set_validity(*certificate, wish.begin, wish.end) &&
      set_subject(*certificate, wish.common_name) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get())) == 1 &&
      X509_set_pubkey(certificate, made.key.get()) == 1 &&
      add_extensions(*certificate, *signer.certificate, wish.extensions) &&
      X509_sign(certificate, signer.key.get(), EVP_sha256()) > 0;
  if (!is_made) return fail(kBadCertificate, "a certificate cannot be generated");
  return to_pem(*certificate, *made.key);
}

}  // namespace

Result<KeyPair> make_ca(Random& random, WallTime now) {
  std::string tag(4, '\0');
  random.fill({reinterpret_cast<unsigned char*>(tag.data()), tag.size()});
  const Wish wish{"millrace local CA " + to_hex(tag),
                  now - kBackdated,
                  now + kCaLife,
                  {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                   {NID_subject_key_identifier, "hash"}}};
  return make(wish, nullptr, random);
}

Result<KeyPair> parse_ca(std::string_view pem, WallTime needed_until) {
  const auto [certificate, key] = parse(pem, pem);
  if (!certificate || !key)
    return fail(kBadCertificate, "it does not hold a certificate and a key");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return fail(kBadCertificate, "its certificate and key do not belong together");
  }
  std::time_t end = seconds_of(needed_until);
  if (X509_cmp_time(X509_get0_notAfter(certificate.get()), &end) < 0) {
    return fail(kBadCertificate, "its certificate expires too soon");
  }
  return to_pem(*certificate, *key);
}

Result<KeyPair> make_leaf(const KeyPair& ca, const std::vector<std::string>& names, Random& random,
                          WallTime now) {
  const Pair issuer = parse(ca.certificate, ca.key);
  const WallTime begin = now - kBackdated;
  const Wish wish{"millrace",
                  begin,
                  begin + kLeafLife,
                  {{NID_basic_constraints, "critical,CA:FALSE"},
                   {NID_key_usage, "critical,digitalSignature"},
                   {NID_ext_key_usage, "serverAuth"},
                   {NID_subject_key_identifier, "hash"},
                   {NID_authority_key_identifier, "keyid"},
                   {NID_subject_alt_name, alternative_names(names)}}};
  return make(wish, &issuer, random);
}

bool is_certificate_name(std::string_view name) {
  if (is_address(name)) return true;
  if (name.starts_with("*.")) name.remove_prefix(2);
  const bool is_plain = std::ranges::all_of(name, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
  return is_plain && !name.empty() && name.size() <= kNameCharsMax && !name.starts_with('.') &&
         !name.ends_with('.') && name.find("..") == std::string_view::npos;
}

}  // namespace millrace::net
