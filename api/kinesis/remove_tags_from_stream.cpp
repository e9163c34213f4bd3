// RemoveTagsFromStream: removes tags; unknown keys are ignored.
//
// Source: API_RemoveTagsFromStream, Kinesis API reference. Error texts:
// tests/conformance/test_tags.py.

#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/tags.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::vector<std::string> tag_keys;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("TagKeys", &Request::tag_keys).length(1, 50).elements(1, 128).required(),
      flatten(&Request::stream),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto written = stream->change(streams::Allowed::kActive, [&](streams::StreamFacts& facts) {
    return streams::remove_tags(facts.tags, request.tag_keys, facts.key);
  });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace

const Operation& RemoveTagsFromStream() {
  static constexpr Operation kOperation = api::make_operation<&handle>("RemoveTagsFromStream");
  return kOperation;
}

}  // namespace millrace::kinesis
