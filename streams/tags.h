// Which tags the service takes: the same by each operation.
//
// Source: the Kinesis API reference, AddTagsToStream and RemoveTagsFromStream; the texts are the
// service's own, tests/conformance/test_tags.py. A colon is taken although the texts do not name
// it: users of the service have such keys, mhart/kinesalite#106 and #107.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "streams/stream_key.h"

namespace millrace::streams {

using Tags = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t kTagsMax = 50;  // Of one resource.

// Adds `added` to `tags`. Errors: kInvalidArgument, and nothing is changed then.
[[nodiscard]] Result<void> add_tags(Tags& tags, const Tags& added, const StreamKey& stream);

// Removes `keys`; unknown ones are ignored. Errors as add_tags().
[[nodiscard]] Result<void> remove_tags(Tags& tags, const std::vector<std::string>& keys,
                                       const StreamKey& stream);

}  // namespace millrace::streams
