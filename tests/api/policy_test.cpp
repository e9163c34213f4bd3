#include "api/policy.h"

#include <initializer_list>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace millrace::api {
namespace {

constexpr std::string_view kArn = "arn:aws:kinesis:us-east-1:111111111111:stream/orders";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

// Whether account 222222222222 may do `action` under a policy with these statements.
bool is_let_in(const std::string& statements, std::string_view action,
               std::string_view account = "222222222222") {
  const auto policy = parse_policy(R"({"Statement":[)" + statements + "]}");
  REQUIRE(policy);
  return allows(*policy, {account, action, kArn});
}

std::string statement(std::string_view effect, std::string_view principal, std::string_view action,
                      std::string_view resource = R"("*")", std::string_view more = {}) {
  return R"({"Effect":")" + std::string(effect) + R"(","Principal":)" + std::string(principal) +
         R"(,"Action":)" + std::string(action) + R"(,"Resource":)" + std::string(resource) +
         std::string(more) + "}";
}

}  // namespace

TEST_CASE("a statement lets in whom it names, to do what it names") {
  const std::string named = statement("Allow", R"({"AWS":"222222222222"})", R"("kinesis:Put*")");

  CHECK(is_let_in(named, "kinesis:PutRecord"));
  CHECK_FALSE(is_let_in(named, "kinesis:GetRecords"));
  CHECK_FALSE(is_let_in(named, "kinesis:PutRecord", "333333333333"));
}

TEST_CASE("principals are accounts, users and roles of accounts, or everybody") {
  for (const char* principal :
       {R"("*")", R"({"AWS":"*"})", R"({"AWS":["333333333333","222222222222"]})",
        R"({"AWS":"arn:aws:iam::222222222222:root"})",
        R"({"AWS":"arn:aws:sts::222222222222:assumed-role/a/b"})"}) {
    CAPTURE(principal);
    CHECK(is_let_in(statement("Allow", principal, R"("kinesis:*")"), "kinesis:ListShards"));
  }
  const std::string service = statement("Allow", R"({"Service":"x.amazonaws.com"})", R"("*")");
  CHECK_FALSE(is_let_in(service, "kinesis:ListShards"));
}

TEST_CASE("a denial wins over whatever allows") {
  const std::string all = statement("Allow", R"("*")", R"("*")");
  const std::string no_puts = statement("Deny", R"("*")", R"("kinesis:Put?ecord")");

  CHECK_FALSE(is_let_in(joined({all, ",", no_puts}), "kinesis:PutRecord"));
  CHECK(is_let_in(joined({all, ",", no_puts}), "kinesis:PutRecords"));
}

TEST_CASE("a resource is matched with its wildcards") {
  struct Row {
    const char* resource;
    bool is_in;
  };
  for (const Row& row : {Row{R"("arn:aws:kinesis:*:111111111111:stream/*")", true},
                         Row{R"("arn:aws:kinesis:us-east-1:111111111111:stream/orders")", true},
                         Row{R"("arn:aws:kinesis:us-east-1:111111111111:stream/order")", false},
                         Row{R"(["x","*/or?ers"])", true}, Row{R"("*/or?er")", false}}) {
    CAPTURE(row.resource);
    CHECK(is_let_in(statement("Allow", R"("*")", R"("*")", row.resource), "kinesis:ListShards") ==
          row.is_in);
  }
}

TEST_CASE("what has a condition allows nothing and denies all the same") {
  constexpr std::string_view kCondition = R"(,"Condition":{"Bool":{"aws:SecureTransport":"true"}})";
  const std::string all = statement("Allow", R"("*")", R"("*")");

  CHECK_FALSE(is_let_in(statement("Allow", R"("*")", R"("*")", R"("*")", kCondition),
                        "kinesis:ListShards"));
  CHECK_FALSE(is_let_in(all + "," + statement("Deny", R"("*")", R"("*")", R"("*")", kCondition),
                        "kinesis:ListShards"));
}

TEST_CASE("actions compare without case") {
  const std::string all = statement("Allow", R"("*")", R"("KINESIS:*")");
  const std::string no_puts = statement("Deny", R"("*")", R"("kinesis:putrecord")");

  CHECK(is_let_in(all, "kinesis:PutRecord"));
  CHECK_FALSE(is_let_in(joined({all, ",", no_puts}), "kinesis:PutRecord"));
  CHECK(is_let_in(joined({all, ",", no_puts}), "kinesis:PutRecords"));
}

TEST_CASE("a policy with a member that is not known is refused") {
  const std::string known = statement("Allow", R"("*")", R"("*")", R"("*")", R"(,"Sid":"a")");
  const auto is_taken = [](const std::string& text) { return parse_policy(text).has_value(); };
  REQUIRE(is_taken(joined({R"({"Id":"a","Version":"2012-10-17","Statement":)", known, "}"})));

  for (const char* member : {"NotPrincipal", "NotAction", "NotResource", "principal", "Extra"}) {
    CAPTURE(member);
    const std::string more = joined({R"(,")", member, R"(":"*")"});
    CHECK_FALSE(is_taken(
        joined({R"({"Statement":)", statement("Allow", R"("*")", R"("*")", R"("*")", more), "}"})));
    CHECK_FALSE(is_taken(joined({R"({"Statement":)", known, more, "}"})));
  }
  CHECK_FALSE(is_taken(R"({"Statement":)" +
                       statement("Deny", R"({"aws":"222222222222"})", R"("*")") + "}"));
}

TEST_CASE("a policy without statements lets nobody in") {
  CHECK_FALSE(allows(Policy{}, {"222222222222", "kinesis:PutRecord", kArn}));
}

TEST_CASE("many wildcards against a long text take no time") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const std::string resource = R"(")" + pattern + R"(b")";
  const auto policy =
      parse_policy(R"({"Statement":)" + statement("Allow", R"("*")", R"("*")", resource) + "}");
  REQUIRE(policy);
  const std::string text(4000, 'a');
  CHECK_FALSE(allows(*policy, {"222222222222", "kinesis:PutRecord", text}));
}

TEST_CASE("a policy has at most 20 KiB") {
  const std::string open = R"({"Statement":)" + statement("Allow", R"("*")", R"("*")");
  const std::string at(kPolicyBytesMax - open.size() - 1, ' ');
  CHECK(parse_policy(open + at + "}"));
  CHECK_FALSE(parse_policy(open + at + " }"));
}

}  // namespace millrace::api
