// Pieces of an answer as the data of an HTTP/2 stream, one handed over at a time.

#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "net/async.h"
#include "net/body_pump.h"
#include "net/http2_exchange.h"
#include "net/limits.h"

namespace millrace::net {

class Http2DataSink final : public BodySink {
 public:
  // `resume` has the protocol ask the stream for more. What is given outlives it.
  Http2DataSink(Http2Exchange& stream, const Limits& limits, Executor executor,
                std::function<void()> resume)
      : stream_(stream),
        limits_(limits),
        executor_(std::move(executor)),
        resume_(std::move(resume)) {}

  Task<bool> send(std::string_view piece) override;

 private:
  [[nodiscard]] bool is_pending() const;

  Http2Exchange& stream_;
  const Limits& limits_;
  const Executor executor_;
  const std::function<void()> resume_;
};

}  // namespace millrace::net
