// Which tags the service takes.
//
// Source: the Kinesis API reference, AddTagsToStream and RemoveTagsFromStream; the texts are the
// service's own, tests/conformance/test_tags.py.

#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams {

inline constexpr std::size_t kTagsMax = 50;

// Adds `added` to `tags`. Errors: kInvalidArgument, and nothing is changed then.
[[nodiscard]] Result<void> add_tags(Tags& tags, const Tags& added, const StreamKey& stream);

// Removes `keys`; unknown ones are ignored. Errors as add_tags().
[[nodiscard]] Result<void> remove_tags(Tags& tags, const std::vector<std::string>& keys,
                                       const StreamKey& stream);

}  // namespace millrace::streams
