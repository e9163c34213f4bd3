#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "bench/exchange.h"

namespace millrace::bench {
namespace {

constexpr std::size_t kBufferBytes = 256UL * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// The value of a header field, without the blanks before it.
std::optional<std::string_view> field_of(std::string_view head, std::string_view name) {
  const auto found =
      std::search(head.begin(), head.end(), name.begin(), name.end(),
                  [](char a, char b) { return a == b || (a >= 'A' && (a | 0x20) == b); });
  if (found == head.end()) return std::nullopt;
  std::string_view rest = head.substr(static_cast<std::size_t>(found - head.begin()) + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest.substr(0, rest.find('\r'));
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class Http1Exchange final : public Exchange {
 public:
  void begin(std::string_view request) override {
    unsent_ = request;
    have_ = body_at_ = 0;
  }

  std::string_view outgoing() override { return unsent_; }
  void sent(std::size_t count) override { unsent_.remove_prefix(count); }

  std::span<char> room() override {
    if (have_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    return std::span(buffer_).subspan(have_);
  }

  std::optional<Answer> receive(std::size_t count) override {
    have_ += count;
    if (body_at_ == 0 && !read_head()) return std::nullopt;
    if (!size_ || have_ < *size_) return std::nullopt;
    return answer();
  }

  Answer end() override {
    if (body_at_ == 0 || size_) throw std::runtime_error("the server closed the connection");
    return answer();
  }

 private:
  // False if there is more to come.
  bool read_head() {
    const std::size_t found = std::string_view(buffer_.data(), have_).find(kHeadEnd);
    if (found == std::string_view::npos) return false;
    body_at_ = found + kHeadEnd.size();
    const std::string_view head(buffer_.data(), body_at_);
    status_ = static_cast<int>(number_of(head.substr(9, 3)));  // HTTP/1.1 200 …
    const auto length = field_of(head, "\r\ncontent-length:");
    const auto connection = field_of(head, "\r\nconnection:");
    is_last_ = connection && (*connection == "close" || *connection == "Close");
    if (!length && !is_last_) throw std::runtime_error("an answer without Content-Length");
    size_.reset();
    if (length) size_ = body_at_ + number_of(*length);
    if (size_ && *size_ > buffer_.size()) buffer_.resize(*size_);
    return true;
  }

  [[nodiscard]] Answer answer() const {
    return {.status = status_,
            .size_bytes = have_,
            .body = std::string_view(buffer_.data(), have_).substr(body_at_),
            .is_last = is_last_};
  }

  std::string_view unsent_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
  std::size_t have_ = 0;     // Of the answer.
  std::size_t body_at_ = 0;  // Behind its head; 0 before that has come.
  int status_ = 0;
  std::optional<std::size_t> size_;  // Nothing where the end of the connection is that of the body.
  bool is_last_ = false;
};

}  // namespace

std::unique_ptr<Exchange> http1_exchange() { return std::make_unique<Http1Exchange>(); }

}  // namespace millrace::bench
