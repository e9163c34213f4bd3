#include "api/kinesis/tokens.h"

#include <cstddef>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "streams/errors.h"

namespace millrace::kinesis {
namespace {

using namespace std::chrono_literals;

const TimePoint kNow = time_from_millis(1'421'889'722'000);  // Thu Jan 22 01:22:02 UTC 2015

class TokensTest {
 protected:
  static ShardIterator iterator(std::string name = "orders") {
    ShardIterator made;
    made.issued = kNow;
    made.stream_id = 7;
    made.stream = {"000000000000", "us-east-1", std::move(name)};
    made.shard_index = 3;
    made.from = {streams::ReadFrom::Kind::kPosition, 42, {}};
    return made;
  }

  SeededRandom random_{1};
  SealKey key_{1, 2, 3};
  Sealer sealer_{key_, random_};
  Tokens tokens_{sealer_};
};

}  // namespace

TEST_CASE_FIXTURE(TokensTest, "an iterator comes back as it was made") {
  const auto decoded = tokens_.decode_iterator(tokens_.encode(iterator()), kNow);

  REQUIRE(decoded);
  CHECK(decoded->stream_id == 7);
  CHECK(decoded->stream.name == "orders");
  CHECK(decoded->shard_index == 3);
  CHECK(decoded->from.position == 42);
}

TEST_CASE_FIXTURE(TokensTest,
                  "an iterator has the service's shape, whatever the stream is called") {
  for (const std::size_t length : {1U, 20U, 64U, 128U}) {
    const std::string text = tokens_.encode(iterator(std::string(length, 'n')));
    const auto bytes = from_base64(text);
    REQUIRE(bytes);
    CHECK(text.size() <= 512);
    CHECK((bytes->size() - 152) % 16 == 0);
    CHECK(bytes->substr(0, 8) == std::string("\0\0\0\0\0\0\0\1", 8));
    CHECK(tokens_.decode_iterator(text, kNow));
  }
}

TEST_CASE_FIXTURE(TokensTest, "quotes around an iterator are passed over") {
  CHECK(tokens_.decode_iterator('"' + tokens_.encode(iterator()) + '"', kNow));
}

TEST_CASE_FIXTURE(TokensTest,
                  "an iterator is good for five minutes, the last millisecond included") {
  const std::string text = tokens_.encode(iterator());

  CHECK(tokens_.decode_iterator(text, kNow + 300'000ms));
  const auto expired = tokens_.decode_iterator(text, kNow + 300'001ms);
  REQUIRE_FALSE(expired);
  CHECK(expired.error().code == streams::kExpiredIterator);
  CHECK(expired.error().message ==
        "Iterator expired. The iterator was created at time Thu Jan 22 01:22:02 UTC 2015 while "
        "right now it is Thu Jan 22 01:27:02 UTC 2015 which is further in the future than the "
        "tolerated delay of 300000 milliseconds.");
}

TEST_CASE_FIXTURE(TokensTest, "a token lives on when the clock is set back") {
  CHECK(tokens_.decode_iterator(tokens_.encode(iterator()), kNow - 1h));
  kinesis::NextToken token;
  token.kind = "ListShards";
  token.issued = kNow;
  CHECK(tokens_.decode_next(tokens_.encode(token), "ListShards", kNow - 1h));
}

TEST_CASE_FIXTURE(TokensTest, "an iterator changed in any byte is invalid") {
  const std::string text = tokens_.encode(iterator());
  const auto bytes = from_base64(text);
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    std::string changed = *bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(tokens_.decode_iterator(to_base64(changed), kNow));
  }
}

TEST_CASE_FIXTURE(TokensTest, "an iterator of another store is invalid") {
  const Sealer other_sealer(SealKey{9}, random_);
  const Tokens other(other_sealer);

  CHECK_FALSE(other.decode_iterator(tokens_.encode(iterator()), kNow));
}

TEST_CASE_FIXTURE(TokensTest, "a next token is bound to its operation and expires") {
  NextToken token;
  token.kind = "ListShards";
  token.issued = kNow;
  token.last = "shardId-000000000009";
  token.detail = std::string("\0binary", 7);
  const std::string text = tokens_.encode(token);

  const auto decoded = tokens_.decode_next(text, "ListShards", kNow + 300s);
  REQUIRE(decoded);
  CHECK(decoded->last == token.last);
  CHECK(decoded->detail == token.detail);
  CHECK(tokens_.decode_next(text, "ListStreams", kNow).error().message == "Invalid NextToken.");
  CHECK(tokens_.decode_next(text, "ListShards", kNow + 301s).error().code ==
        streams::kExpiredNextToken);
  CHECK_FALSE(tokens_.decode_iterator(text, kNow));
  CHECK_FALSE(tokens_.decode_next(tokens_.encode(iterator()), "ListShards", kNow));
}

}  // namespace millrace::kinesis
