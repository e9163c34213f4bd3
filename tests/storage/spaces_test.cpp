#include "storage/spaces.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/memory_engine.h"

namespace millrace::storage {
namespace {

class SpacesTest {
 protected:
  std::unique_ptr<IdSource> open() {
    auto opened = IdSource::open(engine_);
    REQUIRE(opened);
    return std::move(*opened);
  }

  void write_next(const std::string& value) {
    TableBatch batch;
    batch.put(std::string("\0n", 2), value);
    REQUIRE(engine_.write(batch));
  }

  MemoryEngine engine_{1};
};

}  // namespace

TEST_CASE("a log's id says whose it is, and no two are the same") {
  CHECK(log_id(Tenant::kStreams, 1, 0) == 0x01'00000001'000000);
  CHECK(log_id(Tenant::kStreams, 0xffffffff, kPartsMax - 1) == 0x01'ffffffff'ffffff);
  CHECK(tenant_of(log_id(Tenant::kStreams, 0xffffffff, kPartsMax - 1)) == Tenant::kStreams);
  CHECK(log_id(Tenant::kStreams, 1, kPartsMax - 1) < log_id(Tenant::kStreams, 2, 0));
}

TEST_CASE("rows of a kind have a tenant in front") {
  CHECK(RowSpace(Tenant::kStreams, 's').prefix() == "\x01s");
}

TEST_CASE_FIXTURE(SpacesTest, "an id is given once, also over restarts") {
  std::set<std::uint32_t> given;
  for (int restart = 0; restart < 3; ++restart) {
    const auto ids = open();
    for (int i = 0; i < 100; ++i) {
      const auto id = ids->next();
      REQUIRE(id);
      CHECK(*id > 0);
      CHECK(given.insert(*id).second);
    }
  }
}

TEST_CASE_FIXTURE(SpacesTest, "no id is given that the store does not know to be taken") {
  const auto ids = open();
  engine_.fail_writes(Error{kFull, "full"});
  CHECK(ids->next().error().code == kFull);
  engine_.fail_writes({});
  CHECK(ids->next() == 1U);
}

TEST_CASE_FIXTURE(SpacesTest, "a damaged row of the next id is refused") {
  for (const std::string& value : {std::string(), std::string("\0\0\0", 3), std::string(4, '\0'),
                                   std::string("\0\0\0\1\0", 5)}) {
    write_next(value);
    const auto opened = IdSource::open(engine_);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == kDamaged);
  }
}

TEST_CASE_FIXTURE(SpacesTest, "ids end with an error, not with one that was given before") {
  write_next("\xff\xff\xff\xf0");
  const auto ids = open();
  CHECK(ids->next().error().code == kFailed);
}

}  // namespace millrace::storage
