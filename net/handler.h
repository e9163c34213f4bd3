// The part of the server that answers requests, as a transport sees it.

#pragma once

#include <string_view>

#include "net/async.h"
#include "net/budget.h"
#include "net/http.h"

namespace millrace::net {

// One per I/O thread, used by it alone.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // `request` and `peer` stay as they are until the answer is there. A large answer has taken its
  // bytes of `share`, which gives them back once they are sent.
  [[nodiscard]] virtual Task<HttpResponse> answer(const HttpRequest* request, std::string_view peer,
                                                  Budget::Share* share) = 0;

  // Told of HTTP that is malformed or over a limit. `status` is that of the answer, 0 for none;
  // `reason` is a text of ours.
  virtual void note_rejection(std::string_view peer, std::string_view protocol, int status,
                              std::string_view reason) = 0;
};

}  // namespace millrace::net
