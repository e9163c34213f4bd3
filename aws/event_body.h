// An answer that is a stream of events, as frames of Amazon's encoding.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/event_source.h"
#include "api/value.h"
#include "net/body_source.h"

namespace millrace::aws {

// The initial response, then events until the source ends.
class EventBody final : public net::BodySource {
 public:
  EventBody(std::unique_ptr<api::EventSource> events, api::Form form)
      : events_(std::move(events)), form_(form) {}

  std::variant<std::string, Pause, End> next() override;
  void on_wake(std::function<void()> wake) override { events_->on_wake(std::move(wake)); }

 private:
  const std::unique_ptr<api::EventSource> events_;
  const api::Form form_;
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace millrace::aws
