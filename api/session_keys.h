// Temporary access keys. They are derived from the directory's key and stored nowhere, so they are
// good for as long as they say, over restarts too.
//
//   access key id      ASIA, then 16 characters of base32: the account, 5 bytes, and the first 5 of
//                      its MAC
//   secret access key  40 characters of base64: a MAC of the id
//   session token      base64 of what is sealed: the id, the session's name, when it ends
//
// The id and secret of an account are always the same; a session ends with its token.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/sealer.h"
#include "base/time_point.h"

namespace millrace::api {

struct Session {
  std::string account;  // 12 digits.
  std::string name;     // `assumed-role/{role}/{session}`; empty for the account itself.
  WallTime ends_at{};
};

struct SessionKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
};

[[nodiscard]] SessionKey make_session_key(const Sealer& sealer, const Session& session);

// The account of a temporary access key; nullopt if it is none of ours.
[[nodiscard]] std::optional<std::string> account_of_key(const Sealer& sealer,
                                                        std::string_view access_key_id);

[[nodiscard]] std::string secret_of_key(const Sealer& sealer, std::string_view access_key_id);

// The session that `token` was given for together with `access_key_id`, which may have ended;
// nullopt if it is none of ours.
[[nodiscard]] std::optional<Session> session_of(const Sealer& sealer,
                                                std::string_view access_key_id,
                                                std::string_view token);

// 16 characters, letters and digits, that are always the same for `text`: ids of roles.
[[nodiscard]] std::string id_of(const Sealer& sealer, std::string_view text);

}  // namespace millrace::api
