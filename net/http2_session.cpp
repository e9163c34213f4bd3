#include "net/http2_session.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "net/async.h"
#include "net/body_pump.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/http1_faults.h"
#include "net/http2_data_sink.h"
#include "net/http2_exchange.h"
#include "net/http2_protocol.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kWriteBytes = 256UL * 1024;
// What is kept of their memory between two answers.
constexpr std::size_t kKeptWriteBytes = 64UL * 1024;
constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr std::chrono::minutes kNoDeadline{24 * 60};

class Http2Session final : public Http2Listener {
 public:
  Http2Session(ByteStream& stream, SessionContext& context, Sessions::Entry& entry)
      : stream_(stream),
        context_(context),
        entry_(entry),
        shares_(std::make_shared<Http2Shares>(context.bodies, context.answers)),
        deadline_timer_(stream.get_executor()),
        stop_timer_(stream.get_executor()),
        idle_(std::make_shared<Waker>(stream.get_executor())),
        protocol_(*this, context.limits) {
    peer_ = peer_of(stream_.socket());
  }

  Task<> run(beast::flat_buffer* received) {
    stream_.expires_never();  // Reading has deadlines of its own here.
    entry_.set_idle(false);   // A stop is told; it closes nothing by itself.
    entry_.has_received();
    entry_.on_stop([this] { stop(); });
    start(watch_deadline());
    bool goes_on = receive({static_cast<const char*>(received->data().data()), received->size()});
    std::vector<char> bytes(kReadBytes);
    while (goes_on && !is_closed_) {
      flush();
      if (!wants_more()) break;
      note_state();
      const auto space = asio::buffer(bytes);
      const auto [error, count] = co_await stream_.async_read_some(space, kAwaitTuple);
      if (error) break;
      goes_on = receive({bytes.data(), count});
    }
    flush();
    co_await end();
  }

 private:
  using ExchangePointer = std::shared_ptr<Http2Exchange>;

  // Returns whether the connection goes on.
  bool receive(std::string_view bytes) {
    last_received_ = SteadyClock::now();
    const bool goes_on = protocol_.receive(bytes);
    // Not before: the protocol must not be called again from inside.
    for (const ExchangePointer& stream : std::exchange(arrived_, {})) {
      start(answer(stream));
    }
    return goes_on;
  }

  [[nodiscard]] bool wants_more() const { return protocol_.wants_more() || !streams_.empty(); }

  // Tasks of this connection. run() waits for them.
  void start(Task<> task) {
    ++tasks_;
    asio::co_spawn(stream_.get_executor(), std::move(task),
                   [this](const std::exception_ptr& failure) {
                     if (failure) close();
                     --tasks_;
                     idle_->wake();
                   });
  }

  void close() {
    if (is_closed_) return;
    is_closed_ = true;
    boost::system::error_code ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
    stream_.socket().cancel(ignored);
  }

  // Ends whatever still runs.
  Task<> end() {
    entry_.on_stop(nullptr);
    bool is_woken = true;
    while (is_writing_ && is_woken) {
      is_woken = co_await idle_->sleep(context_.limits.write_timeout);
    }
    close();
    deadline_timer_.cancel();
    stop_timer_.cancel();
    for (const auto& [id, stream] : streams_) abandon(*stream);
    // Nothing may outlive this; each of them ends soon without a socket.
    while (tasks_ > 0) co_await idle_->sleep(context_.limits.write_timeout);
  }

  static void abandon(Http2Exchange& stream) {
    stream.is_open = false;
    if (stream.pump) stream.pump->end();
    if (stream.drained) stream.drained->end();
  }

  // The server stops: no new requests, and answers in pieces end.
  void stop() {
    protocol_.go_away();
    for (const auto& [id, stream] : streams_) {
      if (stream->pump) stream->pump->end();
      if (stream->drained) stream->drained->end();
    }
    is_stopping_ = true;
    flush();
    if (streams_.empty()) stream_.socket().cancel();
    start(give_up_half_sent());
  }

  // After a stop: requests that have not arrived whole are not waited for.
  Task<> give_up_half_sent() {
    if (is_closed_) co_return;
    stop_timer_.expires_after(context_.limits.half_sent_timeout);
    co_await stop_timer_.async_wait(kAwaitTuple);
    if (is_closed_) co_return;
    for (const auto& [id, stream] : streams_) {
      if (!stream->is_complete) protocol_.reset(id, Http2Error::kCancel);
    }
    flush();
  }

  void note_rejection(int status, std::string_view reason) {
    context_.handler.note_rejection(peer_, stream_.is_tls() ? "http2+tls" : "http2", status,
                                    reason);
  }

  // Sets the time by which the peer must move: for each stream by itself, so that other streams and
  // pings keep none alive, and for the connection between requests.
  void note_state() {
    const auto& limits = context_.limits;
    deadline_ = SteadyClock::now() + kNoDeadline;
    if (streams_.empty() || is_lingering_) {
      deadline_ = last_received_ + (is_lingering_ ? limits.linger_timeout : limits.idle_timeout);
    }
    for (const auto& [id, stream] : streams_) deadline_ = std::min(deadline_, stream->deadline());
    if (deadline_ < watched_until_) deadline_timer_.cancel();
  }

  // Ends the streams whose peer has been silent for too long. False if there was none.
  bool end_silent_streams() {
    const auto now = SteadyClock::now();
    std::vector<ExchangePointer> silent;
    for (const auto& [id, stream] : streams_) {
      if (stream->deadline() <= now) silent.push_back(stream);
    }
    for (const ExchangePointer& stream : silent) {
      if (!stream->is_complete) stream->refuse_as_too_slow();
      end_stream(stream);
    }
    return !silent.empty();
  }

  // Has a budget's room given back: a request that has not arrived is refused, an answer that is
  // not taken is forgotten.
  void make_room(std::int32_t id) {
    const ExchangePointer* found = find(id);
    if (found == nullptr) return;
    const ExchangePointer stream = *found;  // Ending it may take it out of the map.
    if (!stream->is_complete) stream->refuse_for_room();
    end_stream(stream);
  }

  // A refused request has its answer; of any other the peer hears no more.
  void end_stream(const ExchangePointer& stream) {
    if (stream->is_complete) {
      abandon(*stream);
      stream->drop_answer();
      protocol_.reset(stream->id, Http2Error::kCancel);
    } else {
      stream->complete();
      start(answer(stream));
    }
    flush();
    note_state();
  }

  Task<> watch_deadline() {
    while (!is_closed_) {
      watched_until_ = deadline_;
      deadline_timer_.expires_at(watched_until_);
      co_await deadline_timer_.async_wait(kAwaitTuple);
      note_state();  // Peers move on without anybody being told.
      if (SteadyClock::now() < deadline_ || end_silent_streams()) continue;
      protocol_.terminate(Http2Error::kNone);
      flush();
      close();
    }
  }

  void flush() {
    if (is_writing_ || is_closed_ || !protocol_.has_outgoing()) return;
    is_writing_ = true;
    start(write_all());
  }

  Task<> write_all() {
    while (!is_closed_) {
      outgoing_.clear();
      protocol_.append_outgoing(outgoing_, kWriteBytes);
      // What the peer still sends of a request that was refused nobody wants.
      for (const std::int32_t id : std::exchange(cut_short_, {})) {
        protocol_.reset(id, Http2Error::kNone);
      }
      if (outgoing_.empty() && !protocol_.has_outgoing()) break;
      if (outgoing_.empty()) continue;
      stream_.expires_after(context_.limits.write_timeout);
      const auto buffer = asio::buffer(outgoing_);
      const auto [error, count] =
          co_await asio::async_write(stream_, buffer, AtOnce{}, kAwaitTuple);
      (void)count;
      stream_.expires_never();
      if (error) close();
    }
    if (outgoing_.capacity() > kKeptWriteBytes) std::string().swap(outgoing_);
    if (is_stopping_ && streams_.empty()) close();
    if (!wants_more()) co_await linger();
    is_writing_ = false;
    note_state();
  }

  // All is said. The peer may still be reading it, and would lose it if what it sends meanwhile met
  // a closed socket: it closes first, or has had its time.
  Task<> linger() {
    if (is_lingering_ || is_closed_) co_return;
    is_lingering_ = true;
    last_received_ = SteadyClock::now();
    co_await stream_.finish(context_.limits.linger_timeout);
  }

  // A request has arrived, or what came of it is enough to refuse it.
  void note_arrival(const ExchangePointer& stream) {
    stream->complete();
    arrived_.push_back(stream);
  }

  Task<> answer(ExchangePointer stream) {
    // In a handler of its own: one that has to wait for the store holds up neither what arrived
    // with it nor the reading of what comes.
    co_await asio::post(stream_.get_executor(), kAwait);
    if (stream->is_refused()) {
      stream->response = std::move(*stream->take_refusal());
      note_rejection(stream->response.status, reason_of(stream->response));
      stream->is_cut_short = true;
    } else {
      HttpRequest request = stream->request();
      if (stream_.is_tls()) request.protocol = "http2+tls";
      stream->response = co_await context_.handler.answer(&request, peer_, &stream->answer_share);
      if (request.method == "HEAD") stream->response.body.clear();
      stream->release_body();
    }
    if (!stream->is_open) co_return;
    if (stream->response.source) {
      start(send_pieces(stream));
      co_return;
    }
    stream->out = std::move(stream->response.body);
    stream->has_ended = true;
    stream->note_move();
    submit(*stream, true);
    flush();
    note_state();
  }

  void submit(Http2Exchange& stream, bool has_length) {
    const std::string status = std::to_string(stream.response.status);
    const std::string length = has_length ? std::to_string(stream.out.size()) : "";
    protocol_.respond(stream.id, fields_of(stream.response, status, length));
  }

  Task<> send_pieces(ExchangePointer stream) {
    stream->pump = std::make_shared<Waker>(stream_.get_executor());
    stream->drained = std::make_shared<Waker>(stream_.get_executor());
    submit(*stream, false);
    if (is_stopping_) stream->pump->end();
    Http2DataSink sink(*stream, context_.limits, stream_.get_executor(), [this, id = stream->id] {
      protocol_.resume(id);
      flush();
    });
    const bool is_whole =
        co_await pump_body(stream->response.source.get(), &sink, stream->pump, &context_.loop);
    stream->response.source.reset();
    if (!stream->is_open) co_return;
    if (is_whole) {
      stream->has_ended = true;
      protocol_.resume(stream->id);
    } else {
      protocol_.reset(stream->id, Http2Error::kCancel);
    }
    flush();
  }

  // Nothing if it is over.
  [[nodiscard]] ExchangePointer* find(std::int32_t id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : &found->second;
  }

  void on_request(std::int32_t id) override {
    auto end = room_wanted_.from_any_thread(id);
    streams_.try_emplace(
        id, std::make_shared<Http2Exchange>(id, context_.limits, shares_, std::move(end)));
  }

  void on_header(std::int32_t id, std::string_view name, std::string_view value) override {
    if (const ExchangePointer* stream = find(id)) (*stream)->add_header(name, value);
  }

  void on_body(std::int32_t id, std::string_view bytes) override {
    const ExchangePointer* stream = find(id);
    if (stream == nullptr || (*stream)->is_complete) return;
    (*stream)->add_body(bytes);
    if ((*stream)->is_refused()) note_arrival(*stream);
  }

  void on_part_end(std::int32_t id, bool is_last) override {
    const ExchangePointer* stream = find(id);
    if (stream == nullptr || (*stream)->is_complete) return;
    if (is_last || (*stream)->is_refused()) note_arrival(*stream);
  }

  void on_close(std::int32_t id) override {
    const ExchangePointer* stream = find(id);
    if (stream == nullptr) return;
    abandon(**stream);
    streams_.erase(id);
  }

  void on_fault(bool is_connection, std::string_view error) override {
    note_rejection(
        0, (is_connection ? "The connection ends: " : "A stream ends: ") + std::string(error));
  }

  Taken take_body(std::int32_t id, std::span<std::uint8_t> space) override {
    const ExchangePointer* found = find(id);
    if (found == nullptr) return {0, true};
    Http2Exchange* stream = found->get();
    if (stream->is_dropped) return {0, false};
    const std::size_t count = stream->take(space);
    const bool is_empty = stream->out_sent == stream->out.size();
    const bool is_end = is_empty && stream->has_ended;
    if (is_end && stream->is_cut_short) cut_short_.push_back(id);
    if (is_empty && stream->drained) stream->drained->wake();
    return {count, is_end};
  }

  ByteStream& stream_;
  SessionContext& context_;
  Sessions::Entry& entry_;
  std::string peer_;
  const std::shared_ptr<Http2Shares> shares_;
  Ender<std::int32_t> room_wanted_{stream_.get_executor(),
                                   [this](std::int32_t id) { make_room(id); }};
  std::map<std::int32_t, ExchangePointer> streams_;
  std::vector<ExchangePointer> arrived_;  // Requests to answer.
  std::vector<std::int32_t> cut_short_;   // Answered before they had arrived.
  std::string outgoing_;
  bool is_writing_ = false;
  bool is_closed_ = false;
  bool is_lingering_ = false;
  bool is_stopping_ = false;
  int tasks_ = 0;
  Timer deadline_timer_;
  Timer stop_timer_;
  SteadyClock::time_point last_received_ = SteadyClock::now();
  SteadyClock::time_point deadline_ = SteadyClock::now() + kNoDeadline;
  SteadyClock::time_point watched_until_ = SteadyClock::time_point::max();
  std::shared_ptr<Waker> idle_;  // Woken whenever a task ends.
  Http2Protocol protocol_;
};

}  // namespace

Task<> serve_http2(ByteStream* stream, beast::flat_buffer* received, SessionContext* context,
                   Sessions::Entry* entry) {
  Http2Session session(*stream, *context, *entry);
  co_await session.run(received);
}

}  // namespace millrace::net
