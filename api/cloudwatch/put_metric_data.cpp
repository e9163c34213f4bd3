// PutMetricData: accepts metrics and drops them.
//
// The client libraries of Kinesis send theirs. What they send is checked against the shapes of the
// model, and the call is counted like every other.
// Source: API_PutMetricData, Amazon CloudWatch API reference.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/cloudwatch/operations.h"
#include "api/context.h"
#include "api/field.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"

namespace millrace::cloudwatch {
namespace {

using api::field;

constexpr std::array<std::string_view, 27> kUnits = {"Seconds",
                                                     "Microseconds",
                                                     "Milliseconds",
                                                     "Bytes",
                                                     "Kilobytes",
                                                     "Megabytes",
                                                     "Gigabytes",
                                                     "Terabytes",
                                                     "Bits",
                                                     "Kilobits",
                                                     "Megabits",
                                                     "Gigabits",
                                                     "Terabits",
                                                     "Percent",
                                                     "Count",
                                                     "Bytes/Second",
                                                     "Kilobytes/Second",
                                                     "Megabytes/Second",
                                                     "Gigabytes/Second",
                                                     "Terabytes/Second",
                                                     "Bits/Second",
                                                     "Kilobits/Second",
                                                     "Megabits/Second",
                                                     "Gigabits/Second",
                                                     "Terabits/Second",
                                                     "Count/Second",
                                                     "None"};

constexpr api::Pattern kNamespacePattern{
    "[^:].*", [](std::string_view text) { return !text.empty() && text.front() != ':'; }};

struct Dimension {
  std::string name;
  std::string value;

  static constexpr auto fields = std::tuple{
      field("Name", &Dimension::name).length(1, 255).required(),
      field("Value", &Dimension::value).length(1, 1024).required(),
  };
};

struct StatisticSet {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;

  static constexpr auto fields = std::tuple{
      field("SampleCount", &StatisticSet::sample_count).required(),
      field("Sum", &StatisticSet::sum).required(),
      field("Minimum", &StatisticSet::minimum).required(),
      field("Maximum", &StatisticSet::maximum).required(),
  };
};

struct Datum {
  std::string name;
  std::optional<std::vector<Dimension>> dimensions;
  std::optional<TimePoint> timestamp;
  std::optional<double> value;
  std::optional<StatisticSet> statistics;
  std::optional<std::vector<double>> values;
  std::optional<std::vector<double>> counts;
  std::optional<std::string> unit;
  std::optional<std::int32_t> storage_resolution;

  static constexpr auto fields = std::tuple{
      field("MetricName", &Datum::name).length(1, 255).required(),
      field("Dimensions", &Datum::dimensions).length(0, 30),
      field("Timestamp", &Datum::timestamp),
      field("Value", &Datum::value),
      field("StatisticValues", &Datum::statistics),
      field("Values", &Datum::values),
      field("Counts", &Datum::counts),
      field("Unit", &Datum::unit).one_of(kUnits),
      field("StorageResolution", &Datum::storage_resolution).at_least(1),
  };
};

struct Entity {
  std::optional<std::map<std::string, std::string>> key_attributes;
  std::optional<std::map<std::string, std::string>> attributes;

  static constexpr auto fields = std::tuple{
      field("KeyAttributes", &Entity::key_attributes).length(2, 4).keys(1, 32).values(1, 2048),
      field("Attributes", &Entity::attributes).length(0, 10).keys(1, 256).values(1, 2048),
  };
};

struct EntityMetricData {
  std::optional<Entity> entity;
  std::optional<std::vector<Datum>> data;

  static constexpr auto fields = std::tuple{
      field("Entity", &EntityMetricData::entity),
      field("MetricData", &EntityMetricData::data),
  };
};

struct Request {
  std::string name_space;
  std::optional<std::vector<Datum>> data;
  std::optional<std::vector<EntityMetricData>> entity_data;
  std::optional<bool> is_strict;

  static constexpr auto fields = std::tuple{
      field("Namespace", &Request::name_space)
          .matching(kNamespacePattern)
          .length(1, 255)
          .required(),
      field("MetricData", &Request::data),
      field("EntityMetricData", &Request::entity_data),
      field("StrictEntityValidation", &Request::is_strict),
  };
};

Result<void> handle(const Request& /*request*/, api::Context& /*context*/) { return {}; }

}  // namespace

const Operation& PutMetricData() {
  static constexpr Operation kOperation = api::make_operation<&handle, kForms>("PutMetricData");
  return kOperation;
}

}  // namespace millrace::cloudwatch
