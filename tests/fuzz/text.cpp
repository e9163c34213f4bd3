// Small texts with a grammar: numbers, ids, ARNs, options.

#include <string_view>

#include "api/arn.h"
#include "base/bytes.h"
#include "base/uint128.h"
#include "server/config.h"
#include "streams/catalogue.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  if (const auto number = parse_uint128(input)) {
    require(parse_uint128(to_decimal(*number)) == *number);
  }
  if (const auto index = streams::parse_shard_id(input)) {
    require(streams::parse_shard_id(streams::shard_id(*index)) == *index);
  }
  use(streams::parse_sequence_number(input));
  use(api::parse_stream_arn(input));
  use(server::parse_initial_streams(input));
  streams::TransitionDelays delays;
  use(server::parse_delay(input, delays));
}

}  // namespace millrace::fuzz
