// What scan() takes, decode() understands in the same way: a request with every kind of member.

#include "api/scan.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/decode.h"
#include "api/encode.h"
#include "api/field.h"
#include "api/operation.h"
#include "api/plain_cbor.h"
#include "api/plain_json.h"
#include "api/value.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

using api::field;
using api::flatten;

constexpr std::array<std::string_view, 2> kColours = {"RED", "BLUE"};
const api::Pattern kLowPattern{"[a-m]*", [](std::string_view text) {
                                 return text.find_first_not_of("abcdefghijklm") ==
                                        std::string_view::npos;
                               }};

struct Names {
  std::optional<std::string> arn;
  std::optional<std::string> name;

  static constexpr auto fields = std::tuple{
      field("Arn", &Names::arn).length(1, 8),
      field("Name", &Names::name).matching(kLowPattern).required_without("Arn"),
  };
};

struct Record {
  std::optional<std::string_view> key;
  api::BlobView data;

  static constexpr auto fields = std::tuple{
      field("Key", &Record::key).length(1, 4),
      field("Data", &Record::data).length(0, 100).required(),
  };
};

struct Request {
  std::vector<Record> records;
  Names names;
  std::string_view colour;
  std::optional<std::int32_t> limit;
  std::optional<bool> is_dry;

  static constexpr auto fields = std::tuple{
      field("Records", &Request::records).length(1, 3),
      flatten(&Request::names),
      field("Colour", &Request::colour).one_of(kColours),
      field("Limit", &Request::limit).range(-5, 10),
      field("IsDry", &Request::is_dry),
  };
};

template <class Scanner>
void compare(std::string_view body, api::Form form) {
  Scanner scanner(body);
  Request scanned;
  if (!api::scan(scanner, scanned)) return;
  auto value = api::parse_body(body, form);
  require(value.has_value());
  const auto decoded = api::decode<Request>(*value, form);
  require(decoded.has_value());
  require(api::encode<api::kJsonAndCbor>(scanned, form) ==
          api::encode<api::kJsonAndCbor>(*decoded, form));
}

}  // namespace

void run(std::string_view input) {
  compare<api::PlainJson>(input, api::Form::kJson);
  compare<api::PlainCbor>(input, api::Form::kCbor);
}

}  // namespace millrace::fuzz
