// HTTP/2 itself, without a socket: nghttp2 behind an interface of our own, and the budgets it
// lacks.
//
// Bytes go in by receive() and come out by append_outgoing(); what they mean goes to the listener.
// Not thread-safe.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/limits.h"

struct nghttp2_session;

namespace millrace::net {

// Why a stream or a connection ends. Source: RFC 9113 §7.
enum class Http2Error : std::uint32_t {
  kNone = 0,
  kProtocol = 1,
  kCancel = 8,
  kEnhanceYourCalm = 11,
};

// Told from inside receive() and append_outgoing(): must not call the protocol.
class Http2Listener {
 public:
  Http2Listener() = default;
  Http2Listener(const Http2Listener&) = delete;
  Http2Listener& operator=(const Http2Listener&) = delete;
  virtual ~Http2Listener() = default;

  virtual void on_request(std::int32_t id) = 0;
  // Not those behind the body.
  virtual void on_header(std::int32_t id, std::string_view name, std::string_view value) = 0;
  virtual void on_body(std::int32_t id, std::string_view bytes) = 0;
  // A block of headers or of the body is whole; with the last one the request is.
  virtual void on_part_end(std::int32_t id, bool is_last) = 0;
  virtual void on_close(std::int32_t id) = 0;
  // The peer breaks the protocol, so the connection, or a stream of it, ends with `error`.
  virtual void on_fault(bool is_connection, std::string_view error) = 0;

  struct Taken {
    std::size_t count = 0;
    bool is_end = false;  // Nothing follows. With neither, resume() says when more is there.
  };
  // Copies what comes next of an answer's body into `space`.
  virtual Taken take_body(std::int32_t id, std::span<std::uint8_t> space) = 0;
};

class Http2Protocol {
 public:
  struct Field {
    std::string_view name;  // In any case: it is sent in lower case.
    std::string_view value;
    bool is_unlike_others = false;  // Not worth a place in the peer's table of what was sent.
  };

  // `listener` outlives it.
  Http2Protocol(Http2Listener& listener, const Limits& limits);
  ~Http2Protocol();
  Http2Protocol(const Http2Protocol&) = delete;
  Http2Protocol& operator=(const Http2Protocol&) = delete;

  // Returns false once the connection ends: what is outgoing then says why.
  [[nodiscard]] bool receive(std::string_view bytes);

  // Appends to `out` what is to be sent, until it has `size_max` bytes or a little more.
  void append_outgoing(std::string& out, std::size_t size_max);

  [[nodiscard]] bool has_outgoing() const;
  [[nodiscard]] bool wants_more() const;  // False: nothing will come of it any more.

  // Begins the answer of a stream; its body is asked for by take_body().
  void respond(std::int32_t id, const std::vector<Field>& fields);
  void resume(std::int32_t id);
  void reset(std::int32_t id, Http2Error error);

  // No more requests; those that are under way go on.
  void go_away();
  void terminate(Http2Error error);

 private:
  struct Callbacks;
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const;
  };

  void count_idle_frame();
  [[nodiscard]] bool is_known(std::int32_t id) const;

  Http2Listener& listener_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::deque<std::int32_t> opened_;  // The newest numbers of streams, rising.
  bool is_broken_ = false;
  std::chrono::steady_clock::time_point idle_frames_since_;
  int idle_frames_ = 0;
};

}  // namespace millrace::net
