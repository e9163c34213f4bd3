#include "api/sts/shapes.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "api/field.h"
#include "api/session_keys.h"
#include "base/time_point.h"
#include "world/world.h"

namespace millrace::sts {
namespace {

// Letters, digits, the underscore and what else is named.
bool has_only_words_and(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_session_name(std::string_view text) { return has_only_words_and(text, "+=,.@-"); }
bool is_external_id(std::string_view text) { return has_only_words_and(text, "+=,.@:/-"); }
bool is_serial_number(std::string_view text) { return has_only_words_and(text, "+=/:,.@-"); }
bool is_token_code(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const api::Pattern kSessionNamePattern{R"([\w+=,.@-]*)", &is_session_name};
const api::Pattern kExternalIdPattern{R"([\w+=,.@:\/-]*)", &is_external_id};
const api::Pattern kSerialNumberPattern{R"([\w+=/:,.@-]*)", &is_serial_number};
const api::Pattern kTokenCodePattern{R"([\d]*)", &is_token_code};

Credentials make_credentials(const api::Context& context, const std::string& account,
                             const std::string& name, std::int32_t seconds) {
  // The service tells whole seconds, and a key is good for what it tells.
  const WallTime now = std::chrono::floor<std::chrono::seconds>(context.world().wall_clock().now());
  const api::Session session{account, name, now + std::chrono::seconds(seconds)};
  api::SessionKey key = make_session_key(context.world().sealer(), session);
  return {std::move(key.access_key_id), std::move(key.secret_access_key),
          std::move(key.session_token), time_from_millis(millis_of(session.ends_at))};
}

}  // namespace millrace::sts
