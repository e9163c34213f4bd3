#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include "bench/exchange.h"

namespace millrace::bench {
namespace {

constexpr std::size_t kBufferBytes = 256UL * 1024;
// What may come without being asked for, as client libraries have it.
constexpr std::int32_t kWindowBytes = 1 << 20;

std::string_view to_view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv to_field(std::string_view name, std::string_view value) {
  const auto* name_bytes = reinterpret_cast<const std::uint8_t*>(name.data());
  const auto* value_bytes = reinterpret_cast<const std::uint8_t*>(value.data());
  // The library copies both, makes the name's copy lower case, and changes neither.
  return {const_cast<std::uint8_t*>(name_bytes), const_cast<std::uint8_t*>(value_bytes),
          name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// What stands before `mark`, which is taken off as well.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + mark.size(), text.size()));
  return taken;
}

class Http2Exchange final : public Exchange {
 public:
  Http2Exchange() {
    nghttp2_session_callbacks* made_callbacks = nullptr;
    nghttp2_session_callbacks_new(&made_callbacks);
    const std::unique_ptr<nghttp2_session_callbacks, void (*)(nghttp2_session_callbacks*)>
        callbacks(made_callbacks, nghttp2_session_callbacks_del);
    nghttp2_session_callbacks_set_on_header_callback(made_callbacks, &on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made_callbacks, &on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made_callbacks, &on_close);
    nghttp2_session* made = nullptr;
    nghttp2_session_client_new(&made, made_callbacks, this);
    session_.reset(made);
    const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kWindowBytes);
  }

  void begin(std::string_view request) override {
    std::string_view head = take_until(request, "\r\n\r\n");
    body_ = request;
    answer_.clear();
    status_ = 0;
    is_answered_ = false;

    std::string_view line = take_until(head, "\r\n");
    const std::string_view method = take_until(line, " ");
    const std::string_view path = take_until(line, " ");
    std::vector<nghttp2_nv> fields = {to_field(":method", method), to_field(":scheme", "http"),
                                      to_field(":path", path)};
    constexpr std::size_t kAuthorityAt = 3;  // Before all names without a colon.
    while (!head.empty()) {
      std::string_view value = take_until(head, "\r\n");
      const std::string_view name = take_until(value, ": ");
      if (name == "Host") {
        fields.insert(fields.begin() + kAuthorityAt, to_field(":authority", value));
      } else {
        fields.push_back(to_field(name, value));
      }
    }
    nghttp2_data_provider body{};
    body.read_callback = &on_read;
    const auto id = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                           &body, nullptr);
    if (id < 0) throw std::runtime_error(nghttp2_strerror(id));
  }

  std::string_view outgoing() override {
    if (sent_ == outgoing_.size()) {
      outgoing_.clear();
      sent_ = 0;
      const std::uint8_t* bytes = nullptr;
      for (ssize_t size = 1; size > 0 && outgoing_.size() < kBufferBytes;) {
        size = nghttp2_session_mem_send(session_.get(), &bytes);
        if (size > 0) outgoing_ += to_view(bytes, static_cast<std::size_t>(size));
      }
    }
    return std::string_view(outgoing_).substr(sent_);
  }

  void sent(std::size_t count) override { sent_ += count; }

  std::span<char> room() override { return buffer_; }

  std::optional<Answer> receive(std::size_t count) override {
    const auto taken = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(buffer_.data()), count);
    if (taken < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(taken)));
    if (!std::exchange(is_answered_, false)) return std::nullopt;
    return Answer{.status = status_, .size_bytes = answer_.size(), .body = answer_};
  }

  Answer end() override { throw std::runtime_error("the server closed the connection"); }

 private:
  static Http2Exchange& of(void* user_data) { return *static_cast<Http2Exchange*>(user_data); }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* user_data) {
    if (to_view(name, name_size) != ":status") return 0;
    const std::string_view digits = to_view(value, value_size);
    std::from_chars(digits.data(), digits.data() + digits.size(), of(user_data).status_);
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t /*id*/,
                     const std::uint8_t* bytes, std::size_t size, void* user_data) {
    of(user_data).answer_ += to_view(bytes, size);
    return 0;
  }

  // A stream that was reset has no status, or half an answer.
  static int on_close(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint32_t error,
                      void* user_data) {
    Http2Exchange& self = of(user_data);
    self.is_answered_ = true;
    if (error != NGHTTP2_NO_ERROR) self.status_ = 0;
    return 0;
  }

  static ssize_t on_read(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* buffer,
                         std::size_t size, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                         void* user_data) {
    std::string_view& body = of(user_data).body_;
    const std::size_t count = std::min(size, body.size());
    std::memcpy(buffer, body.data(), count);
    body.remove_prefix(count);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_{nullptr,
                                                                        nghttp2_session_del};
  std::string_view body_;  // Of the request, what is left to hand over.
  std::string outgoing_;
  std::size_t sent_ = 0;  // Of `outgoing_`.
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
  int status_ = 0;
  std::string answer_;
  bool is_answered_ = false;
};

}  // namespace

std::unique_ptr<Exchange> http2_exchange() { return std::make_unique<Http2Exchange>(); }

}  // namespace millrace::bench
