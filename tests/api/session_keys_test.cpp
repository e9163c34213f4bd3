#include "api/session_keys.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

using namespace std::chrono_literals;

struct SessionKeysTest {
  SeededRandom random{1};
  Sealer sealer{SealKey{1}, random};
  Sealer foreign{SealKey{2}, random};
  Session session{"012345678901", "assumed-role/deploy/ci", wall_from_millis(1'700'000'000'000)};
  SessionKey key = make_session_key(sealer, session);
};

}  // namespace

TEST_CASE_FIXTURE(SessionKeysTest, "a key tells its account and its token the session") {
  CHECK(key.access_key_id.size() == 20);
  CHECK(key.access_key_id.starts_with("ASIA"));
  CHECK(key.secret_access_key.size() == 40);
  CHECK(account_of_key(sealer, key.access_key_id) == "012345678901");
  CHECK(secret_of_key(sealer, key.access_key_id) == key.secret_access_key);
  const auto read = session_of(sealer, key.access_key_id, key.session_token);
  REQUIRE(read);
  CHECK(read->account == session.account);
  CHECK(read->name == session.name);
  CHECK(read->ends_at == session.ends_at);
}

TEST_CASE_FIXTURE(SessionKeysTest, "another process with the same seal key knows the key") {
  SeededRandom other(99);
  const Sealer again(SealKey{1}, other);

  CHECK(account_of_key(again, key.access_key_id) == "012345678901");
  CHECK(secret_of_key(again, key.access_key_id) == key.secret_access_key);
  CHECK(session_of(again, key.access_key_id, key.session_token));
}

TEST_CASE_FIXTURE(SessionKeysTest, "each account has a key of its own, up to the highest") {
  std::set<std::string> ids;
  std::set<std::string> secrets;
  for (const std::string account : {"000000000000", "000000000001", "999999999999"}) {
    CAPTURE(account);
    const SessionKey one = make_session_key(sealer, {account, "", {}});
    CHECK(account_of_key(sealer, one.access_key_id) == account);
    ids.insert(one.access_key_id);
    secrets.insert(one.secret_access_key);
  }
  CHECK(ids.size() == 3);
  CHECK(secrets.size() == 3);
}

TEST_CASE_FIXTURE(SessionKeysTest, "what was not given here is no key") {
  std::vector<std::string> others{"",
                                  "ASIA",
                                  "AKIDEXAMPLE",
                                  key.access_key_id + "A",
                                  key.access_key_id.substr(0, 19),
                                  "AKIA" + key.access_key_id.substr(4)};
  for (std::size_t i = 4; i < key.access_key_id.size(); ++i) {
    for (const char c : {'A', 'Z', '2', '7', '1', 'a', '='}) {
      if (key.access_key_id[i] == c) continue;
      others.push_back(key.access_key_id);
      others.back()[i] = c;
    }
  }
  for (const std::string& other : others) {
    CAPTURE(other);
    CHECK_FALSE(account_of_key(sealer, other));
    CHECK_FALSE(session_of(sealer, other, key.session_token));
  }
  CHECK_FALSE(account_of_key(foreign, key.access_key_id));
}

TEST_CASE_FIXTURE(SessionKeysTest, "a token of another directory, key or time is none") {
  const SessionKey elsewhere = make_session_key(foreign, session);
  const SessionKey of_other_account = make_session_key(sealer, {"111111111111", "", {}});

  CHECK_FALSE(session_of(sealer, key.access_key_id, elsewhere.session_token));
  CHECK_FALSE(session_of(sealer, key.access_key_id, of_other_account.session_token));
  CHECK_FALSE(session_of(sealer, key.access_key_id, ""));
  CHECK_FALSE(session_of(sealer, key.access_key_id, "no base64"));
  for (std::size_t i = 0; i < key.session_token.size(); i += 7) {
    std::string changed = key.session_token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(session_of(sealer, key.access_key_id, changed));
  }
}

}  // namespace millrace::api
