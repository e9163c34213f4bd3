#include "server/services.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "api/cloudwatch/operations.h"
#include "api/kinesis/operations.h"
#include "api/service.h"
#include "api/sts/operations.h"

namespace millrace::server {
namespace {

template <class Matches>
const api::Service* find_service(Matches matches) {
  const auto all = services();
  const auto found =
      std::ranges::find_if(all, [&](const api::Service* service) { return matches(*service); });
  return found != all.end() ? *found : nullptr;
}

}  // namespace

std::span<const api::Service* const> services() {
  static const std::array kServices = {
      &kinesis::service(),
      &cloudwatch::service(),
      &sts::service(),
  };
  return kServices;
}

const api::Service* service_of_target(std::string_view target) {
  return find_service([&](const api::Service& service) {
    return !service.target.empty() && service.target == target;
  });
}

const api::Service* service_of_scope(std::string_view signing_name) {
  return find_service(
      [&](const api::Service& service) { return service.signing_name == signing_name; });
}

const api::Service* service_of_action(std::string_view action) {
  return find_service([&](const api::Service& service) {
    return !service.query_version.empty() && api::find_operation(service, action) != nullptr;
  });
}

}  // namespace millrace::server
