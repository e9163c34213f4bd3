// A body that comes a piece at a time, each when its reader has taken the last one, so that a slow
// reader costs no more than one piece.

#pragma once

#include <functional>
#include <string>
#include <variant>

namespace millrace::net {

// Used by one thread at a time.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;

  // The source has nothing yet. It is asked again once it has woken its reader.
  struct Pause {};
  // The body is whole: no piece follows.
  struct End {};

  // Pieces are not empty. May wait for the store.
  [[nodiscard]] virtual std::variant<std::string, Pause, End> next() = 0;

  // Calls `wake`, from any thread, when a pause may be over. Until it is destroyed. To be called
  // before the first next().
  virtual void on_wake(std::function<void()> wake) = 0;
};

}  // namespace millrace::net
