// The table of services: each is a folder below api/ and one line in services.cpp.

#pragma once

#include <span>
#include <string_view>

#include "api/service.h"

namespace millrace::server {

[[nodiscard]] std::span<const api::Service* const> services();

// By what stands before the dot in X-Amz-Target, or in the path of RPC v2; nullptr if it is none of
// ours.
[[nodiscard]] const api::Service* service_of_target(std::string_view target);

// By the name in the scope of a signature.
[[nodiscard]] const api::Service* service_of_scope(std::string_view signing_name);

// The service of a Query call by its action; nullptr if none of ours has it.
[[nodiscard]] const api::Service* service_of_action(std::string_view action);

}  // namespace millrace::server
