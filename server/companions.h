// What the client libraries of Kinesis call besides Kinesis, on the same port: who am I (STS
// GetCallerIdentity) and take my metrics (CloudWatch PutMetricData).
//
// Metrics are taken and dropped. Nothing here changes anything, so signatures are not verified even
// where those of Kinesis are. Source: API_GetCallerIdentity, AWS STS API reference;
// API_PutMetricData, Amazon CloudWatch API reference; Smithy RPC v2 CBOR protocol.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "api/context.h"
#include "net/http.h"

namespace millrace::server {

// A call, by the protocol it came in.
enum class Companion : std::uint8_t {
  kIdentity,
  kMetricsByQuery,
  kMetricsByJson,
  kMetricsByCbor,
  // A compressed form that is none of the above: damaged, too large, or with another action.
  kDamagedForm,
  kTooLargeForm,
  kOtherForm,
};

// A form that was compressed may not be longer than this.
inline constexpr std::size_t kFormBytesMax = 4UL << 20U;

// The request's Content-Type says that its body is a form.
[[nodiscard]] bool is_form(const net::HttpRequest& request);

// Returns nullopt if the request is none of those. A compressed form is unpacked to read its
// action, up to the lesser of `body_bytes_max` and kFormBytesMax.
[[nodiscard]] std::optional<Companion> companion_of(const net::HttpRequest& request,
                                                    std::size_t body_bytes_max);

[[nodiscard]] net::HttpResponse answer_companion(Companion companion, const api::Caller& caller,
                                                 const std::string& request_id);

}  // namespace millrace::server
