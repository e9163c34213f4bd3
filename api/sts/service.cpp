#include "api/service.h"

#include <array>

#include "api/error_reply.h"
#include "api/errors.h"
#include "api/sts/operations.h"

namespace millrace::sts {
namespace {

constexpr std::array kNames = {MILLRACE_STS_OPERATIONS(MILLRACE_OPERATION_NAME)};
static_assert(api::is_list_sorted(kNames), "THE LIST is not in the order of its names.");

constexpr std::array kErrors = {
    api::ErrorName{api::kAccessDenied, "AccessDenied", 403},
};

}  // namespace

const api::Service& service() {
  static const std::array kOperations = {MILLRACE_STS_OPERATIONS(MILLRACE_OPERATION_ENTRY)};
  static const api::Service kService{
      .signing_name = "sts",
      .query_version = "2011-06-15",
      .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
      .takes_gzip = true,
      .is_partial = true,
      .operations = kOperations,
      .errors = kErrors,
  };
  return kService;
}

}  // namespace millrace::sts
