#include "api/service.h"

#include <array>

#include "api/cloudwatch/operations.h"
#include "api/error_reply.h"
#include "api/errors.h"

namespace millrace::cloudwatch {
namespace {

constexpr std::array kNames = {MILLRACE_CLOUDWATCH_OPERATIONS(MILLRACE_OPERATION_NAME)};
static_assert(api::is_list_sorted(kNames), "THE LIST is not in the order of its names.");

constexpr std::array kErrors = {
    api::ErrorName{api::kValidation, "InvalidParameterValueException", 400,
                   "InvalidParameterValue"},
    api::ErrorName{api::kInternalFailure, "InternalServiceFault", 500, "InternalServiceError"},
};

}  // namespace

const api::Service& service() {
  static const std::array kOperations = {MILLRACE_CLOUDWATCH_OPERATIONS(MILLRACE_OPERATION_ENTRY)};
  static const api::Service kService{
      .signing_name = "monitoring",
      .target = "GraniteServiceVersion20100801",
      .json_version = "1.0",
      .has_rpc_cbor = true,
      .query_version = "2010-08-01",
      .xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/",
      .takes_gzip = true,
      .is_partial = true,
      .operations = kOperations,
      .errors = kErrors,
  };
  return kService;
}

}  // namespace millrace::cloudwatch
