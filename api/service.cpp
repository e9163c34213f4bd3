#include "api/service.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "api/errors.h"
#include "api/operation.h"
#include "api/value.h"
#include "base/error.h"
#include "base/try.h"

namespace millrace::api {

const Operation* find_operation(const Service& service, std::string_view name) {
  const auto all = service.operations;
  const auto found =
      std::ranges::lower_bound(all, name, {}, [](const Operation* o) { return o->name; });
  return found != all.end() && (*found)->name == name ? *found : nullptr;
}

Result<std::string> run(const Service& service, const Operation& operation, std::string_view body,
                        Form form, Context& context) {
  const bool is_limited = service.limits != nullptr && service.limits->applies(operation, context);
  if (operation.run_scanned != nullptr && !is_limited) {
    if (auto answer = operation.run_scanned(body, form, context)) return std::move(*answer);
  }
  auto value = parse_body(body, form);
  if (!value) return fail(kSerialization, "");
  return run(service, operation, *value, form, context);
}

Result<std::string> run(const Service& service, const Operation& operation, Value& body, Form form,
                        Context& context) {
  if (service.limits != nullptr && service.limits->applies(operation, context)) {
    TRY(service.limits->check(operation, body, context));
  }
  return operation.run_decoded(body, form, context);
}

}  // namespace millrace::api
