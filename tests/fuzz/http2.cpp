// An HTTP/2 connection: the protocol with its budgets, then the session around it. What comes out
// is bounded by what went in, requests are told once and whole, limits hold, and nothing hangs.
//
// The first byte says how the rest is read: as bytes behind the preface, or as frames whose lengths
// are made right, so that inputs get beyond the frame layer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/http2_exchange.h"
#include "net/http2_protocol.h"
#include "net/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/served.h"

namespace millrace::fuzz {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kStreamsMax = 128;
constexpr std::size_t kAnswerBytes = 100;
constexpr std::size_t kUnitsMax = 500;  // A new server after so many.

void append_frame(std::string& out, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  append_big_endian(out, static_cast<std::uint8_t>(payload.size() >> 16U));
  append_big_endian(out, static_cast<std::uint16_t>(payload.size()));
  append_big_endian(out, type);
  append_big_endian(out, flags);
  append_big_endian(out, stream);
  out += payload;
}

// Frames from records of type, flags, stream, length and so many bytes. The types are those that
// there are, and some that there are not.
std::string to_frames(std::string_view records) {
  std::string frames;
  ByteReader reader(records);
  while (!reader.at_end()) {
    const auto type = static_cast<std::uint8_t>(reader.take<std::uint8_t>() % 12);
    const auto flags = reader.take<std::uint8_t>();
    const std::uint32_t stream = reader.take<std::uint8_t>();
    const std::size_t length = reader.take<std::uint8_t>();
    append_frame(frames, type, flags, stream,
                 reader.take_bytes(std::min(length, reader.rest().size())));
  }
  return frames;
}

// What is sent on the connection.
std::string to_connection(std::string_view input) {
  std::string bytes(kPreface);
  append_frame(bytes, 4, 0, 0, {});
  const bool is_raw = static_cast<unsigned char>(input[0]) % 2 != 0;
  input.remove_prefix(1);
  return bytes += is_raw ? std::string(input) : to_frames(input);
}

// What arrived of a stream, as the protocol told it.
struct Told {
  Told(std::int32_t id, const net::Limits& limits, const std::shared_ptr<net::Http2Shares>& shares)
      : stream(id, limits, shares, [] {}) {}

  net::Http2Exchange stream;
  std::size_t header_bytes = 0;
  std::string body;
  std::optional<std::string> length;
  bool has_head = false;
  bool is_whole = false;
  std::size_t answered = 0;
};

// Keeps what it is told, and checks that it fits.
class Listener final : public net::Http2Listener {
 public:
  explicit Listener(const net::Limits& limits) : limits_(limits) {}

  void on_request(std::int32_t id) override {
    require(id > 0 && id % 2 == 1);
    require(seen_.insert(id).second);
    open_.emplace(id, std::make_unique<Told>(id, limits_, shares_));
    require(open_.size() <= kStreamsMax);
  }

  void on_header(std::int32_t id, std::string_view name, std::string_view value) override {
    Told* told = find(id);
    require(told != nullptr && !told->has_head);
    told->header_bytes += name.size() + value.size();
    if (name == "content-length") told->length = value;
    told->stream.add_header(name, value);
  }

  void on_body(std::int32_t id, std::string_view bytes) override {
    Told* told = find(id);
    require(told != nullptr && told->has_head && !told->is_whole);
    told->body += bytes;
    told->stream.add_body(bytes);
  }

  void on_part_end(std::int32_t id, bool is_last) override {
    Told* told = find(id);
    if (told == nullptr) return;
    told->has_head = true;
    if (!is_last) return;
    require(!told->is_whole);
    told->is_whole = true;
    check(*told);
    whole_.push_back(id);
  }

  void on_close(std::int32_t id) override { open_.erase(id); }

  void on_fault(bool /*is_connection*/, std::string_view error) override {
    require(!error.empty());
  }

  Taken take_body(std::int32_t id, std::span<std::uint8_t> space) override {
    Told* told = find(id);
    if (told == nullptr) return {0, true};
    const std::size_t count = std::min(space.size(), kAnswerBytes - told->answered);
    std::memset(space.data(), 'x', count);
    told->answered += count;
    return {count, told->answered == kAnswerBytes};
  }

  // The requests that have become whole since the last call.
  [[nodiscard]] std::vector<std::int32_t> take_whole() { return std::exchange(whole_, {}); }
  [[nodiscard]] bool is_open(std::int32_t id) { return find(id) != nullptr; }
  [[nodiscard]] std::size_t request_count() const { return seen_.size(); }
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  Told* find(std::int32_t id) {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : found->second.get();
  }

  void check(const Told& told) {
    // RFC 9113 §8.1.1: another length is no request.
    require(!told.length || *told.length == std::to_string(told.body.size()) ||
            told.length->starts_with('0') || told.length->empty());
    require(bodies_.taken() <= limits_.inflight_bytes_max);
    std::string text = std::to_string(told.stream.id);
    if (told.stream.is_refused()) {
      requests_.push_back(text + " refused");
      return;
    }
    const net::HttpRequest request = told.stream.request();
    require(request.body == told.body);
    require(request.body.size() <= limits_.body_bytes_max);
    require(told.header_bytes <= limits_.header_bytes_max);
    require(request.headers.size() <= limits_.header_count_max + 1);  // Host, of :authority.
    require(!request.method.empty());
    for (const net::Header& header : request.headers) {
      require(!header.name.empty() && !header.name.starts_with(':'));
      require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
      text.append(" ").append(header.name).append("=").append(header.value);
    }
    requests_.push_back(text + " " + std::string(request.body));
  }

  const net::Limits& limits_;
  net::Budget bodies_{{limits_.inflight_bytes_max, limits_.body_bytes_max}};
  net::Budget answers_{{limits_.answer_bytes_max, limits_.one_answer_bytes_max}};
  std::shared_ptr<net::Http2Shares> shares_ = std::make_shared<net::Http2Shares>(bodies_, answers_);
  std::map<std::int32_t, std::unique_ptr<Told>> open_;
  std::set<std::int32_t> seen_;
  std::vector<std::int32_t> whole_;
  std::vector<std::string> requests_;  // In words.
};

// Answers while bytes come in. What goes out is bounded.
void answer_all(const std::vector<std::string_view>& pieces, const net::Limits& limits) {
  Listener listener(limits);
  net::Http2Protocol protocol(listener, limits);
  std::string out;
  std::size_t sent = 0;
  std::size_t received = 0;
  bool goes_on = true;
  for (const std::string_view piece : pieces) {
    if (!goes_on || !protocol.wants_more()) break;
    received += piece.size();
    goes_on = protocol.receive(piece);
    for (const std::int32_t id : listener.take_whole()) {
      if (listener.is_open(id)) protocol.respond(id, {{":status", "200"}, {"date", "now"}});
    }
    // Refilled, as a reader that takes it all.
    do {
      out.clear();
      protocol.append_outgoing(out, 1024);
      sent += out.size();
    } while (!out.empty());
    // A frame of nine bytes is answered by a reset of thirteen, or an end with words.
    require(sent <= 512 + 2 * received + listener.request_count() * (kAnswerBytes + 100));
  }
  if (!goes_on) require(!protocol.wants_more() || !protocol.has_outgoing());
}

// Only listens; returns the requests in words, or nothing if the connection ended.
std::optional<std::vector<std::string>> requests_of(const std::vector<std::string_view>& pieces,
                                                    const net::Limits& limits) {
  Listener listener(limits);
  net::Http2Protocol protocol(listener, limits);
  std::string out;
  for (const std::string_view piece : pieces) {
    if (!protocol.receive(piece)) return std::nullopt;
    protocol.append_outgoing(out, 1U << 20U);
  }
  if (!protocol.wants_more()) return std::nullopt;
  return listener.requests();
}

}  // namespace

void run(std::string_view input) {
  if (input.empty()) return;
  static const net::Limits kLimits = small_limits();
  const std::string bytes = to_connection(input);
  const std::vector<std::string_view> pieces = cut(bytes);
  answer_all({bytes}, kLimits);
  answer_all(pieces, kLimits);
  const auto whole = requests_of({bytes}, kLimits);
  const auto in_pieces = requests_of(pieces, kLimits);
  if (whole && in_pieces) require(*whole == *in_pieces);

  static std::size_t units = 0;
  static auto served = std::make_unique<Served>(kLimits);
  if (++units % kUnitsMax == 0) served = std::make_unique<Served>(kLimits);
  (void)served->talk(pieces);
}

}  // namespace millrace::fuzz
