// Packs and unpacks gzip (RFC 1952), the latter within a bound.

#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace millrace {

enum class GunzipError : std::uint8_t { kDamaged, kTooLarge };

// Returns what `bytes`, one whole gzip member, hold. Takes no more memory than `size_max` and a
// little, whatever they announce. Errors: kTooLarge if they hold more than `size_max`, kDamaged if
// they are cut, followed by anything, or no gzip at all.
[[nodiscard]] std::expected<std::string, GunzipError> gunzip(std::string_view bytes,
                                                             std::size_t size_max);

// `bytes` as one gzip member, packed quickly rather than well.
[[nodiscard]] std::string gzip(std::string_view bytes);

}  // namespace millrace
