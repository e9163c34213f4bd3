#include "aws/request_ids.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/random.h"

namespace millrace::aws {
namespace {

constexpr std::size_t kExtendedBytes = 72;

std::uint64_t seed_from(Random& random) {
  std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
  random.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

RequestIds::RequestIds(Random& random) : random_(seed_from(random)) {}

std::string RequestIds::next_uuid() { return random_uuid(random_); }

std::string RequestIds::next_extended() {
  std::array<unsigned char, kExtendedBytes> bytes{};
  random_.fill(bytes);
  return to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace millrace::aws
