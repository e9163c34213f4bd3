// AddTagsToStream: adds tags to a stream, or gives existing ones another value.
//
// Source: API_AddTagsToStream, Kinesis API reference. Error texts: tests/conformance/test_tags.py.

#include <tuple>

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
  streams::Tags tags;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("Tags", &Request::tags).length(1, 200).keys(1, 128).values(0, 256).required(),
      flatten(&Request::stream),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto written = stream->change(streams::Allowed::kActive, [&](streams::StreamFacts& facts) {
    return streams::add_tags(facts.tags, request.tags, facts.key);
  });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace

const Operation& AddTagsToStream() {
  static constexpr Operation kOperation = api::make_operation<&handle>("AddTagsToStream");
  return kOperation;
}

}  // namespace millrace::kinesis
