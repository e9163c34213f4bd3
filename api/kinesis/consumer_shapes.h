// How answers show a consumer.

#pragma once

#include <string>
#include <tuple>

#include "api/field.h"
#include "base/time_point.h"
#include "streams/consumers.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {

struct ConsumerShape {
  std::string consumer_name;
  std::string consumer_arn;
  std::string consumer_status;
  TimePoint consumer_creation_timestamp{};

  static constexpr auto fields = std::tuple{
      api::field("ConsumerName", &ConsumerShape::consumer_name).required(),
      api::field("ConsumerARN", &ConsumerShape::consumer_arn).required(),
      api::field("ConsumerStatus", &ConsumerShape::consumer_status).required(),
      api::field("ConsumerCreationTimestamp", &ConsumerShape::consumer_creation_timestamp)
          .required(),
  };
};

[[nodiscard]] ConsumerShape to_shape(const streams::Consumer& consumer,
                                     const streams::StreamKey& stream,
                                     streams::ConsumerStatus status);

}  // namespace millrace::kinesis
