// An operation: its name, where it runs, and how a request's body becomes an answer's body.
//
// There are two ways into a handler and one meaning. decode() understands every body and words what
// is wrong with it; it goes through a tree of values. scan() fills the same Request straight from
// the bytes, but only where nothing is unusual; for the rest it steps back and decode() is asked.
// Operations on the hot path have both (make_hot_operation), and tests/fuzz/scan.cpp holds them
// against each other.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/context.h"
#include "api/decode.h"
#include "api/describe.h"
#include "api/encode.h"
#include "api/plain_cbor.h"
#include "api/plain_json.h"
#include "api/scan.h"
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

  // Decodes, validates, handles, encodes. `body` is used up. Where it has no output, nothing is
  // written, not even {}.
  Result<std::string> (*run_decoded)(Value& body, Form form, Context& context) = nullptr;

  // Scans, handles, encodes; nothing has happened where it gives nothing. Only on the hot path.
  std::optional<Result<std::string>> (*run_scanned)(std::string_view body, Form form,
                                                    Context& context) = nullptr;

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

template <auto kHandle, Forms kForms>
Result<std::string> answer(typename Handler<decltype(kHandle)>::RequestType& request, Form form,
                           Context& context) {
  const auto response = kHandle(request, context);
  if (!response) return std::unexpected(response.error());
  if constexpr (std::is_void_v<typename Handler<decltype(kHandle)>::ResponseType>) {
    return std::string{};
  } else {
    return encode<kForms>(*response, form);
  }
}

template <auto kHandle, Forms kForms>
Result<std::string> run_decoded(Value& body, Form form, Context& context) {
  auto request = decode<typename Handler<decltype(kHandle)>::RequestType>(body, form);
  if (!request) return std::unexpected(request.error());
  return answer<kHandle, kForms>(*request, form, context);
}

template <auto kHandle, class Scanner>
std::optional<Result<std::string>> run_scanned_by(std::string_view body, Form form,
                                                  Context& context) {
  Scanner scanner(body);  // Holds what the request points into.
  typename Handler<decltype(kHandle)>::RequestType request;
  if (!scan(scanner, request)) return std::nullopt;
  return answer<kHandle, kJsonAndCbor>(request, form, context);
}

template <auto kHandle>
std::optional<Result<std::string>> run_scanned(std::string_view body, Form form, Context& context) {
  return form == Form::kJson ? run_scanned_by<kHandle, PlainJson>(body, form, context)
                             : run_scanned_by<kHandle, PlainCbor>(body, form, context);
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

template <auto kHandle, Forms kForms = kJsonAndCbor>
constexpr Operation make_operation(std::string_view name, Lane lane = Lane::kInline,
                                   CallRate rate = {}) {
  using Types = detail::Handler<decltype(kHandle)>;
  return {name,
          lane,
          rate,
          &detail::run_decoded<kHandle, kForms>,
          nullptr,
          &detail::describe_shape<typename Types::RequestType>,
          &detail::describe_shape<typename Types::ResponseType>};
}

// The same for an operation whose cost per request counts.
template <auto kHandle>
constexpr Operation make_hot_operation(std::string_view name, CallRate rate) {
  Operation operation = make_operation<kHandle>(name, Lane::kInline, rate);
  operation.run_scanned = &detail::run_scanned<kHandle>;
  return operation;
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

// The whole of a body, decoded; nullopt if it is not exactly one object. A Query call has another
// way (api/query.h).
[[nodiscard]] std::optional<Value> parse_body(std::string_view body, Form form);

}  // namespace millrace::api
