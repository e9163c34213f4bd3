#include "streams/stream_meter.h"

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

namespace millrace::streams {

TEST_CASE("a meter adds up what came and went") {
  StreamMeter meter;
  meter.add_in(2, 300);
  meter.add_in(1, 7);
  meter.note_read("", 0, 3, 40, 0);
  meter.note_read("billing", 1, 1, 5, 0);

  const auto totals = meter.totals();
  CHECK(totals.records_in == 3);
  CHECK(totals.bytes_in == 307);
  CHECK(totals.records_out == 4);
  CHECK(totals.bytes_out == 45);
}

TEST_CASE(
    "the last read of a shard says how far its reader is behind, and the worst shard counts") {
  StreamMeter meter;
  CHECK(meter.millis_behind().empty());
  meter.note_read("", 0, 0, 0, 5'000);
  meter.note_read("", 1, 0, 0, 200);
  meter.note_read("billing", 0, 0, 0, 70);
  CHECK(meter.millis_behind().at("") == 5'000);
  CHECK(meter.millis_behind().at("billing") == 70);

  meter.note_read("", 0, 0, 0, 0);
  CHECK(meter.millis_behind().at("") == 200);
}

TEST_CASE("readers of shards and consumers that are gone are forgotten") {
  StreamMeter meter;
  meter.note_read("", 0, 0, 0, 10);
  meter.note_read("", 1, 0, 0, 20);
  meter.note_read("billing", 1, 0, 0, 30);

  meter.forget_readers([](std::string_view consumer, std::uint32_t shard) {
    return consumer.empty() && shard == 0;
  });

  const auto behind = meter.millis_behind();
  CHECK(behind.size() == 1);
  CHECK(behind.at("") == 10);
}

TEST_CASE("no more readers are noted than the bound, and those that are go on") {
  StreamMeter meter;
  for (std::uint32_t shard = 0; shard < StreamMeter::kReadersMax; ++shard) {
    meter.note_read("", shard, 0, 0, 1);
  }
  meter.note_read("late", 0, 1, 0, 99);
  meter.note_read("", 3, 0, 0, 50);

  CHECK_FALSE(meter.millis_behind().contains("late"));
  CHECK(meter.millis_behind().at("") == 50);
  CHECK(meter.totals().records_out == 1);
  meter.forget_readers([](std::string_view, std::uint32_t shard) { return shard != 7; });
  meter.note_read("late", 0, 0, 0, 99);
  CHECK(meter.millis_behind().at("late") == 99);
}

}  // namespace millrace::streams
