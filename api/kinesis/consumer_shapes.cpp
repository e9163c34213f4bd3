#include "api/kinesis/consumer_shapes.h"

#include <string>

#include "api/kinesis/arn.h"
#include "base/time_point.h"
#include "streams/consumers.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {

ConsumerShape to_shape(const streams::Consumer& consumer, const streams::StreamKey& stream,
                       streams::ConsumerStatus status) {
  return {consumer.name, consumer_arn(stream, consumer.name, consumer.creation_second),
          std::string(streams::to_text(status)), time_from_millis(consumer.creation_second * 1000)};
}

}  // namespace millrace::kinesis
