#include "net/sessions.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/system/error_code.hpp>
#include <doctest/doctest.h>

#include "net/async.h"
#include "net/byte_stream.h"

namespace millrace::net {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTakingTime{1000};
constexpr milliseconds kStep{50};
constexpr std::size_t kSystemBytes = 64UL * 1024;  // What one side's system holds for the socket.

// A connection whose answers are written by the test and taken by it.
class SessionsTest {
 protected:
  SessionsTest() {
    Tcp::acceptor acceptor(io_, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    peer_.open(Tcp::v4());
    peer_.set_option(asio::socket_base::receive_buffer_size(kSystemBytes));
    peer_.connect(acceptor.local_endpoint());
    Socket accepted(io_);
    acceptor.accept(accepted);
    accepted.non_blocking(true);
    stream_ = std::make_unique<ByteStream>(std::move(accepted));
    entry_ = std::make_unique<Sessions::Entry>(sessions_, *stream_);
    stream_->socket().async_read_some(
        asio::buffer(&byte_, 1),
        [this](const boost::system::error_code&, std::size_t) { is_closed_ = true; });
    asio::co_spawn(io_, sessions_.watch(kTakingTime), asio::detached);
  }

  // An answer of as many bytes as the system takes.
  void answer() {
    entry_->set_idle(false);
    const std::string bytes(16UL << 20U, 'x');
    boost::system::error_code error;
    while (!error) stream_->socket().write_some(asio::buffer(bytes), error);
    entry_->set_idle(true);
  }

  void take(std::size_t count) {
    std::vector<char> bytes(count);
    asio::read(peer_, asio::buffer(bytes));
  }

  // Lets the watch look for `duration`, with `step` in between; whether it closed the connection.
  bool closes_within(milliseconds duration, const std::function<void()>& step) {
    for (milliseconds passed{0}; passed < duration && !is_closed_; passed += kStep) {
      step();
      io_.run_for(kStep);
    }
    return is_closed_;
  }

  asio::io_context io_;
  Sessions sessions_;
  Socket peer_{io_};
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<Sessions::Entry> entry_;
  char byte_ = 0;
  bool is_closed_ = false;
};

TEST_CASE_FIXTURE(SessionsTest, "an answer that lies untaken closes the connection") {
  answer();

  CHECK(closes_within(kTakingTime * 4, [] {}));
}

TEST_CASE_FIXTURE(SessionsTest, "a connection that is asked and answers is not stuck") {
  answer();

  // Something is left to take whenever the watch looks.
  CHECK_FALSE(closes_within(kTakingTime * 3, [this] {
    take(kSystemBytes / 8);
    answer();
  }));
}

TEST_CASE_FIXTURE(SessionsTest, "an answer that is taken slowly is not stuck") {
  answer();

  CHECK_FALSE(closes_within(kTakingTime * 3, [this] { take(kSystemBytes / 4); }));
}

}  // namespace
}  // namespace millrace::net
