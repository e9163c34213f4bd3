#include "aws/event_body.h"

#include <string>
#include <utility>
#include <variant>

#include "api/event_source.h"
#include "aws/event_stream.h"
#include "net/body_source.h"

namespace millrace::aws {

std::variant<std::string, net::BodySource::Pause, net::BodySource::End> EventBody::next() {
  if (!std::exchange(has_begun_, true)) return initial_response_frame(form_);
  if (has_ended_) return End{};
  const auto next = events_->next();
  if (!next) {
    has_ended_ = true;
    return exception_frame(next.error(), form_);
  }
  if (const auto* event = std::get_if<api::Event>(&*next)) return event_frame(*event, form_);
  if (std::holds_alternative<api::Pause>(*next)) return Pause{};
  return End{};
}

}  // namespace millrace::aws
