// Shard iterators and next tokens: sealed, so that they can be neither read nor made by a client,
// and bound to the stream's creation, so that none outlives its stream.
//
// Shape of an iterator as the service's: 8 bytes 00…01, then bytes; decoded length 152 + 16 k, at
// most 512 characters of standard base64. Behind the 8 bytes, which are authenticated: nonce,
// AES-256-GCM ciphertext, tag.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "streams/stream.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {

// Iterators and next tokens are good for this long, however often they are used.
inline constexpr std::chrono::milliseconds kTokenLife{300'000};

struct ShardIterator {
  TimePoint issued{};
  std::uint32_t stream_id = 0;
  streams::StreamKey stream;
  std::uint32_t shard_index = 0;
  streams::ReadFrom from;
};

// Where a listing goes on. `kind` keeps the tokens of one operation from another.
struct NextToken {
  std::string kind;
  TimePoint issued{};
  std::uint32_t stream_id = 0;  // 0 where the listing is of no stream.
  streams::StreamKey stream;    // Its name is empty where the listing is of no stream.
  std::string last;             // The last element given.
  std::string detail;           // What else the operation needs, as it likes.
};

class Tokens {
 public:
  // `sealer` outlives it.
  explicit Tokens(const Sealer& sealer) : sealer_(sealer) {}

  [[nodiscard]] std::string encode(const ShardIterator& iterator) const;

  // Errors: kInvalidArgument if it is none of ours, then kExpiredIterator.
  // Quotes around the text are passed over, as the service does.
  [[nodiscard]] Result<ShardIterator> decode_iterator(std::string_view text, TimePoint now) const;

  [[nodiscard]] std::string encode(const NextToken& token) const;

  // Errors: kInvalidArgument if it is none of ours of that kind, then kExpiredNextToken.
  [[nodiscard]] Result<NextToken> decode_next(std::string_view text, std::string_view kind,
                                              TimePoint now) const;

 private:
  const Sealer& sealer_;
};

}  // namespace millrace::kinesis
