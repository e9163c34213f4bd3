// What lines of the log are made of, in both of their forms.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::server {

enum class LogFormat : std::uint8_t { kText, kJson };

// 2026-11-23T10:41:53.123Z. Log lines show the machine's time, whatever the streams' clock says.
[[nodiscard]] std::string wall_time();

// Append a member to the text of a JSON object, with its opening bracket if it is the first one.
void add_json_text(std::string& line, std::string_view name, std::string_view value);
void add_json_number(std::string& line, std::string_view name, std::string_view value);

// A client's bytes as they may stand in a line, which is ASCII: others become '?', and beyond
// `size_max` they are cut.
[[nodiscard]] std::string printable(std::string_view text,
                                    std::size_t size_max = std::string_view::npos);

}  // namespace millrace::server
