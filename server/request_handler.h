// The dispatcher as the transports of one I/O thread see it.

#pragma once

#include <string_view>

#include "aws/request_ids.h"
#include "base/random.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/handler.h"
#include "net/http.h"
#include "net/io_loop.h"
#include "server/dispatcher.h"
#include "server/rejections.h"

namespace millrace::server {

class RequestHandler final : public net::Handler {
 public:
  // `loop` is that of its thread, and not used once it has ended; all else outlives this.
  RequestHandler(Dispatcher& dispatcher, Rejections& rejections, net::IoLoop& loop, Random& random)
      : dispatcher_(dispatcher), rejections_(rejections), loop_(loop), ids_(random) {}

  net::Task<net::HttpResponse> answer(const net::HttpRequest* request, std::string_view peer,
                                      net::Budget::Share* share) override {
    return dispatcher_.answer(request, peer, &ids_, &loop_, share);
  }

  void note_rejection(std::string_view peer, std::string_view protocol, int status,
                      std::string_view reason) override {
    rejections_.note(peer, protocol, status, reason);
  }

 private:
  Dispatcher& dispatcher_;
  Rejections& rejections_;
  net::IoLoop& loop_;
  aws::RequestIds ids_;
};

}  // namespace millrace::server
