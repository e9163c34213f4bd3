// The dispatcher as the transports of one I/O thread see it.

#pragma once

#include <string_view>

#include "base/random.h"
#include "server/async.h"
#include "server/budget.h"
#include "server/dispatcher.h"
#include "server/handler.h"
#include "server/http.h"
#include "server/io_loop.h"
#include "server/rejections.h"
#include "server/request_ids.h"

namespace millrace::server {

class RequestHandler final : public Handler {
 public:
  // What it is given outlives it; `loop` is that of its thread.
  RequestHandler(Dispatcher& dispatcher, Rejections& rejections, IoLoop& loop, Random& random)
      : dispatcher_(dispatcher), rejections_(rejections), loop_(loop), ids_(random) {}

  Task<HttpResponse> answer(const HttpRequest* request, std::string_view peer,
                            Budget::Share* share) override {
    return dispatcher_.answer(request, peer, &ids_, &loop_, share);
  }

  void note_rejection(std::string_view peer, std::string_view protocol, int status,
                      std::string_view reason) override {
    rejections_.note(peer, protocol, status, reason);
  }

 private:
  Dispatcher& dispatcher_;
  Rejections& rejections_;
  IoLoop& loop_;
  RequestIds ids_;
};

}  // namespace millrace::server
