// The server without sockets: operations run on JSON bodies as the dispatcher runs them, over a
// store that outlives it.

#pragma once

#include <chrono>
#include <string_view>

#include "api/value.h"
#include "base/time_point.h"
#include "streams/maintenance.h"
#include "tests/sequences/model.h"
#include "tests/world/test_world.h"

namespace millrace::sequences {

class ServerSide {
 public:
  explicit ServerSide(const Delays& delays);

  // Makes everything anew but the store, the clock and the key of the tokens.
  void restart() { worlds_.reopen(); }

  // What the retention timer does.
  void expire() { streams::expire(worlds_.current()->catalogue(), worlds_.engine()); }

  void advance(Millis step) { worlds_.advance(std::chrono::milliseconds(step)); }
  [[nodiscard]] Millis now() const { return millis_of(worlds_.now()); }

  // The decoded answer; null where the operation has none.
  Answer<api::Value> call(std::string_view operation, std::string_view body);

 private:
  world::TestWorlds worlds_;
};

}  // namespace millrace::sequences
