// Resource policies: what their text says, and whether it lets somebody in.
//
// Source: IAM JSON policy reference; "Sharing your data stream with another account", Kinesis
// developer guide. Principals are known by their account alone, so a user or role of an account
// stands for the account. Conditions are not evaluated: a statement with one allows nothing, and
// denies as if it had none.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::api {

inline constexpr std::size_t kPolicyBytesMax = 20UL * 1024;

struct PolicyStatement {
  bool allows = false;
  bool is_conditional = false;
  std::vector<std::string> accounts;  // 12 digits, or * for everybody.
  std::vector<std::string> actions;   // In lower case; * is any characters, ? any character.
  std::vector<std::string> resources;
};

struct Policy {
  std::vector<PolicyStatement> statements;
};

// Errors: kInvalidArgument with what is wrong; unknown members are. NotPrincipal, NotAction and
// NotResource turn a statement around, so that ignoring one would let in those whom it keeps out.
// Texts are ours; the service's are not known.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text);

struct Access {
  std::string_view account;   // Whose call it is.
  std::string_view action;    // `kinesis:PutRecord`, in any case.
  std::string_view resource;  // The ARN.
};

// Some statement allows it, and none denies it.
[[nodiscard]] bool allows(const Policy& policy, const Access& access);

}  // namespace millrace::api
