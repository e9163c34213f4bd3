#include "server/refusal_watch.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

namespace millrace::server {
namespace {

class RefusalWatchTest {
 protected:
  RefusalWatchTest() { log_.set_pattern("%l: %v"); }

  // What was said since the last call.
  std::string said() {
    std::string text = lines_.str();
    lines_.str("");
    return text;
  }

  void look(int times) {
    for (int i = 0; i < times; ++i) watch_.look();
  }

  std::ostringstream lines_;
  spdlog::logger log_{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(lines_)};
  RefusalWatch watch_{log_};
};

}  // namespace

TEST_CASE_FIXTURE(RefusalWatchTest, "a beginning and an end have one line each") {
  std::optional<std::string> reason;
  watch_.add("writes", [&] { return reason; });

  look(3);
  CHECK(said().empty());
  reason = "The budget is used up.";
  look(10);
  CHECK(said() == "warning: writes are refused: The budget is used up.\n");
  reason.reset();
  look(RefusalWatch::kQuietLooks - 1);
  CHECK(said().empty());
  look(10);
  CHECK(said() == "info: writes are accepted again\n");
}

TEST_CASE_FIXTURE(RefusalWatchTest, "refusals now and then are one time of refusing") {
  std::uint64_t refused = 0;
  watch_.count("requests", "there is no room", [&] { return refused; });

  look(1);
  for (int i = 0; i < 20; ++i) {
    ++refused;
    look(RefusalWatch::kQuietLooks - 1);
  }
  CHECK(said() == "warning: requests are refused: there is no room\n");
  look(2);
  CHECK(said() == "info: requests are accepted again\n");
  ++refused;
  look(1);
  CHECK(said() == "warning: requests are refused: there is no room\n");
}

}  // namespace millrace::server
