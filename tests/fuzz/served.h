// A whole server but for its listener: connections are pairs of local sockets.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "base/metrics.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "net/sessions.h"
#include "net/tls_context.h"
#include "server/control/control.h"
#include "server/dispatcher.h"
#include "server/rejections.h"
#include "server/request_handler.h"
#include "tests/fuzz/world.h"

namespace millrace::fuzz {

// Small enough that inputs meet them. No time runs out: a session ends because its peer does.
[[nodiscard]] net::Limits small_limits();

// Answers depend on what it was asked before and on nothing else.
class Served {
 public:
  explicit Served(const net::Limits& limits);

  // Sends `pieces` over a connection of its own, one after the other has been read, then the end;
  // returns what the server sent. Ends the run if the server does not come to its own end soon, or
  // still counts bytes then.
  [[nodiscard]] std::string talk(const std::vector<std::string_view>& pieces);

  // A connection whose requests are given by answer(): its ids are those of any other.
  void begin_connection();

  // What the dispatcher says to `request`. Events are not drawn from it.
  [[nodiscard]] net::HttpResponse answer(const net::HttpRequest& request);

 private:
  void run_until(const std::function<bool()>& is_done, const std::function<bool()>& step);

  const net::Limits limits_;
  World world_;
  Metrics metrics_;
  server::Rejections rejections_;
  asio::io_context unused_io_{1};
  net::IoLoop loop_{unused_io_};
  net::TlsSide tls_;
  const Current<const aws::SignatureCheck> no_check_{};
  server::control::Control control_;
  net::Budget bodies_{{limits_.inflight_bytes_max, limits_.body_bytes_max}};
  net::Budget answers_{{limits_.answer_bytes_max, limits_.one_answer_bytes_max}};
  std::unique_ptr<SeededRandom> id_seed_;
  std::unique_ptr<server::Dispatcher> dispatcher_;
  std::unique_ptr<server::RequestHandler> handler_;
  net::Sessions sessions_;
};

}  // namespace millrace::fuzz
