#include "api/session_keys.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/sealer.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

constexpr std::string_view kPrefix = "ASIA";
constexpr std::string_view kAccountLabel = "session key of an account";
constexpr std::string_view kSecretLabel = "secret of a session key";
constexpr std::string_view kTokenLabel = "session token";
constexpr std::string_view kIdLabel = "id of a role";
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kBitsOfDigit = 5;
constexpr std::size_t kAccountBytes = 5;
constexpr std::size_t kMacBytes = 5;
constexpr std::size_t kSecretBytes = 30;  // 40 characters of base64.

// RFC 4648 section 6, of whole groups of 5 bytes.
std::string to_base32(std::string_view bytes) {
  std::string text;
  std::uint64_t bits = 0;
  std::size_t count = 0;
  for (const char byte : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(byte);
    for (count += 8; count >= kBitsOfDigit; count -= kBitsOfDigit) {
      text.push_back(kDigits[bits >> (count - kBitsOfDigit) & 31U]);
    }
  }
  return text;
}

// Nothing if a character is no digit.
std::optional<std::string> from_base32(std::string_view text) {
  std::string bytes;
  std::uint64_t bits = 0;
  std::size_t count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << kBitsOfDigit | digit;
    count += kBitsOfDigit;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 255U));
  }
  return bytes;
}

std::string access_key_id(const Sealer& sealer, std::string_view account) {
  std::uint64_t number = 0;
  std::from_chars(account.data(), account.data() + account.size(), number);
  std::string bytes;
  append_big_endian(bytes, number);
  bytes.erase(0, sizeof number - kAccountBytes);
  bytes += sealer.mac(kAccountLabel, account).substr(0, kMacBytes);
  return std::string(kPrefix) + to_base32(bytes);
}

}  // namespace

SessionKey make_session_key(const Sealer& sealer, const Session& session) {
  SessionKey key;
  key.access_key_id = access_key_id(sealer, session.account);
  key.secret_access_key = secret_of_key(sealer, key.access_key_id);
  std::string plain;
  append_text(plain, key.access_key_id);
  append_text(plain, session.name);
  append_big_endian(plain, static_cast<std::uint64_t>(millis_of(session.ends_at)));
  key.session_token = to_base64(sealer.seal(kTokenLabel, plain));
  return key;
}

std::optional<std::string> account_of_key(const Sealer& sealer, std::string_view id) {
  if (!id.starts_with(kPrefix)) return std::nullopt;
  const auto bytes = from_base32(id.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kAccountBytes + kMacBytes) return std::nullopt;
  std::string number_bytes(sizeof(std::uint64_t) - kAccountBytes, '\0');
  number_bytes += bytes->substr(0, kAccountBytes);
  std::string account = std::to_string(ByteReader(number_bytes).take<std::uint64_t>());
  if (account.size() > kAccountDigits) return std::nullopt;
  account.insert(0, kAccountDigits - account.size(), '0');
  if (!equals_in_constant_time(access_key_id(sealer, account), id)) return std::nullopt;
  return account;
}

std::string secret_of_key(const Sealer& sealer, std::string_view id) {
  return to_base64(sealer.mac(kSecretLabel, id).substr(0, kSecretBytes));
}

std::optional<Session> session_of(const Sealer& sealer, std::string_view id,
                                  std::string_view token) {
  const auto account = account_of_key(sealer, id);
  const auto sealed = from_base64(token);
  const auto plain = sealed ? sealer.unseal(kTokenLabel, *sealed) : std::nullopt;
  if (!account || !plain) return std::nullopt;
  ByteReader reader(*plain);
  const std::string_view of = reader.take_text();
  Session session{*account, std::string(reader.take_text()), {}};
  session.ends_at = wall_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  if (!reader.ok() || !reader.at_end() || of != id) return std::nullopt;
  return session;
}

std::string id_of(const Sealer& sealer, std::string_view text) {
  return to_base32(sealer.mac(kIdLabel, text).substr(0, kAccountBytes + kMacBytes));
}

}  // namespace millrace::api
