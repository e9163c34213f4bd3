#include "api/kinesis/operations.h"

#include <doctest/doctest.h>

namespace millrace::kinesis {

TEST_CASE("an operation is found by the name it has in the list") {
#define MILLRACE_CHECK(name) CHECK(find_operation(#name) == &name());
  MILLRACE_KINESIS_OPERATIONS(MILLRACE_CHECK)
#undef MILLRACE_CHECK
  CHECK(find_operation("putrecord") == nullptr);
  CHECK(find_operation("") == nullptr);
}

}  // namespace millrace::kinesis
