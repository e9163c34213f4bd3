#include "base/gzip.h"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include <zconf.h>
#include <zlib.h>

#include "base/bytes.h"

namespace millrace {
namespace {

constexpr std::size_t kStepBytes = 16UL * 1024;
constexpr int kGzipWindowBits = 16 + MAX_WBITS;  // 16 asks for gzip's head and checksum.

struct Inflater {
  Inflater() {
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }

  z_stream stream{};
};

constexpr std::size_t kPackedAtOnce = 64UL << 20U;

struct Deflater {
  Deflater() {
    constexpr int kMemoryLevel = 8;  // The library's default.
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&stream); }

  z_stream stream{};
};

}  // namespace

std::expected<std::string, GunzipError> gunzip(std::string_view bytes, std::size_t size_max) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return std::unexpected(GunzipError::kTooLarge);
  }
  Inflater inflater;
  z_stream& stream = inflater.stream;
  // The library reads these bytes only; its interface is older than const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  for (;;) {
    // One byte beyond the bound tells a text that fits from one that does not.
    const std::size_t filled = out.size();
    const std::size_t step = std::min(std::max(kStepBytes, filled), size_max + 1 - filled);
    stream.next_out = reinterpret_cast<Bytef*>(extend(out, step));
    stream.avail_out = static_cast<uInt>(step);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(filled + step - stream.avail_out);
    if (out.size() > size_max) return std::unexpected(GunzipError::kTooLarge);
    if (status == Z_STREAM_END) break;
    // Without progress it is Z_BUF_ERROR: the bytes have ended before the member has.
    if (status != Z_OK) return std::unexpected(GunzipError::kDamaged);
  }
  if (stream.avail_in > 0) return std::unexpected(GunzipError::kDamaged);
  return out;
}

std::string gzip(std::string_view bytes) {
  Deflater deflater;
  z_stream& stream = deflater.stream;
  std::string out;
  do {
    // In pieces, since the library's counts are small and a text may be large.
    const std::size_t step = std::min(bytes.size(), kPackedAtOnce);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(step);
    bytes.remove_prefix(step);
    do {
      const std::size_t filled = out.size();
      stream.next_out = reinterpret_cast<Bytef*>(extend(out, kStepBytes));
      stream.avail_out = static_cast<uInt>(kStepBytes);
      deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
      out.resize(filled + kStepBytes - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
  return out;
}

}  // namespace millrace
