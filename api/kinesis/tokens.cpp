#include "api/kinesis/tokens.h"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "streams/errors.h"
#include "streams/stream.h"

namespace millrace::kinesis {
namespace {

constexpr std::string_view kIteratorLabel{"\0\0\0\0\0\0\0\1", 8};
constexpr std::string_view kNextLabel{"\0\0\0\0\0\0\0\2", 8};
constexpr std::size_t kIteratorBytesMin = 152;
constexpr std::size_t kIteratorStep = 16;
constexpr std::size_t kOverhead = 8 + kSealNonceBytes + kSealTagBytes;

void put_time(std::string& out, TimePoint time) {
  append_big_endian(out, static_cast<std::uint64_t>(millis_of(time)));
}

TimePoint take_time(ByteReader& reader) {
  return time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
}

void put_stream(std::string& out, std::uint32_t id, const streams::StreamKey& key) {
  append_big_endian(out, id);
  append_text(out, key.scope.account);
  append_text(out, key.scope.region);
  append_text(out, key.name);
}

void take_stream(ByteReader& reader, std::uint32_t& id, streams::StreamKey& key) {
  id = reader.take<std::uint32_t>();
  key.scope.account = reader.take_text();
  key.scope.region = reader.take_text();
  key.name = reader.take_text();
}

std::string sealed_text(const Sealer& sealer, std::string_view label, std::string_view plain) {
  return to_base64(std::string(label) + sealer.seal(label, plain));
}

std::optional<std::string> open_text(const Sealer& sealer, std::string_view label,
                                     std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || !bytes->starts_with(label)) return std::nullopt;
  return sealer.unseal(label, std::string_view(*bytes).substr(label.size()));
}

// Like `Thu Jan 22 01:22:02 UTC 2015`.
std::string shown_time(TimePoint time) {
  const std::time_t seconds = seconds_of(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &parts);
  return text;
}

std::string expired(std::string_view what, std::string_view named, TimePoint issued,
                    TimePoint now) {
  return std::string(what) + " expired. The " + std::string(named) + " was created at time " +
         shown_time(issued) + " while right now it is " + shown_time(now) +
         " which is further in the future than the tolerated delay of " +
         std::to_string(kTokenLife.count()) + " milliseconds.";
}

}  // namespace

std::string Tokens::encode(const ShardIterator& iterator) const {
  std::string plain;
  put_time(plain, iterator.issued);
  put_stream(plain, iterator.stream_id, iterator.stream);
  append_big_endian(plain, iterator.shard_index);
  append_big_endian(plain, static_cast<std::uint8_t>(iterator.from.kind));
  append_big_endian(plain, iterator.from.position);
  put_time(plain, iterator.from.time);
  std::size_t size = kIteratorBytesMin - kOverhead;
  while (size < plain.size()) size += kIteratorStep;
  plain.resize(size, '\0');
  return sealed_text(sealer_, kIteratorLabel, plain);
}

Result<ShardIterator> Tokens::decode_iterator(std::string_view text, TimePoint now) const {
  const auto invalid = [] { return fail(streams::kInvalidArgument, "Invalid ShardIterator."); };
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  const auto plain = open_text(sealer_, kIteratorLabel, text);
  if (!plain) return invalid();
  ByteReader reader(*plain);
  ShardIterator iterator;
  iterator.issued = take_time(reader);
  take_stream(reader, iterator.stream_id, iterator.stream);
  iterator.shard_index = reader.take<std::uint32_t>();
  const auto kind = reader.take<std::uint8_t>();
  iterator.from.kind = static_cast<streams::ReadFrom::Kind>(kind);
  iterator.from.position = reader.take<std::uint64_t>();
  iterator.from.time = take_time(reader);
  if (!reader.ok() || kind > static_cast<std::uint8_t>(streams::ReadFrom::Kind::kTime)) {
    return invalid();
  }
  // Sealed by us and yet from the future: the clock was set back between two starts.
  if (now - iterator.issued > kTokenLife) {
    return fail(streams::kExpiredIterator, expired("Iterator", "iterator", iterator.issued, now));
  }
  return iterator;
}

std::string Tokens::encode(const NextToken& token) const {
  std::string plain;
  append_text(plain, token.kind);
  put_time(plain, token.issued);
  put_stream(plain, token.stream_id, token.stream);
  append_text(plain, token.last);
  append_text(plain, token.detail);
  return sealed_text(sealer_, kNextLabel, plain);
}

Result<NextToken> Tokens::decode_next(std::string_view text, std::string_view kind,
                                      TimePoint now) const {
  const auto invalid = [] { return fail(streams::kInvalidArgument, "Invalid NextToken."); };
  const auto plain = open_text(sealer_, kNextLabel, text);
  if (!plain) return invalid();
  ByteReader reader(*plain);
  NextToken token;
  token.kind = reader.take_text();
  token.issued = take_time(reader);
  take_stream(reader, token.stream_id, token.stream);
  token.last = reader.take_text();
  token.detail = reader.take_text();
  if (!reader.ok() || !reader.at_end() || token.kind != kind) return invalid();
  if (now - token.issued > kTokenLife) {
    return fail(streams::kExpiredNextToken, expired("NextToken", "token", token.issued, now));
  }
  return token;
}

}  // namespace millrace::kinesis
