#include "server/stream_metrics.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "base/metrics.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "streams/account_limits.h"
#include "streams/catalogue.h"
#include "streams/maintenance.h"
#include "streams/record.h"
#include "streams/stream.h"
#include "tests/streams/catalogue_fixture.h"

namespace millrace::server {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1'700'000'000'000ms};

class StreamMetricsTest : protected streams::CatalogueFixture {
 protected:
  StreamMetricsTest() : CatalogueFixture(kStart) {}

  streams::StreamPointer make(const std::string& name, const std::string& region = "us-east-1") {
    streams::NewStream wanted;
    wanted.key = {"000000000000", region, name};
    REQUIRE(catalogue_->create(wanted));
    return *catalogue_->find(wanted.key);
  }

  void put(streams::Stream& stream, std::string_view data) {
    streams::NewRecord record;
    record.partition_key = "k";
    record.data = data;
    const std::array records{record};
    REQUIRE(stream.put(records, storage::When::kNow));
  }

  std::string scrape() {
    std::string out;
    MetricsText text(out);
    metrics_->write(text, {engine_, clock_, *catalogue_});
    return out;
  }

  // The value of a line; "none" if it is not there.
  static std::string value(const std::string& text, std::string_view metric,
                           std::string_view labels) {
    const std::string begin = "\n" + std::string(metric) + "{" + std::string(labels) + "} ";
    const std::size_t at = text.find(begin);
    if (at == std::string::npos) return "none";
    const std::size_t from = at + begin.size();
    return text.substr(from, text.find('\n', from) - from);
  }

  std::unique_ptr<StreamMetrics> metrics_ = std::make_unique<StreamMetrics>(2);
};

constexpr std::string_view kA = R"(account="000000000000",region="us-east-1",stream="a")";
constexpr std::string_view kBilling =
    R"(account="000000000000",region="us-east-1",stream="a",consumer="billing")";
constexpr std::string_view kRest = R"(account="000000000000",region="us-east-1",stream="*")";

}  // namespace

TEST_CASE_FIXTURE(StreamMetricsTest, "a stream's lines say what came, went and lies there") {
  const auto stream = make("a");
  CHECK(value(scrape(), "millrace_stream_oldest_record_age_seconds", kA) == "none");
  put(*stream, "12345");
  clock_.advance(2500ms);
  put(*stream, "123");
  stream->meter().note_read("", 0, 2, 10, 1500);
  stream->meter().note_read("billing", 0, 2, 10, 20);

  const std::string text = scrape();

  CHECK(value(text, "millrace_stream_incoming_records_total", kA) == "2");
  CHECK(value(text, "millrace_stream_incoming_bytes_total", kA) == "10");
  CHECK(value(text, "millrace_stream_outgoing_records_total", kA) == "4");
  CHECK(value(text, "millrace_stream_outgoing_bytes_total", kA) == "20");
  CHECK(value(text, "millrace_stream_stored_bytes", kA) != "0");
  CHECK(value(text, "millrace_stream_oldest_record_age_seconds", kA) == "2.5");
  CHECK(value(text, "millrace_stream_lag_seconds", kA) == "1.5");
  CHECK(value(text, "millrace_consumer_lag_seconds", kBilling) == "0.02");
}

TEST_CASE_FIXTURE(StreamMetricsTest,
                  "the oldest age follows what is trimmed and never passes retention") {
  const auto stream = make("a");
  put(*stream, "old");
  clock_.advance(20h);
  put(*stream, "new");
  CHECK(value(scrape(), "millrace_stream_oldest_record_age_seconds", kA) == "72000");

  clock_.advance(5h);  // The first has expired; nobody has trimmed it yet.
  CHECK(value(scrape(), "millrace_stream_oldest_record_age_seconds", kA) == "86399.999");
  streams::expire(*catalogue_, engine_);
  CHECK(value(scrape(), "millrace_stream_oldest_record_age_seconds", kA) == "18000");
}

TEST_CASE_FIXTURE(StreamMetricsTest, "streams beyond the bound are summed by account and region") {
  std::map<std::string, streams::StreamPointer> made;
  for (const std::string name : {"b", "a", "d", "c"}) made[name] = make(name);
  const auto far = make("e", "eu-west-1");
  for (const auto& [name, stream] : made) put(*stream, "12345");
  put(*far, "1");
  made["c"]->meter().note_read("", 0, 1, 6, 100);
  made["d"]->meter().note_read("", 0, 1, 6, 300);
  clock_.advance(1s);

  const std::string text = scrape();

  // Those made first have lines of their own.
  CHECK(value(text, "millrace_stream_incoming_records_total", kA) == "1");
  CHECK(text.find("stream=\"b\"") != std::string::npos);
  for (const char* name : {"c", "d", "e"}) {
    CHECK(text.find("stream=\"" + std::string(name) + "\"") == std::string::npos);
  }
  CHECK(value(text, "millrace_stream_incoming_records_total", kRest) == "2");
  CHECK(value(text, "millrace_stream_incoming_bytes_total", kRest) == "12");
  CHECK(value(text, "millrace_stream_oldest_record_age_seconds", kRest) == "1");
  CHECK(value(text, "millrace_stream_lag_seconds", kRest) == "0.3");
  CHECK(value(text, "millrace_stream_incoming_records_total",
              R"(account="000000000000",region="eu-west-1",stream="*")") == "1");
}

}  // namespace millrace::server
