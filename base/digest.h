// Digests and sealing. All but the two CRCs come from OpenSSL; CRC-32 is zlib's.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/uint128.h"

namespace millrace {

// MD5 of `bytes`, read as a big-endian number. The service routes records by it.
[[nodiscard]] uint128 md5_number(std::string_view bytes);

// The same for many at once, which costs less than one by one.
[[nodiscard]] std::vector<uint128> md5_numbers(std::span<const std::string_view> texts);

// CRC-32 as zlib has it (IEEE 802.3).
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

// 32 bytes: SHA-256 of `bytes`, and HMAC-SHA-256 (RFC 2104) of `bytes` under `key`.
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Whether both are the same. The time it takes tells nothing but their lengths.
[[nodiscard]] bool equals_in_constant_time(std::string_view a, std::string_view b);

// CRC-32C (Castagnoli). `crc` is the value so far, 0 to begin with.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

inline constexpr std::size_t kSealKeyBytes = 32;
inline constexpr std::size_t kSealNonceBytes = 12;
inline constexpr std::size_t kSealTagBytes = 16;

using SealKey = std::array<unsigned char, kSealKeyBytes>;

// Encrypts and authenticates with AES-256-GCM: nonce, ciphertext, tag. `label` is authenticated
// too.
[[nodiscard]] std::string seal(const SealKey& key, std::string_view label, std::string_view plain,
                               Random& random);

// Gives back what seal() got; nothing if a byte of it, or the label, is another.
[[nodiscard]] std::optional<std::string> unseal(const SealKey& key, std::string_view label,
                                                std::string_view sealed);

}  // namespace millrace
