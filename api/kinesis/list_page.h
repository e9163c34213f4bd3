// A page of a listing: where it begins, how long it is, and the token with which the next one
// begins.
//
// An operation asks for one element more than limit(), and has the page cut it off.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/kinesis/tokens.h"
#include "base/error.h"

namespace millrace::kinesis {

class ListPage {
 public:
  // `kind` keeps the tokens of one operation from another. `context` outlives the page.
  ListPage(const api::Context& context, std::string_view kind, std::optional<std::int32_t> wanted,
           std::int32_t elements_max);

  [[nodiscard]] std::size_t limit() const { return limit_; }

  // Returns the place at which the listing goes on: that of `token`, or the beginning. Errors:
  // those of Tokens::decode_next().
  [[nodiscard]] Result<NextToken> begin(const std::optional<std::string>& token) const;

  // Returns whether there were more elements than the page has, and takes those off.
  template <class Element>
  [[nodiscard]] bool cut(std::vector<Element>& elements) const {
    const bool has_more = elements.size() > limit_;
    if (has_more) elements.resize(limit_);
    return has_more;
  }

  // The token of the page after this one. `place` says all but the kind and the time.
  [[nodiscard]] std::string token(NextToken place) const;

 private:
  const api::Context& context_;
  const std::string_view kind_;
  const std::size_t limit_;
};

}  // namespace millrace::kinesis
