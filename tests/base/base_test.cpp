#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/gzip.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/uint128.h"

namespace millrace {

TEST_CASE("base64 is that of RFC 4648") {
  struct Row {
    const char* bytes;
    const char* text;
  };
  for (const Row& row : std::vector<Row>{{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}}) {
    CAPTURE(row.bytes);
    CHECK(to_base64(row.bytes) == row.text);
    CHECK(from_base64(row.text) == std::string(row.bytes));
  }
}

TEST_CASE("base64 that is not canonical is refused") {
  for (const char* text :
       {"Zg=", "Zg", "Z", "Zh==", "Zm9=", "Zg=a", "=g==", "Z g=", "Zm8=Zg==", "Zm9v\n", "Zm-_"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

// One digit at a time, as RFC 4648 §4 describes it.
std::string plain_base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    unsigned digit = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const unsigned byte = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0U;
      digit = digit << 1U | (byte >> (7 - i % 8) & 1U);
    }
    text.push_back(kDigits[digit]);
  }
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

// Long enough for the code that takes many bytes at once, and of every length around its steps.
TEST_CASE("any bytes survive base64") {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    CAPTURE(size);
    std::string bytes(size, '\0');
    random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    CHECK(to_base64(bytes) == plain_base64(bytes));
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}

TEST_CASE("a character that is no digit is refused wherever it stands") {
  const std::string text = to_base64(std::string(150, 'x'));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = text;
      changed[i] = static_cast<char>(c);
      const bool is_digit = std::isalnum(c) != 0 || c == '+' || c == '/';
      if (from_base64(changed).has_value() != is_digit) {
        CAPTURE(i);
        CAPTURE(c);
        CHECK(from_base64(changed).has_value() == is_digit);
      }
    }
  }
}

TEST_CASE("many texts are hashed as one by one") {
  SeededRandom random(2);
  std::vector<std::string> texts;
  for (std::size_t size = 0; size < 300; ++size) {
    std::string& text = texts.emplace_back(size % 64, '\0');
    random.fill({reinterpret_cast<unsigned char*>(text.data()), text.size()});
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 300U}) {
    const auto numbers = md5_numbers(std::span(views).first(count));
    REQUIRE(numbers.size() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK(numbers[i] == md5_number(views[i]));
  }
}

TEST_CASE("128-bit numbers are read and written in decimal") {
  CHECK(to_decimal(0) == "0");
  CHECK(to_decimal(kUint128Max) == "340282366920938463463374607431768211455");
  CHECK(parse_uint128("340282366920938463463374607431768211455") == kUint128Max);
  for (const char* text : {"", "-1", "1a", "340282366920938463463374607431768211456",
                           "999999999999999999999999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_uint128(text));
  }
}

TEST_CASE("CRC-32C is Castagnoli's, also piece by piece") {
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283U);
  CHECK(crc32c("") == 0);
}

TEST_CASE("CRC-32C of any length is that of its bits, one after the other") {
  SeededRandom random(7);
  std::string bytes(5000, 0);
  random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  std::uint32_t state = ~0U;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    REQUIRE(crc32c(std::string_view(bytes).substr(0, size)) == ~state);
    state ^= static_cast<unsigned char>(bytes[size]);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1U) ^ ((state & 1U) != 0 ? 0x82f63b78U : 0);
  }
  CHECK(crc32c(std::string_view(bytes).substr(3), crc32c(std::string_view(bytes).substr(0, 3))) ==
        ~state);
}

TEST_CASE("SHA-256 is that of FIPS 180-4, its HMAC that of RFC 4231") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac_sha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("a comparison in constant time compares every byte") {
  CHECK(equals_in_constant_time("", ""));
  CHECK(equals_in_constant_time("abc", "abc"));
  for (const char* other : {"", "ab", "abcd", "Abc", "aBc", "abC"}) {
    CAPTURE(other);
    CHECK_FALSE(equals_in_constant_time("abc", other));
  }
}

TEST_CASE("a sealed text opens with its key and label, and with nothing else") {
  SeededRandom random(1);
  SealKey key{};
  random.fill(key);
  const std::string sealed = seal(key, "label", "plain text", random);

  CHECK(unseal(key, "label", sealed) == "plain text");
  CHECK_FALSE(unseal(key, "other", sealed));
  SealKey other = key;
  other[0] ^= 1U;
  CHECK_FALSE(unseal(other, "label", sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    CHECK_FALSE(unseal(key, "label", changed));
  }
  CHECK_FALSE(unseal(key, "label", sealed.substr(0, 27)));
}

TEST_CASE("big-endian numbers survive, and reading past the end is noticed") {
  std::string bytes;
  append_big_endian(bytes, std::uint32_t{0x01020304});
  append_text(bytes, "ab");
  ByteReader reader(bytes);

  CHECK(reader.take<std::uint32_t>() == 0x01020304);
  CHECK(reader.take_text() == "ab");
  CHECK(reader.ok());
  CHECK(reader.at_end());
  CHECK(reader.take<std::uint8_t>() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("gzip is unpacked up to a bound") {
  // printf hello | gzip -n
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05"
      "\x00\x00\x00",
      25);

  CHECK(gunzip(packed, 5) == "hello");
  CHECK(gunzip(packed, 100) == "hello");
  CHECK(gunzip(packed, 4).error() == GunzipError::kTooLarge);
  CHECK(gunzip(packed, 0).error() == GunzipError::kTooLarge);
  CHECK(gunzip(packed + "x", 5).error() == GunzipError::kDamaged);
  CHECK(gunzip("hello", 5).error() == GunzipError::kDamaged);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    CAPTURE(size);
    CHECK(gunzip(packed.substr(0, size), 5).error() == GunzipError::kDamaged);
  }
}

TEST_CASE("what gzip packs it unpacks") {
  std::string large;
  for (int i = 0; i < 200'000; ++i) large += std::to_string(i);
  for (const std::string& text : {std::string{}, std::string("hello"), large}) {
    const std::string packed = gzip(text);
    CHECK(gunzip(packed, large.size()) == text);
  }
  CHECK(gzip(large).size() < large.size() / 2);
}

TEST_CASE("a UUID has its usual form") {
  SeededRandom random(1);
  const std::string id = random_uuid(random);

  REQUIRE(id.size() == 36);
  CHECK(id[8] == '-');
  CHECK(id[14] == '4');
  CHECK(id != random_uuid(random));
}

TEST_CASE("metrics are written in the Prometheus text format") {
  Metrics metrics;
  metrics.counter("calls_total", "Calls.", "operation=\"A\"").add(3);
  metrics.gauge("open", "Open things.", [] { return 2.5; });
  metrics.histogram("seconds", "Time.").observe(std::chrono::milliseconds(2));

  const std::string text = metrics.render();

  CHECK(text.find("# HELP calls_total Calls.\n# TYPE calls_total "
                  "counter\ncalls_total{operation=\"A\"} 3\n") != std::string::npos);
  CHECK(text.find("open 2.5\n") != std::string::npos);
  CHECK(text.find("seconds_bucket{le=\"0.001\"} 0\n") != std::string::npos);
  CHECK(text.find("seconds_bucket{le=\"0.01\"} 1\n") != std::string::npos);
  CHECK(text.find("seconds_bucket{le=\"+Inf\"} 1\n") != std::string::npos);
  CHECK(text.find("seconds_count 1\n") != std::string::npos);
}

TEST_CASE("metrics that are gathered when they are asked for stand behind the others") {
  Metrics metrics;
  metrics.histogram("idle_seconds", "Time.");
  metrics.counter("calls_total", "Calls.");
  metrics.add_writer([&](MetricsText& text) {
    metrics.counter("late_total", "What counts meanwhile waits for nobody.").add();
    text.begin("size_bytes", "Sizes.", "gauge");
    text.sample("name=\"a\"", std::uint64_t{18'446'744'073'709'551'615U});
    text.sample({}, 0.25);
  });

  CHECK(metrics.render() ==
        "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 0\n"
        "# HELP idle_seconds Time.\n# TYPE idle_seconds histogram\n"
        "# HELP size_bytes Sizes.\n# TYPE size_bytes gauge\n"
        "size_bytes{name=\"a\"} 18446744073709551615\nsize_bytes 0.25\n");
}

}  // namespace millrace
