// The row of a stream: what is known of it apart from its shards and records. The table form is in
// docs/internals/storage-format.md.
//
//   key    's', stream id u32
//   value  StreamFacts

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/spaces.h"
#include "streams/stream_facts.h"

namespace millrace::streams::rows {

inline constexpr storage::RowSpace kStreams{storage::Tenant::kStreams, 's'};

[[nodiscard]] std::string stream_row_key(std::uint32_t stream_id);
// Returns nullopt if it is no such key.
[[nodiscard]] std::optional<std::uint32_t> parse_stream_row_key(std::string_view key);

[[nodiscard]] std::string encode(const StreamFacts& facts);
[[nodiscard]] std::optional<StreamFacts> decode_stream(std::string_view value);

}  // namespace millrace::streams::rows
