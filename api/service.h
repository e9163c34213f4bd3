// A service: its names on the wire, its protocols, and THE LIST of its operations.
//
// Each has a folder below api/, and one line in server/services.cpp.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/error_reply.h"
#include "api/operation.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

// How often operations may be called, for a service that says so.
struct CallLimits {
  bool (*applies)(const Operation& operation, const Context& context);
  // Fails if `operation` may not be called once more now. Errors: the service's own.
  Result<void> (*check)(const Operation& operation, Value& body, Context& context);
};

struct Service {
  // As signatures, metrics and the access log have it: `kinesis`, `monitoring`.
  std::string_view signing_name = {};
  // Stands before the dot in X-Amz-Target, and in the paths of RPC v2; empty if it has
  // neither.
  std::string_view target = {};
  std::string_view json_version = {};   // Of application/x-amz-json-N; empty if it speaks no JSON.
  bool has_cbor = false;                // Also application/x-amz-cbor-N, of the same version.
  bool has_rpc_cbor = false;            // RPC v2.
  std::string_view query_version = {};  // Version of Query calls; empty if it has none.
  std::string_view xml_namespace = {};  // Of their answers.
  bool takes_gzip = false;              // Its clients compress what they send.
  bool is_partial = false;              // It has operations that are not served.
  bool wants_signature = false;         // Also where signatures are not verified.
  std::span<const Operation* const> operations = {};  // In the order of their names.
  std::span<const ErrorName> errors = {};             // That it calls otherwise than to_reply().
  const CallLimits* limits = nullptr;
};

// By its exact name; nullptr if the service has none of that name.
[[nodiscard]] const Operation* find_operation(const Service& service, std::string_view name);

// Runs `operation` for a body as it came. Errors: kSerialization if it is no object, the service's
// where limits are enforced and this is one call too many, then the operation's.
[[nodiscard]] Result<std::string> run(const Service& service, const Operation& operation,
                                      std::string_view body, Form form, Context& context);

// The same for a body that has been read, which is used up.
[[nodiscard]] Result<std::string> run(const Service& service, const Operation& operation,
                                      Value& body, Form form, Context& context);

// Whether names are in their order, and none is there twice, as find_operation() needs them.
template <std::size_t kCount>
[[nodiscard]] constexpr bool is_list_sorted(const std::array<std::string_view, kCount>& names) {
  return std::ranges::adjacent_find(names, std::ranges::greater_equal{}) == names.end();
}

}  // namespace millrace::api

// What each service makes of its LIST.
#define MILLRACE_DECLARE_OPERATION(name) const api::Operation& name();
#define MILLRACE_OPERATION_NAME(name) std::string_view(#name),
#define MILLRACE_OPERATION_ENTRY(name) &name(),
