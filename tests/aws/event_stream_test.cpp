#include "aws/event_stream.h"

#include <string>

#include <doctest/doctest.h>

#include "api/event_source.h"
#include "api/value.h"
#include "base/bytes.h"
#include "base/error.h"
#include "streams/errors.h"

namespace millrace::aws {

TEST_CASE("the initial response is the service's, byte for byte") {
  CHECK(
      to_hex(initial_response_frame(api::Form::kJson)) ==
      "0000007200000060ab820d9e0b3a6576656e742d74797065070010696e697469616c2d726573706f6e73650d3a63"
      "6f6e74656e742d7479706507001a6170706c69636174696f6e2f782d616d7a2d6a736f6e2d312e310d3a6d657373"
      "6167652d747970650700056576656e747b7dacae6b7d");
}

TEST_CASE("an event is as long as the service's") {
  const std::string number(56, '4');
  const api::Event event{"SubscribeToShardEvent", R"({"ContinuationSequenceNumber":")" + number +
                                                      R"(","MillisBehindLatest":0,"Records":[]})"};
  CHECK(event_frame(event, api::Form::kJson).size() == 242);
}

TEST_CASE("an exception has its type in a header and its message alone in the payload") {
  const std::string frame =
      exception_frame(Error{streams::kResourceInUse, "text"}, api::Form::kJson);

  CHECK(frame.find(":exception-type\x07") != std::string::npos);
  CHECK(frame.find("ResourceInUseException") != std::string::npos);
  CHECK(frame.find(R"({"message":"text"})") != std::string::npos);
}

TEST_CASE("a fault has a name of its own and tells nothing") {
  const std::string frame =
      exception_frame(Error{streams::kInternalFailure, "/a/path"}, api::Form::kJson);

  CHECK(frame.find("InternalFailureException") != std::string::npos);
  CHECK(frame.find("/a/path") == std::string::npos);
}

}  // namespace millrace::aws
