// Names that somebody who mistyped one may have meant.

#include "base/nearest.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace millrace {

TEST_CASE("the distance of two words is the letters to add, take away, change or swap") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("port", "port") == 0);
  CHECK(edit_distance("", "port") == 4);
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("steams", "streams") == 1);
  CHECK(edit_distance("ports", "port") == 1);
  CHECK(edit_distance("pork", "port") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // A swapped pair is not changed again.
}

TEST_CASE("the nearest name is near") {
  const std::vector<std::string> names = {"port", "streams", "data-dir", "tls"};
  CHECK(nearest("prot", names) == "port");
  CHECK(nearest("stream", names) == "streams");
  CHECK(nearest("datadir", names) == "data-dir");
  CHECK(nearest("data_dir", names) == "data-dir");
  CHECK(nearest("nonsense", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("port", std::vector<std::string>{}).empty());
  CHECK(nearest(std::string(1'000, 'p'), names).empty());
}

}  // namespace millrace
