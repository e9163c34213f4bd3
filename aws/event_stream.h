// The frames of an event stream, as the service sends them.
//
//   size  content, numbers big-endian
//      4  length of the whole message
//      4  length of the headers
//      4  CRC-32 (IEEE) of these eight bytes
//      n  headers: u8 length of the name, name, 7 (a string), u16 length of the value, value
//      m  payload
//      4  CRC-32 of everything before
//
// Source: "Amazon Event Stream encoding", Amazon Transcribe and Smithy documentation; captures of
// the service's own frames in tests/aws/event_stream_test.cpp.

#pragma once

#include <string>

#include "api/event_source.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::aws {

inline constexpr char kEventStreamType[] = "application/vnd.amazon.eventstream";

// What comes first: clients wait for it before they look for events.
[[nodiscard]] std::string initial_response_frame(api::Form form);

[[nodiscard]] std::string event_frame(const api::Event& event, api::Form form);

// An error after the stream has begun.
[[nodiscard]] std::string exception_frame(const Error& error, api::Form form);

}  // namespace millrace::aws
