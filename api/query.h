// Query strings and forms: `Action=AssumeRole&Tags.member.1.Key=a`, read into a tree of values.
//
// Source: Smithy, AWS Query protocol. Elements of a list are numbered from 1 below `member`, those
// of a map below `entry`, with `key` and `value`.

#pragma once

#include <cstddef>
#include <string_view>

#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

// A form has no more parameters than this; each element of a list has at least one.
inline constexpr std::size_t kParametersMax = 20'000;

// Parameters by their names, each a text; those whose names have dots as structures, lists and
// maps. Errors: kMalformedQuery, if a percent sign is not followed by two hexadecimal digits, the
// text is not UTF-8, a name stands there twice or both for a text and for what holds others, the
// elements of a list are not numbered 1, 2, 3 …, or there is too much: kDepthMax, kParametersMax.
[[nodiscard]] Result<Value> parse_query(std::string_view form);

}  // namespace millrace::api
