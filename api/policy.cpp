#include "api/policy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/errors.h"
#include "api/json.h"
#include "api/value.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/try.h"

namespace millrace::api {
namespace {

constexpr std::string_view kAnyone = "*";

// The members there may be. Source: IAM JSON policy elements reference.
constexpr std::array<std::string_view, 3> kPolicyMembers = {"Version", "Id", "Statement"};
constexpr std::array<std::string_view, 6> kStatementMembers = {"Sid",    "Effect",   "Principal",
                                                               "Action", "Resource", "Condition"};
constexpr std::array<std::string_view, 4> kPrincipalKinds = {"AWS", "Service", "Federated",
                                                             "CanonicalUser"};

std::unexpected<Error> invalid(const std::string& why) {
  return fail(kInvalidArgument, "Invalid policy: " + why);
}

// Returns the first member of `map` that is not among `known`; nullptr if there is none.
const std::string* unknown_member(const ValueMap& map, std::span<const std::string_view> known) {
  const auto found = std::ranges::find_if(
      map, [&](const auto& member) { return std::ranges::find(known, member.key) == known.end(); });
  return found != map.end() ? &found->key : nullptr;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// A string, or a list of strings that is not empty. Nothing otherwise.
std::optional<std::vector<std::string>> texts_of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&value->held)) {
    return std::vector<std::string>{*text};
  }
  const auto* list = std::get_if<ValueList>(&value->held);
  if (list == nullptr || list->empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Value& element : *list) {
    const auto* text = std::get_if<std::string>(&element.held);
    if (text == nullptr) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

// The account in `123456789012` or `arn:aws:iam::123456789012:root`; nothing if there is none.
std::optional<std::string> account_of(std::string_view principal) {
  if (principal == kAnyone || is_account(principal)) return std::string(principal);
  std::array<std::string_view, 5> parts;
  if (!principal.starts_with("arn:")) return std::nullopt;
  for (std::string_view& part : parts) {
    const std::size_t colon = principal.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = principal.substr(0, colon);
    principal.remove_prefix(colon + 1);
  }
  if ((parts[2] != "iam" && parts[2] != "sts") || !is_account(parts[4])) return std::nullopt;
  return std::string(parts[4]);
}

// Nothing if it is no principal. One that is no account, such as a service, lets no account in.
std::optional<std::vector<std::string>> accounts_of(Value* principal) {
  if (principal == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&principal->held)) {
    if (*text != kAnyone) return std::nullopt;
    return std::vector{*text};
  }
  const auto* map = std::get_if<ValueMap>(&principal->held);
  if (map == nullptr || map->empty() || unknown_member(*map, kPrincipalKinds) != nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> accounts;
  for (const auto& [kind, value] : *map) {
    const auto texts = texts_of(&value);
    if (!texts) return std::nullopt;
    if (kind != "AWS") continue;
    for (const std::string& text : *texts) {
      auto account = account_of(text);
      if (!account) return std::nullopt;
      accounts.push_back(std::move(*account));
    }
  }
  return accounts;
}

Result<PolicyStatement> parse_statement(Value& value) {
  const auto* members = std::get_if<ValueMap>(&value.held);
  if (members == nullptr) return invalid("a statement is no object.");
  if (const auto* unknown = unknown_member(*members, kStatementMembers)) {
    return invalid("a statement has no member " + *unknown + ".");
  }
  PolicyStatement statement;
  const auto effect = texts_of(value.find("Effect"));
  if (!effect || effect->size() != 1 || (effect->front() != "Allow" && effect->front() != "Deny")) {
    return invalid("Effect must be Allow or Deny.");
  }
  statement.allows = effect->front() == "Allow";
  auto accounts = accounts_of(value.find("Principal"));
  if (!accounts) return invalid("Principal must be * or name accounts.");
  auto actions = texts_of(value.find("Action"));
  if (actions) std::ranges::transform(*actions, actions->begin(), lower_case);
  const bool names_kinesis = actions && std::ranges::all_of(*actions, [](const auto& action) {
                               return action == "*" || action.starts_with("kinesis:");
                             });
  if (!names_kinesis) return invalid("Action must name actions of kinesis.");
  auto resources = texts_of(value.find("Resource"));
  if (!resources) return invalid("Resource must name resources.");
  statement.accounts = std::move(*accounts);
  statement.actions = std::move(*actions);
  statement.resources = std::move(*resources);
  statement.is_conditional = value.find("Condition") != nullptr;
  return statement;
}

// `*` stands for any characters, `?` for any one. Linear in both but for the last `*` seen.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool applies(const PolicyStatement& statement, const Access& access) {
  const auto any = [](const std::vector<std::string>& patterns, std::string_view text) {
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return matches(pattern, text); });
  };
  const bool is_meant = std::ranges::any_of(statement.accounts, [&](const std::string& account) {
    return account == kAnyone || account == access.account;
  });
  return is_meant && any(statement.actions, lower_case(access.action)) &&
         any(statement.resources, access.resource);
}

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  auto document = parse_json(text);
  if (!document) return fail(kInvalidArgument, "Policy must be valid JSON.");
  if (text.size() > kPolicyBytesMax) {
    return invalid("it is longer than " + std::to_string(kPolicyBytesMax) + " bytes.");
  }
  if (const auto* members = std::get_if<ValueMap>(&document->held)) {
    if (const auto* unknown = unknown_member(*members, kPolicyMembers)) {
      return invalid("it has no member " + *unknown + ".");
    }
  }
  Value* statements = document->find("Statement");
  if (statements == nullptr) return invalid("it has no Statement.");
  if (const Value* version = document->find("Version")) {
    const auto texts = texts_of(version);
    if (!texts || (texts->front() != "2012-10-17" && texts->front() != "2008-10-17")) {
      return invalid("Version must be 2012-10-17 or 2008-10-17.");
    }
  }
  Policy policy;
  auto* list = std::get_if<ValueList>(&statements->held);
  const std::size_t count = list != nullptr ? list->size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    auto statement = TRY(parse_statement(list != nullptr ? (*list)[i] : *statements));
    policy.statements.push_back(std::move(statement));
  }
  if (policy.statements.empty()) return invalid("it has no Statement.");
  return policy;
}

bool allows(const Policy& policy, const Access& access) {
  bool is_allowed = false;
  for (const PolicyStatement& statement : policy.statements) {
    if (!applies(statement, access)) continue;
    if (!statement.allows) return false;
    is_allowed = is_allowed || !statement.is_conditional;
  }
  return is_allowed;
}

}  // namespace millrace::api
