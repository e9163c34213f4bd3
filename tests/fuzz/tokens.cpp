// Iterators and next tokens: what was not given by us is never taken, what was is understood as it
// was meant, and a byte of it changed makes it another's.

#include "api/kinesis/tokens.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "streams/stream.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

constexpr TimePoint kNow = time_from_millis(1'700'000'000'000);
constexpr char kKind[] = "ListShards";

// The token with one byte of what it encodes changed, by bits that `at` chooses too.
std::string changed(const std::string& token, std::uint32_t at) {
  std::string bytes = from_base64(token).value_or("");
  require(!bytes.empty());
  const auto bits = static_cast<unsigned char>(at >> 24U);
  char& byte = bytes[at % bytes.size()];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (bits == 0 ? 1U : bits));
  return to_base64(bytes);
}

void check_foreign(const kinesis::Tokens& tokens, std::string_view input) {
  require(!tokens.decode_iterator(input, kNow));
  require(!tokens.decode_next(input, kKind, kNow));
  const std::string text = to_base64(input);
  require(!tokens.decode_iterator(text, kNow));
  require(!tokens.decode_next(text, kKind, kNow));
}

void check_iterator(kinesis::Tokens& tokens, ByteReader reader) {
  const auto at = reader.take<std::uint32_t>();
  kinesis::ShardIterator iterator;
  iterator.issued = kNow;
  iterator.stream_id = reader.take<std::uint32_t>();
  iterator.shard_index = reader.take<std::uint32_t>();
  iterator.from.kind = static_cast<streams::ReadFrom::Kind>(reader.take<std::uint8_t>() % 3);
  iterator.from.position = reader.take<std::uint64_t>();
  iterator.stream = {"000000000000", "us-east-1", std::string(reader.rest())};
  const std::string token = tokens.encode(iterator);
  const auto read = tokens.decode_iterator(token, kNow);
  require(read && read->stream == iterator.stream && read->stream_id == iterator.stream_id);
  require(read->shard_index == iterator.shard_index && read->from.kind == iterator.from.kind);
  require(read->from.position == iterator.from.position);
  require(!tokens.decode_iterator(changed(token, at), kNow));
  require(
      !tokens.decode_iterator(token, kNow + kinesis::kTokenLife + std::chrono::milliseconds(1)));
  require(!tokens.decode_next(token, kKind, kNow));
}

void check_next(kinesis::Tokens& tokens, ByteReader reader) {
  const auto at = reader.take<std::uint32_t>();
  kinesis::NextToken next;
  next.kind = kKind;
  next.issued = kNow;
  next.stream_id = reader.take<std::uint32_t>();
  next.last = reader.take_bytes(reader.rest().size() / 2);
  next.detail = reader.rest();
  const std::string token = tokens.encode(next);
  const auto read = tokens.decode_next(token, kKind, kNow);
  require(read && read->stream_id == next.stream_id && read->last == next.last);
  require(read->detail == next.detail);
  require(!tokens.decode_next(token, "ListStreams", kNow));
  require(!tokens.decode_next(changed(token, at), kKind, kNow));
  require(!tokens.decode_iterator(token, kNow));
}

}  // namespace

void run(std::string_view input) {
  static SeededRandom random(1);
  static const Sealer sealer(SealKey{1}, random);
  static kinesis::Tokens tokens(sealer);
  check_foreign(tokens, input);
  check_iterator(tokens, ByteReader(input));
  check_next(tokens, ByteReader(input));
}

}  // namespace millrace::fuzz
