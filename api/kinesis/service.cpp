#include "api/service.h"

#include <array>

#include "api/kinesis/call_limits.h"
#include "api/kinesis/operations.h"

namespace millrace::kinesis {
namespace {

constexpr std::array kNames = {MILLRACE_KINESIS_OPERATIONS(MILLRACE_OPERATION_NAME)};
static_assert(api::is_list_sorted(kNames), "THE LIST is not in the order of its names.");

}  // namespace

const api::Service& service() {
  static const std::array kOperations = {MILLRACE_KINESIS_OPERATIONS(MILLRACE_OPERATION_ENTRY)};
  static const api::Service kService{
      .signing_name = "kinesis",
      .target = "Kinesis_20131202",
      .json_version = "1.1",
      .has_cbor = true,
      .wants_signature = true,
      .operations = kOperations,
      .limits = &kCallLimits,
  };
  return kService;
}

}  // namespace millrace::kinesis
