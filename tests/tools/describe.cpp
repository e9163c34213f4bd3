// Writes what the code declares: the operations as JSON, the options as a page.

#include "api/describe.h"

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/field.h"
#include "app/config.h"
#include "server/services.h"

namespace {

using nlohmann::json;

json to_json(const millrace::api::Bounds& bounds) { return {bounds.min, bounds.max}; }

json describe_members(const std::vector<millrace::api::MemberDescription>& members) {
  json out = json::array();
  for (const auto& member : members) {
    const auto& limits = member.constraints;
    json row = {{"name", member.name}, {"type", member.type}, {"required", limits.is_required}};
    if (!limits.required_without.empty()) row["required_without"] = limits.required_without;
    if (limits.pattern != nullptr) row["pattern"] = limits.pattern->text;
    if (limits.length_min) row["length_min"] = *limits.length_min;
    if (limits.length_max) row["length_max"] = *limits.length_max;
    if (limits.value_min) row["value_min"] = *limits.value_min;
    if (limits.value_max) row["value_max"] = *limits.value_max;
    if (!limits.enum_values.empty()) {
      row["enum"] =
          std::vector<std::string_view>(limits.enum_values.begin(), limits.enum_values.end());
    }
    if (!limits.element_enum_values.empty()) {
      row["element_enum"] = std::vector<std::string_view>(limits.element_enum_values.begin(),
                                                          limits.element_enum_values.end());
    }
    if (limits.element_length) row["element_length"] = to_json(*limits.element_length);
    if (limits.key_length) row["key_length"] = to_json(*limits.key_length);
    if (limits.map_value_length) row["map_value_length"] = to_json(*limits.map_value_length);
    if (!member.element_type.empty()) row["element_type"] = member.element_type;
    if (!member.members.empty()) row["members"] = describe_members(member.members);
    out.push_back(row);
  }
  return out;
}

// By service and operation.
json describe_operations() {
  json out = json::object();
  for (const auto* service : millrace::server::services()) {
    json& operations = out[std::string(service->signing_name)] = json::object();
    for (const auto* operation : service->operations) {
      operations[std::string(operation->name)] = {
          {"input", describe_members(operation->describe_input())},
          {"output", describe_members(operation->describe_output())}};
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "operations") {
    std::cout << describe_operations().dump(1) << "\n";
    return 0;
  }
  if (what == "configuration") {
    std::cout << millrace::app::configuration_page();
    return 0;
  }
  std::cerr << "usage: describe operations|configuration\n";
  return 2;
}
