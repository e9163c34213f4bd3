#include "net/body_pump.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "net/async.h"
#include "net/body_source.h"
#include "net/io_loop.h"

namespace millrace::net {
namespace {

using Next = std::variant<std::string, BodySource::Pause, BodySource::End>;
using Pieces = std::vector<std::string>;

constexpr std::chrono::seconds kLong{10};

// Gives what it was made of, then its end.
class ListedSource final : public BodySource {
 public:
  explicit ListedSource(std::vector<Next> listed) : listed_(std::move(listed)) {}

  Next next() override {
    if (at_ == listed_.size()) return End{};
    return listed_[at_++];
  }
  void on_wake(std::function<void()> wake) override { wake_ = std::move(wake); }
  void wake() const { wake_(); }

 private:
  const std::vector<Next> listed_;
  std::size_t at_ = 0;
  std::function<void()> wake_;
};

// Keeps what it is sent; its peer is gone after `pieces_max` of them.
class KeepingSink final : public BodySink {
 public:
  explicit KeepingSink(std::size_t pieces_max = 100) : pieces_max_(pieces_max) {}

  Task<bool> send(std::string_view piece) override {
    pieces.emplace_back(piece);
    co_return pieces.size() < pieces_max_;
  }

  Pieces pieces;

 private:
  const std::size_t pieces_max_;
};

Task<> run(BodySource* source, BodySink* sink, std::shared_ptr<Waker> waker, IoLoop* loop,
           std::optional<bool>* is_whole) {
  *is_whole = co_await pump_body(source, sink, std::move(waker), loop);
}

class BodyPumpTest {
 protected:
  void start(ListedSource& source, KeepingSink& sink) {
    asio::co_spawn(loop_.io(), run(&source, &sink, waker_, &loop_, &is_whole_), asio::detached);
    loop_.io().poll();
  }

  // Returns once the pump has ended, or after kLong.
  void finish() {
    const auto give_up = std::chrono::steady_clock::now() + kLong;
    while (!is_whole_ && std::chrono::steady_clock::now() < give_up) {
      loop_.io().restart();
      loop_.io().run_one_for(kLong);
    }
  }

  asio::io_context watch_{1};
  IoLoop loop_{watch_};
  std::shared_ptr<Waker> waker_ = std::make_shared<Waker>(loop_.io().get_executor());
  std::optional<bool> is_whole_;
};

}  // namespace

TEST_CASE_FIXTURE(BodyPumpTest, "pieces are sent in order, and the body is whole at their end") {
  ListedSource source({"a", "b"});
  KeepingSink sink;
  start(source, sink);

  CHECK(sink.pieces == Pieces{"a", "b"});
  CHECK(is_whole_ == true);
}

TEST_CASE_FIXTURE(BodyPumpTest, "a pump that was ended before it began sends the first piece") {
  ListedSource source({"a", "b"});
  KeepingSink sink;
  waker_->end();
  start(source, sink);

  CHECK(sink.pieces == Pieces{"a"});
  CHECK(is_whole_ == true);
}

TEST_CASE_FIXTURE(BodyPumpTest, "a body whose peer has gone is not whole") {
  ListedSource source({"a", "b", "c"});
  KeepingSink sink(2);
  start(source, sink);

  CHECK(sink.pieces == Pieces{"a", "b"});
  CHECK(is_whole_ == false);
}

TEST_CASE_FIXTURE(BodyPumpTest, "a pause ends when the source wakes the pump") {
  ListedSource source({"a", BodySource::Pause{}, "b"});
  KeepingSink sink;
  start(source, sink);
  const Pieces before = sink.pieces;
  source.wake();
  finish();

  CHECK(before == Pieces{"a"});
  CHECK(sink.pieces == Pieces{"a", "b"});
  CHECK(is_whole_ == true);
}

TEST_CASE_FIXTURE(BodyPumpTest, "a pause after a wake that came before it ends at once") {
  ListedSource source({BodySource::Pause{}, "a"});
  KeepingSink sink;
  waker_->wake();
  loop_.io().poll();
  start(source, sink);

  CHECK(sink.pieces == Pieces{"a"});
  CHECK(is_whole_ == true);
}

}  // namespace millrace::net
