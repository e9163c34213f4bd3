#include "streams/sequence_number.h"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace millrace::streams {

TEST_CASE("numbers of the service are read as what they hold") {
  struct Row {
    const char* text;
    SequenceNumber number;
  };
  const std::vector<Row> rows = {
      {"49592592288669974188510550010873737925033238827737546754",
       {2, 1549093360, 0, 0, 1549093360}},
      {"49647060812288014558888668248263847763900017820167045122",
       {2, 1701746677, 0, 26054, 1701760152}},
      {"49674026002850188218576229259473476449429298564223254594",
       {2, 1777319237, 3076, 0x50ccb9d26, 1777320018}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_sequence_number(row.text);
    REQUIRE(parsed);
    CHECK(parsed->version == row.number.version);
    CHECK(parsed->creation_second == row.number.creation_second);
    CHECK(parsed->shard_index == row.number.shard_index);
    CHECK(parsed->index == row.number.index);
    CHECK(parsed->second == row.number.second);
    CHECK(to_decimal(*parsed) == row.text);
  }
}

TEST_CASE("a number has 56 digits and is read back as it was written") {
  CHECK(rc::check("round trip", [] {
    SequenceNumber number;
    number.creation_second = *rc::gen::inRange<std::int64_t>(1'500'000'000, 4'000'000'000);
    number.second = number.creation_second + *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    number.shard_index = *rc::gen::inRange<std::int64_t>(0, 2147483647);
    number.index = *rc::gen::inRange<std::uint64_t>(0, kEndIndex);
    const std::string text = to_decimal(number);
    RC_ASSERT(text.size() == 56U);
    RC_ASSERT(parse_sequence_number(text) == number);
  }));
}

TEST_CASE("numbers printed one after the other are those printed alone") {
  CHECK(rc::check("runs of numbers", [] {
    SequencePrinter printer;
    SequenceNumber number{2, 1'700'000'000, 3, 0, 1'700'000'000};
    // Where groups of digits carry: any index will do, so that runs are long enough.
    number.index = *rc::gen::inRange<std::uint64_t>(0, kEndIndex - 1000);
    const int count = *rc::gen::inRange(1, 400);
    for (int i = 0; i < count; ++i) {
      const std::string text(printer.print(number));
      RC_ASSERT(parse_sequence_number(text) == number);
      RC_ASSERT(text == to_decimal(number));
      ++number.index;
    }
    ++number.second;
    RC_ASSERT(std::string(printer.print(number)) == to_decimal(number));
  }));
}

TEST_CASE("numbers compare as text in the order of index, then second") {
  const SequenceNumber first{2, 1'700'000'000, 3, 7, 1'700'000'100};
  SequenceNumber second = first;
  second.index = 8;
  second.second = first.second - 50;
  SequenceNumber third = second;
  third.second += 1;

  CHECK(to_decimal(first) < to_decimal(second));
  CHECK(to_decimal(second) < to_decimal(third));
  CHECK(is_before(first, second));
  CHECK(is_before(second, third));
}

TEST_CASE("neighbour shards of one creation differ as the service's do") {
  const SequenceNumber shard_0{2, 1'700'000'000, 0, 0, 1'700'000'000};
  SequenceNumber shard_1 = shard_0;
  shard_1.shard_index = 1;

  const std::string a = to_decimal(shard_0);
  const std::string b = to_decimal(shard_1);

  // The difference, 2^144 + 16, begins at the 12th digit and ends with 0432.
  CHECK(a.substr(0, 11) == b.substr(0, 11));
  CHECK((std::stoul(b.substr(52)) + 10000 - std::stoul(a.substr(52))) % 10000 == 432);
}

TEST_CASE("small numbers are of version 0") {
  const auto zero = parse_sequence_number("0");
  const auto five = parse_sequence_number("5");

  REQUIRE(zero);
  REQUIRE(five);
  CHECK(zero->version == 0);
  CHECK(zero->shard_index == 0);
  CHECK(five->shard_index == 5);
}

TEST_CASE("what the service cannot have given is no number") {
  const std::vector<std::string> texts = {
      "",
      "x",
      "-1",
      "1" + std::string(60, '0'),
      std::string(129, '9'),
      std::string(200, '9'),
      // The first digits are right, the version is 3.
      "49592592288669974188510550010873737925033238827737546755",
      // A negative index.
      "49592592288725725050324118840266116405024000129738899458" + std::string(1, '0'),
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK_FALSE(parse_sequence_number(text));
  }
}

TEST_CASE("a shard index above 2^31 is negative") {
  SequenceNumber number{2, 1'700'000'000, -2147483648LL, 0, 1'700'000'000};

  const auto parsed = parse_sequence_number(to_decimal(number));

  REQUIRE(parsed);
  CHECK(parsed->shard_index == -2147483648LL);
}

}  // namespace millrace::streams
