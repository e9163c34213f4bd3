// Resource policies: any text is refused with a sentence or understood, and what is understood
// lets in nobody it does not name.

#include "api/policy.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

// Wildcards the slow and plain way.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         matches(pattern.substr(1), text.substr(1));
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches(pattern, text); });
}

// Whether the slow way can be asked: it takes a step for each way to share the text.
bool is_simple(const std::vector<std::string>& patterns) {
  return std::ranges::all_of(
      patterns, [](const auto& pattern) { return std::ranges::count(pattern, '*') < 4; });
}

// Actions compare without case.
std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return out;
}

bool matches_any_lower(std::vector<std::string> patterns, std::string_view text) {
  std::ranges::transform(patterns, patterns.begin(), lower);
  return matches_any(patterns, lower(text));
}

bool expected(const api::Policy& policy, const api::Access& access) {
  bool is_allowed = false;
  bool is_denied = false;
  for (const api::PolicyStatement& statement : policy.statements) {
    const bool is_meant = (std::ranges::count(statement.accounts, "*") > 0 ||
                           std::ranges::count(statement.accounts, access.account) > 0) &&
                          matches_any_lower(statement.actions, access.action) &&
                          matches_any(statement.resources, access.resource);
    if (!is_meant) continue;
    is_allowed = is_allowed || (statement.allows && !statement.is_conditional);
    is_denied = is_denied || !statement.allows;
  }
  return is_allowed && !is_denied;
}

}  // namespace

void run(std::string_view input) {
  const auto policy = api::parse_policy(input);
  if (!policy) {
    require(policy.error().message.ends_with('.'));
    return;
  }
  require(!policy->statements.empty() && input.size() <= api::kPolicyBytesMax);
  const std::string_view stream = "arn:aws:kinesis:us-east-1:111122223333:stream/a";
  constexpr std::array<std::string_view, 2> kAccounts = {"111122223333", "444455556666"};
  constexpr std::array<std::string_view, 2> kActions = {"kinesis:PutRecord", "kinesis:GetRecords"};
  const bool is_checked = std::ranges::all_of(policy->statements, [](const auto& statement) {
    return is_simple(statement.actions) && is_simple(statement.resources);
  });
  for (const std::string_view account : kAccounts) {
    for (const std::string_view action : kActions) {
      const api::Access access{account, action, stream};
      const bool is_allowed = api::allows(*policy, access);
      if (is_checked) require(is_allowed == expected(*policy, access));
    }
  }
}

}  // namespace millrace::fuzz
