#include "api/kinesis/operations.h"

#include <doctest/doctest.h>

#include "api/service.h"

namespace millrace::kinesis {

TEST_CASE("each operation of the list is found by its name, and no other name") {
#define MILLRACE_CHECK(name) CHECK(api::find_operation(service(), #name) == &name());
  MILLRACE_KINESIS_OPERATIONS(MILLRACE_CHECK)
#undef MILLRACE_CHECK
  CHECK(api::find_operation(service(), "putrecord") == nullptr);
  CHECK(api::find_operation(service(), "") == nullptr);
}

}  // namespace millrace::kinesis
