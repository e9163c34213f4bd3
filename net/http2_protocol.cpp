#include "net/http2_protocol.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include "net/limits.h"

namespace millrace::net {
namespace {

constexpr std::uint32_t kStreamsMax = 128;
constexpr std::uint32_t kStreamWindowBytes = 1U << 20U;
constexpr std::int32_t kConnectionWindowBytes = 4 << 20;
constexpr std::uint64_t kResetBurst = 200;
constexpr std::uint64_t kResetsPerSecond = 20;
constexpr std::size_t kOpenedKept = 1024;
// Frames that carry nothing: pings, settings, priorities, empty data.
constexpr int kIdleFramesPerSecond = 1000;

struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
};

std::string_view to_view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv to_nv(const Http2Protocol::Field& field) {
  const auto* name = reinterpret_cast<const std::uint8_t*>(field.name.data());
  const auto* value = reinterpret_cast<const std::uint8_t*>(field.value.data());
  // The library copies both, makes the name's copy lower case, and changes neither.
  return {const_cast<std::uint8_t*>(name), const_cast<std::uint8_t*>(value), field.name.size(),
          field.value.size(),
          static_cast<std::uint8_t>(field.is_unlike_others ? NGHTTP2_NV_FLAG_NO_INDEX
                                                           : NGHTTP2_NV_FLAG_NONE)};
}

// Whether an error code says that the peer is to blame. A stream that the peer goes on to send on
// after its end is not its fault: the end may still be under way.
bool is_fault(std::uint32_t error, bool is_connection) {
  switch (error) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_COMPRESSION_ERROR:
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return true;
    default:
      return is_connection && error != NGHTTP2_NO_ERROR && error != NGHTTP2_INTERNAL_ERROR;
  }
}

}  // namespace

void Http2Protocol::SessionDeleter::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

// What the library calls; `user_data` is the protocol.
struct Http2Protocol::Callbacks {
  static Http2Protocol& of(void* user_data) { return *static_cast<Http2Protocol*>(user_data); }

  // A request whose number is below that of one before it was never announced: the library takes it
  // for the end of a closed stream, RFC 9113 §5.1.1 for an error of the connection.
  static int on_begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* head,
                            void* user_data) {
    Http2Protocol& self = of(user_data);
    if (head->type == NGHTTP2_HEADERS && !self.is_known(head->stream_id)) self.is_broken_ = true;
    return 0;
  }

  static int on_begin_headers(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                              void* user_data) {
    Http2Protocol& self = of(user_data);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    self.opened_.push_back(frame->hd.stream_id);
    if (self.opened_.size() > kOpenedKept) self.opened_.pop_front();
    self.listener_.on_request(frame->hd.stream_id);
    return 0;
  }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* user_data) {
    // What stands behind the body is no header (RFC 9110 §6.5.1): nobody looks at it as one.
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    of(user_data).listener_.on_header(frame->hd.stream_id, to_view(name, name_size),
                                      to_view(value, value_size));
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user_data) {
    of(user_data).listener_.on_body(id, to_view(bytes, size));
    return 0;
  }

  static int on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user_data) {
    Http2Protocol& self = of(user_data);
    const bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_data = frame->hd.type == NGHTTP2_DATA;
    const bool is_part = is_data || frame->hd.type == NGHTTP2_HEADERS;
    const bool is_empty = is_data && frame->hd.length == 0 && !is_last;
    // Windows are opened often by honest peers.
    if (is_empty || (!is_part && frame->hd.type != NGHTTP2_WINDOW_UPDATE)) self.count_idle_frame();
    if (is_part) self.listener_.on_part_end(frame->hd.stream_id, is_last);
    return 0;
  }

  static int on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                      void* user_data) {
    of(user_data).listener_.on_close(id);
    return 0;
  }

  // What the library or this class says to a peer that breaks the protocol goes through here.
  static int before_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                          void* user_data) {
    const bool is_connection = frame->hd.type == NGHTTP2_GOAWAY;
    if (!is_connection && frame->hd.type != NGHTTP2_RST_STREAM) return 0;
    const std::uint32_t error =
        is_connection ? frame->goaway.error_code : frame->rst_stream.error_code;
    if (is_fault(error, is_connection)) {
      of(user_data).listener_.on_fault(is_connection, nghttp2_http2_strerror(error));
    }
    return 0;
  }

  static ssize_t on_read(nghttp2_session* /*session*/, std::int32_t id, std::uint8_t* buffer,
                         std::size_t size, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                         void* user_data) {
    const auto taken = of(user_data).listener_.take_body(id, {buffer, size});
    if (taken.is_end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (taken.count == 0 && !taken.is_end) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(taken.count);
  }
};

Http2Protocol::Http2Protocol(Http2Listener& listener, const Limits& limits) : listener_(listener) {
  nghttp2_session_callbacks* made_callbacks = nullptr;
  nghttp2_session_callbacks_new(&made_callbacks);
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(made_callbacks);
  nghttp2_session_callbacks* all = callbacks.get();
  nghttp2_session_callbacks_set_on_begin_frame_callback(all, &Callbacks::on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(all, &Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(all, &Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, &Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all, &Callbacks::on_frame);
  nghttp2_session_callbacks_set_before_frame_send_callback(all, &Callbacks::before_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(all, &Callbacks::on_close);

  nghttp2_option* made_option = nullptr;
  nghttp2_option_new(&made_option);
  const std::unique_ptr<nghttp2_option, OptionDeleter> option(made_option);
  nghttp2_option_set_stream_reset_rate_limit(option.get(), kResetBurst, kResetsPerSecond);

  nghttp2_session* made = nullptr;
  nghttp2_session_server_new2(&made, all, this, option.get());
  session_.reset(made);
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsMax},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_bytes_max)},
  }};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindowBytes);
}

Http2Protocol::~Http2Protocol() = default;

bool Http2Protocol::is_known(std::int32_t id) const {
  if (opened_.empty() || id > opened_.back()) return true;  // The next one.
  const bool is_forgotten = opened_.size() == kOpenedKept && id < opened_.front();
  return is_forgotten || std::ranges::find(opened_, id) != opened_.end();
}

void Http2Protocol::count_idle_frame() {
  const auto now = std::chrono::steady_clock::now();
  if (now - idle_frames_since_ > std::chrono::seconds(1)) {
    idle_frames_since_ = now;
    idle_frames_ = 0;
  }
  ++idle_frames_;
}

bool Http2Protocol::receive(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) {
    listener_.on_fault(true, nghttp2_strerror(static_cast<int>(taken)));
    return false;
  }
  if (idle_frames_ > kIdleFramesPerSecond) {
    terminate(Http2Error::kEnhanceYourCalm);
    return false;
  }
  if (is_broken_) {
    terminate(Http2Error::kProtocol);
    return false;
  }
  return true;
}

void Http2Protocol::append_outgoing(std::string& out, std::size_t size_max) {
  while (out.size() < size_max) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) return;
    out.append(to_view(bytes, static_cast<std::size_t>(size)));
  }
}

bool Http2Protocol::has_outgoing() const { return nghttp2_session_want_write(session_.get()) != 0; }

bool Http2Protocol::wants_more() const {
  return nghttp2_session_want_read(session_.get()) != 0 || has_outgoing();
}

void Http2Protocol::respond(std::int32_t id, const std::vector<Field>& fields) {
  std::vector<nghttp2_nv> views(fields.size());
  std::ranges::transform(fields, views.begin(), to_nv);
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::on_read;
  nghttp2_submit_response(session_.get(), id, views.data(), views.size(), &body);
}

void Http2Protocol::resume(std::int32_t id) { nghttp2_session_resume_data(session_.get(), id); }

void Http2Protocol::reset(std::int32_t id, Http2Error error) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                            static_cast<std::uint32_t>(error));
}

void Http2Protocol::go_away() {
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Protocol::terminate(Http2Error error) {
  nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(error));
}

}  // namespace millrace::net
