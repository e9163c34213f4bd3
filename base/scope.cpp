#include "base/scope.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace {
namespace {

struct Partition {
  std::string_view region_prefix;
  std::string_view name;
};

// Source: botocore's partitions.json. Regions that no row fits are in `aws`.
constexpr std::array<Partition, 7> kPartitions{{
    {"cn-", "aws-cn"},
    {"eu-isoe-", "aws-iso-e"},
    {"eusc-", "aws-eusc"},
    {"us-gov-", "aws-us-gov"},
    {"us-iso-", "aws-iso"},
    {"us-isob-", "aws-iso-b"},
    {"us-isof-", "aws-iso-f"},
}};

}  // namespace

std::string_view partition_of(std::string_view region) {
  const auto* const found = std::ranges::find_if(kPartitions, [&](const Partition& partition) {
    return region.starts_with(partition.region_prefix);
  });
  return found != kPartitions.end() ? found->name : "aws";
}

}  // namespace millrace
