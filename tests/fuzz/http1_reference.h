// HTTP/1.1 read a second time, independently of the server and more strictly: what is not
// beyond doubt is no message.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::fuzz {

struct Field {
  std::string name;
  std::string value;

  friend bool operator==(const Field&, const Field&) = default;
};

struct ReferenceRequest {
  std::string method;
  std::string target;
  std::vector<Field> fields;  // Without those behind the body.
  std::string body;
  std::size_t head_bytes = 0;
  bool is_last = false;  // Its client wants no other answer on this connection.
};

// Takes a request off the front of `input`; nothing if there is no whole one without a fault.
// Source: RFC 9112.
[[nodiscard]] std::optional<ReferenceRequest> take_request(std::string_view& input);

struct ReferenceAnswer {
  int status = 0;
  std::vector<Field> fields;
  std::string body;
  bool is_whole = true;  // False for a body whose end did not come.

  // The value of the only field of that name, in any case; nothing if there is none.
  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
};

// Takes an answer off the front of `output`. Nothing if there is none, or it is faulty.
[[nodiscard]] std::optional<ReferenceAnswer> take_answer(std::string_view& output, bool has_body);

}  // namespace millrace::fuzz
