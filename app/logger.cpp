#include "app/logger.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "server/log_line.h"
#include "server/log_writer.h"

namespace millrace::app {
namespace {

class WriterSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  WriterSink(server::LogWriter& writer, server::LogFormat format)
      : writer_(writer), format_(format) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string_view level_text(level.data(), level.size());
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string line;
    if (format_ == server::LogFormat::kJson) {
      server::add_json_text(line, "time", server::wall_time());
      server::add_json_text(line, "level", level_text);
      server::add_json_text(line, "message", text);
      line += '}';
    } else {
      line = server::wall_time() + " " + std::string(level_text) + ": " + std::string(text);
    }
    line += '\n';
    writer_.write(line);
  }
  void flush_() override {}

 private:
  server::LogWriter& writer_;
  const server::LogFormat format_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(server::LogWriter& writer, server::LogFormat format,
                                            const std::string& level) {
  auto logger =
      std::make_shared<spdlog::logger>("millrace", std::make_shared<WriterSink>(writer, format));
  logger->set_level(spdlog::level::from_str(level));
  return logger;
}

}  // namespace millrace::app
