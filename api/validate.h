// The constraint check: all failures of a request in one message, worded as the service words them.
//
// Source: the service's answers, tests/conformance/test_constraints.py.

#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/field.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

// No more failures than this are looked for.
inline constexpr std::size_t kViolationsMax = 10;

// Messages name blobs and lists of structures without their value.
//
// Source: a PutRecords refused by the service, awslabs/amazon-kinesis-producer#680 (2025); until
// 2020 the service printed `java.nio.HeapByteBuffer[...]`. For lists it is a guess, by moto's
// test_kinesis_stream_limits.py, whose other texts are the service's.
inline constexpr std::string_view kNotShown;

// A member's name as messages have it: the first letter small.
[[nodiscard]] std::string member_name(std::string_view name);

[[nodiscard]] std::unexpected<Error> type_failure(std::string message);

class Violations {
 public:
  // Adds what `value`, whose type has been checked, violates.
  void check(const Value& value, const std::string& path, const Constraints& constraints);

  // Adds what a list of structures, whose type has been checked, violates as a whole.
  void check_structures(const ValueList& list, const std::string& path,
                        const Constraints& constraints);

  void add_missing(const std::string& path);

  // `shown` as it stands in the message, with its quotes; kNotShown leaves the value out.
  void add(std::string_view shown, const std::string& path, std::string_view constraint);

  [[nodiscard]] bool is_empty() const { return texts_.empty(); }
  [[nodiscard]] bool is_full() const { return texts_.size() >= kViolationsMax; }
  [[nodiscard]] Error to_error() const;

 private:
  void check_text(const std::string& text, const std::string& path, const Constraints& constraints);
  void check_length(std::size_t length, const std::string& shown, const std::string& path,
                    const Constraints& constraints);
  void check_list(const ValueList& list, const std::string& shown, const std::string& path,
                  const Constraints& constraints);
  void check_map(const ValueMap& map, const std::string& shown, const std::string& path,
                 const Constraints& constraints);

  std::vector<std::string> texts_;
};

// Whether a member keeps to its constraints: what Violations would find nothing in.
[[nodiscard]] bool is_satisfied(const Constraints& constraints, std::string_view text);
[[nodiscard]] bool is_satisfied(const Constraints& constraints, std::int64_t number);
// The bytes of a blob, the elements of a list of structures.
[[nodiscard]] bool is_length_satisfied(const Constraints& constraints, std::size_t length);

// The constraint text for a maximal length, which handlers use for limits that depend on the
// stream.
[[nodiscard]] std::string length_at_most(std::int64_t max);

}  // namespace millrace::api
