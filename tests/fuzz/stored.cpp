// Bytes from the disk: damaged rows and values are refused, never read beyond their end.

#include <string_view>

#include "storage/batch.h"
#include "storage/keys.h"
#include "streams/record.h"
#include "streams/rows.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  if (const auto value = storage::decode_value(input)) {
    std::string_view body = value->body;
    for (std::uint32_t i = 0; i < value->count; ++i) {
      use(streams::decode_record(storage::take_entry(body)));
    }
    require(body.empty());
  }
  use(streams::decode_record(input));
  use(storage::parse_record_key(input));
  use(storage::decode_head(input));
  if (const auto facts = streams::rows::decode_stream(input)) {
    require(streams::rows::decode_stream(streams::rows::encode(*facts)).has_value());
  }
  if (const auto shard = streams::rows::decode_shard(input)) {
    require(streams::rows::decode_shard(streams::rows::encode(*shard)).has_value());
  }
  use(streams::rows::parse_name_row_key(input));
  use(streams::rows::parse_dropped_row_key(input));
}

}  // namespace millrace::fuzz
