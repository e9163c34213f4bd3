#include "aws/access_keys.h"

#include <vector>

#include <doctest/doctest.h>

namespace millrace::aws {

TEST_CASE("a text of access keys has one a line, besides comments and blank lines") {
  const auto keys =
      parse_access_keys("# ours\n\n  AKIDA\tsecret/A+1= \r\nAKIDB secretB\nAKIDC s \tadmin ");

  REQUIRE(keys);
  CHECK(*keys ==
        AccessKeys{{"AKIDA", {"secret/A+1="}}, {"AKIDB", {"secretB"}}, {"AKIDC", {"s", true}}});
}

TEST_CASE("what is wrong with access keys is said by line, never by what stands there") {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const Row& row : std::vector<Row>{
           {"", "there is no key in it"},
           {"# A secret\n", "there is no key in it"},
           {"A secret\nB\n", "line 2 is not an access key id and a secret"},
           {"A secret more", "line 1 has more than an access key id, a secret and the word admin"},
           {"A secret admin x",
            "line 1 has more than an access key id, a secret and the word admin"},
           {"A secret Admin", "line 1 has more than an access key id, a secret and the word admin"},
           {"A/1 secret", "line 1 has an access key id with '/', ',' or '='"},
           {"A secret\n\nA secret", "line 3 has an access key id that was there before"}}) {
    CAPTURE(row.text);
    const auto refused = parse_access_keys(row.text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == kBadAccessKeys);
    CHECK(refused.error().message == row.message);
  }
}

}  // namespace millrace::aws
