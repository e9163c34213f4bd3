// What an operation leaves behind whose answer is a stream of events.
//
// Whoever sends the events asks for the next one when the last one has gone, so that a slow reader
// costs no more than one event. Used by one thread at a time.

#pragma once

#include <functional>
#include <string>
#include <variant>

#include "base/error.h"

namespace millrace::api {

struct Event {
  std::string type;     // The model's name of the event.
  std::string payload;  // In the form of the request.
};

// The source has nothing yet. It is asked again once it has woken its reader.
struct Pause {};

struct EventsEnd {};

class EventSource {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

  // An error is the last thing the reader is told; after it, or after the end, nothing comes.
  [[nodiscard]] virtual Result<std::variant<Event, Pause, EventsEnd>> next() = 0;

  // Calls `wake`, from any thread, when a pause may be over. Until it is destroyed. To be called
  // before the first next().
  virtual void on_wake(std::function<void()> wake) = 0;
};

}  // namespace millrace::api
