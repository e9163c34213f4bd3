// Account and region for requests that name none.

#pragma once

#include <string>

namespace millrace::server {

struct Defaults {
  std::string region = "us-east-1";
  std::string account = "000000000000";
};

}  // namespace millrace::server
