// What a peer is held to, by transports and by those who answer.

#pragma once

#include <chrono>
#include <cstddef>

namespace millrace::net {

// What one peer may take of us. Each limit is checked before the work it bounds.
struct Limits {
  std::size_t header_bytes_max = 32UL * 1024;        // 431 above.
  std::size_t header_count_max = 100;                // 431 above.
  std::size_t body_bytes_max = 16UL << 20U;          // 413 above.
  std::size_t inflight_bytes_max = 256UL << 20U;     // Bodies of all connections (budget.h).
  std::size_t answer_bytes_max = 256UL << 20U;       // Answers of all connections (budget.h).
  std::size_t one_answer_bytes_max = 16UL << 20U;    // The largest there is, in JSON.
  std::size_t connections_max = 10'000;              // Closed at once above.
  std::chrono::milliseconds header_timeout{10'000};  // From the first byte of a request.
  std::chrono::milliseconds idle_timeout{60'000};    // Between requests.
  std::chrono::milliseconds read_timeout{10'000};    // Without a byte of a body.
  std::size_t body_bytes_per_second_min = 1024;      // On the average, after read_timeout.
  std::chrono::milliseconds write_timeout{15'000};   // For each write_bytes_max of an answer.
  std::size_t write_bytes_max = 1UL << 20U;
  std::chrono::milliseconds stall_timeout{30'000};   // For a stream of HTTP/2 to take any of it.
  std::chrono::milliseconds piece_timeout{60'000};   // For a reader to take a piece of an answer.
  std::chrono::milliseconds linger_timeout{5'000};   // For the rest of a request that is refused.
  std::chrono::milliseconds goodbye_timeout{1'000};  // For a peer to end TLS as we did.
  std::chrono::milliseconds busy_timeout{5'000};     // While the store has fallen behind; then 500.
  std::chrono::milliseconds drain_timeout{6'000};    // For requests under way at a stop;
  std::chrono::milliseconds half_sent_timeout{
      2'000};  // within it, for the rest of a half-sent one.
};

}  // namespace millrace::net
