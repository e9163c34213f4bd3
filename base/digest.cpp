#include "base/digest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zconf.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/md5_lanes.h"
#include "base/random.h"
#include "base/uint128.h"

namespace millrace {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void require(int status) {
  if (status != 1) throw std::runtime_error("OpenSSL refused an operation");
}

// Fetched once: looking the algorithm up costs as much as hashing a partition key.
const EVP_MD* md5_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  if (algorithm == nullptr) throw std::runtime_error("OpenSSL has no MD5");
  return algorithm;
}

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

uint128 md5_number(std::string_view bytes) {
  thread_local const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, 16> digest{};
  require(EVP_DigestInit_ex2(context.get(), md5_algorithm(), nullptr));
  require(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()));
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
  const std::string_view text(reinterpret_cast<const char*>(digest.data()), digest.size());
  return uint128{read_big_endian<std::uint64_t>(text)} << 64U |
         read_big_endian<std::uint64_t>(text.substr(8));
}

std::vector<uint128> md5_numbers(std::span<const std::string_view> texts) {
  std::vector<uint128> numbers(texts.size());
  std::array<uint128, kMd5Lanes> hashed{};
  for (std::size_t i = 0; i < texts.size(); i += kMd5Lanes) {
    const auto group = texts.subspan(i, std::min(kMd5Lanes, texts.size() - i));
    const auto out = numbers.begin() + static_cast<std::ptrdiff_t>(i);
    const bool are_short = std::ranges::all_of(
        group, [](std::string_view text) { return text.size() <= kMd5ShortMax; });
    std::array<std::string_view, kMd5Lanes> lanes;  // Those that are left over hash nothing.
    std::ranges::copy(group, lanes.begin());
    if (are_short && md5_short_numbers(lanes, hashed)) {
      std::ranges::copy(std::span(hashed).first(group.size()), out);
    } else {
      std::ranges::transform(group, out, md5_number);
    }
  }
  return numbers;
}

std::uint32_t crc32(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, as_bytes(bytes), static_cast<z_size_t>(bytes.size())));
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr));
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, 32> code{};
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(bytes),
                          bytes.size(), code.data(), nullptr);
  require(made != nullptr ? 1 : 0);
  return {reinterpret_cast<const char*>(code.data()), code.size()};
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(const SealKey& key, std::string_view label, std::string_view plain,
                 Random& random) {
  std::array<unsigned char, kSealNonceBytes> nonce{};
  random.fill(nonce);
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()));
  int count = 0;
  require(EVP_EncryptUpdate(context.get(), nullptr, &count, as_bytes(label),
                            static_cast<int>(label.size())));
  std::string out(kSealNonceBytes + plain.size() + kSealTagBytes, '\0');
  std::memcpy(out.data(), nonce.data(), nonce.size());
  auto* cipher = reinterpret_cast<unsigned char*>(out.data() + kSealNonceBytes);
  require(EVP_EncryptUpdate(context.get(), cipher, &count, as_bytes(plain),
                            static_cast<int>(plain.size())));
  require(EVP_EncryptFinal_ex(context.get(), cipher + count, &count));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kSealTagBytes,
                              cipher + plain.size()));
  return out;
}

std::optional<std::string> unseal(const SealKey& key, std::string_view label,
                                  std::string_view sealed) {
  if (sealed.size() < kSealNonceBytes + kSealTagBytes) return std::nullopt;
  const std::string_view nonce = sealed.substr(0, kSealNonceBytes);
  const std::string_view cipher =
      sealed.substr(kSealNonceBytes, sealed.size() - kSealNonceBytes - kSealTagBytes);
  std::string tag(sealed.substr(sealed.size() - kSealTagBytes));

  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  require(
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), as_bytes(nonce)));
  int count = 0;
  require(EVP_DecryptUpdate(context.get(), nullptr, &count, as_bytes(label),
                            static_cast<int>(label.size())));
  std::string plain(cipher.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  require(EVP_DecryptUpdate(context.get(), out, &count, as_bytes(cipher),
                            static_cast<int>(cipher.size())));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kSealTagBytes, tag.data()));
  if (EVP_DecryptFinal_ex(context.get(), out + count, &count) != 1) return std::nullopt;
  return plain;
}

}  // namespace millrace
