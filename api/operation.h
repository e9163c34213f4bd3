// An operation: its name, where it runs, and a function from a decoded body to an answer's body.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "api/context.h"
#include "api/decode.h"
#include "api/describe.h"
#include "api/encode.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

// Where an operation runs: in line on its connection's thread, or, where it may take long, on a
// worker, so that the thread's other connections go on.
enum class Lane : std::uint8_t { kInline, kWorker };

// How often an operation may be called where limits are enforced; 0: its handler knows.
struct CallRate {
  unsigned per_second = 5;  // What the service has where it says nothing else.
  bool is_per_stream = false;
};
inline constexpr CallRate kRateByHandler{0, false};

struct Operation {
  std::string_view name;
  Lane lane = Lane::kInline;
  CallRate rate;

  // Decodes, validates, handles, encodes. `body` is used up.
  Result<std::string> (*run)(Value& body, Form form, Context& context) = nullptr;

  // The declared shapes, for tests and documentation.
  std::vector<MemberDescription> (*describe_input)() = nullptr;
  std::vector<MemberDescription> (*describe_output)() = nullptr;
};

namespace detail {

template <class Function>
struct Handler;
template <class Request, class Response>
struct Handler<Result<Response> (*)(const Request&, Context&)> {
  using RequestType = Request;
  using ResponseType = Response;
};
template <class Request, class Response>
struct Handler<Result<Response> (*)(Request&, Context&)>
    : Handler<Result<Response> (*)(const Request&, Context&)> {};

template <auto kHandle>
Result<std::string> run(Value& body, Form form, Context& context) {
  using Types = Handler<decltype(kHandle)>;
  auto request = decode<typename Types::RequestType>(body, form);
  if (!request) return std::unexpected(request.error());
  const auto response = kHandle(*request, context);
  if (!response) return std::unexpected(response.error());
  if constexpr (std::is_void_v<typename Types::ResponseType>) {
    return std::string{};  // An operation without output answers nothing, not even {}.
  } else {
    return encode(*response, form);
  }
}

template <class Shape>
std::vector<MemberDescription> describe_shape() {
  if constexpr (std::is_void_v<Shape>) {
    return {};
  } else {
    return describe<Shape>();
  }
}

}  // namespace detail

template <auto kHandle>
constexpr Operation make_operation(std::string_view name, Lane lane = Lane::kInline,
                                   CallRate rate = {}) {
  using Types = detail::Handler<decltype(kHandle)>;
  return {name,
          lane,
          rate,
          &detail::run<kHandle>,
          &detail::describe_shape<typename Types::RequestType>,
          &detail::describe_shape<typename Types::ResponseType>};
}

// The same for an operation whose answer is a stream of events that its handler leaves in the
// context; `Response` is what the model says of them.
template <auto kHandle, class Response>
constexpr Operation make_streaming_operation(std::string_view name, Lane lane = Lane::kInline,
                                             CallRate rate = {}) {
  Operation operation = make_operation<kHandle>(name, lane, rate);
  operation.describe_output = &detail::describe_shape<Response>;
  return operation;
}

// Whether `operation` may be called once more now. Errors: kLimitExceeded where limits are
// enforced.
[[nodiscard]] Result<void> check_call_rate(const Operation& operation, Value& body,
                                           Context& context);

}  // namespace millrace::api
