// Which tags the service takes.
//
// Source: the Kinesis API reference, AddTagsToStream and RemoveTagsFromStream; the texts are the
// service's own, tests/conformance/test_tags.py.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "streams/stream_key.h"

namespace millrace::streams {

using Tags = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t kTagsMax = 50;  // Of one resource.

// Which operation the tags come by: those for any resource take a colon too.
enum class TagRules : std::uint8_t { kOfStream, kOfResource };

// Adds `added` to `tags`. Errors: kInvalidArgument, and nothing is changed then.
[[nodiscard]] Result<void> add_tags(Tags& tags, const Tags& added, const StreamKey& stream,
                                    TagRules rules = TagRules::kOfStream);

// Removes `keys`; unknown ones are ignored. Errors as add_tags().
[[nodiscard]] Result<void> remove_tags(Tags& tags, const std::vector<std::string>& keys,
                                       const StreamKey& stream,
                                       TagRules rules = TagRules::kOfStream);

}  // namespace millrace::streams
