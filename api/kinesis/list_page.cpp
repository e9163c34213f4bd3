#include "api/kinesis/list_page.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/kinesis/tokens.h"
#include "base/error.h"
#include "world/world.h"

namespace millrace::kinesis {

ListPage::ListPage(const api::Context& context, std::string_view kind,
                   std::optional<std::int32_t> wanted, std::int32_t elements_max)
    : context_(context),
      kind_(kind),
      limit_(static_cast<std::size_t>(std::min(wanted.value_or(elements_max), elements_max))) {}

Result<NextToken> ListPage::begin(const std::optional<std::string>& token) const {
  if (!token) return NextToken{};
  const world::World& world = context_.world();
  return Tokens(world.sealer()).decode_next(*token, kind_, world.clock().now());
}

std::string ListPage::token(NextToken place) const {
  place.kind = kind_;
  place.issued = context_.world().clock().now();
  return Tokens(context_.world().sealer()).encode(place);
}

}  // namespace millrace::kinesis
