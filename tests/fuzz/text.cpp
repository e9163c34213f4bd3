// Small texts with a grammar: numbers, ids, ARNs, options, names, escapes. What is understood is
// understood the same when it is written again.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/kinesis/arn.h"
#include "app/config.h"
#include "app/options_file.h"
#include "base/base64.h"
#include "base/duration.h"
#include "base/uint128.h"
#include "net/endpoint.h"
#include "net/http.h"
#include "net/tls_certificate.h"
#include "net/uri.h"
#include "streams/catalogue.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

void check_numbers(std::string_view input) {
  if (const auto number = parse_uint128(input)) {
    require(parse_uint128(to_decimal(*number)) == *number);
  }
  if (const auto index = streams::parse_shard_id(input)) {
    require(streams::parse_shard_id(streams::shard_id(*index)) == *index);
  }
  if (const auto number = streams::parse_sequence_number(input)) {
    if (number->version == 2) {
      require(streams::parse_sequence_number(streams::to_decimal(*number)) == *number);
    }
  }
}

void check_arns(std::string_view input) {
  if (const auto key = kinesis::parse_stream_arn(input)) {
    require(kinesis::parse_stream_arn(kinesis::stream_arn(*key)) == *key);
  }
  if (const auto arn = kinesis::parse_consumer_arn(input)) {
    const auto again = kinesis::parse_consumer_arn(
        kinesis::consumer_arn(arn->stream, arn->name, arn->creation_second));
    require(again && again->stream == arn->stream && again->name == arn->name);
    require(again->creation_second == arn->creation_second);
    require(kinesis::parse_stream_arn(input) == arn->stream);
  }
}

void check_options(std::string_view input) {
  std::vector<std::string> values;
  for (const std::string_view value : app::split_list(input)) values.emplace_back(value);
  const auto streams = app::parse_initial_streams(values);
  if (!streams) require(streams.error().message.starts_with("--streams: "));
  streams::TransitionDelays delays;
  const auto delay = app::parse_delay(input, delays);
  if (!delay) require(delay.error().message.starts_with("--transition-delay: "));
  use(net::is_certificate_name(input));
  use(app::looks_like_region(input));
  if (const auto endpoint = net::parse_endpoint(input)) {
    require(net::parse_endpoint(net::to_url(*endpoint)) == *endpoint);
  }
  const auto time = parse_duration(input, std::chrono::seconds(1));
  if (time) {
    const auto again = parse_duration(show_duration(*time), std::chrono::hours(9));
    require(again && *again == *time);
  }
  const auto ports = app::parse_ports(values);
  if (ports) require(ports->size() == values.size());
  const auto options = app::parse_options_file(input);
  if (!options) require(options.error().message.starts_with("line "));
}

void check_escapes(std::string_view input) {
  const std::string encoded = net::percent_encoded(input);
  require(net::percent_decoded(encoded) == input);
  require(net::form_value("a=b&name=" + encoded + "&name=c", "name") == input);
  require(net::percent_decoded(input).size() <= input.size());
  use(net::form_value(input, "name"));
  const std::string base64 = to_base64(input);
  require(from_base64(base64) == input);
  if (const auto bytes = from_base64(input)) require(to_base64(*bytes) == input);
  require(net::trimmed(net::trimmed(input)) == net::trimmed(input));
}

}  // namespace

void run(std::string_view input) {
  check_numbers(input);
  check_arns(input);
  check_options(input);
  check_escapes(input);
}

}  // namespace millrace::fuzz
