// An answer that is a stream of events, as frames of Amazon's encoding.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/event_source.h"
#include "api/value.h"
#include "base/clock.h"
#include "net/body_source.h"

namespace millrace::aws {

// The initial response, then events until the source ends. `clock` is the source's and outlives
// this.
class EventBody final : public net::BodySource {
 public:
  EventBody(std::unique_ptr<api::EventSource> events, api::Form form, const Clock& clock)
      : events_(std::move(events)), form_(form), clock_(clock) {}

  std::variant<std::string, Pause, End> next() override;
  void on_wake(std::function<void()> wake) override { events_->on_wake(std::move(wake)); }

 private:
  const std::unique_ptr<api::EventSource> events_;
  const api::Form form_;
  const Clock& clock_;
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace millrace::aws
