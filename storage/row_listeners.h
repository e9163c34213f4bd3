// Who hears of changes of rows. Each keeps in memory what some of the rows say, and so knows what
// was written, by whomever.
//
// Thread-safe.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>

namespace millrace::storage {

struct RowChange {
  std::string key;
  std::optional<std::string> value;  // Nothing: the row is removed.
};

using RowListener = std::function<void(std::span<const RowChange> changes)>;

class RowListeners {
 public:
  // While it lives its listener hears. Destroying it waits for a call that runs.
  class Token {
   public:
    Token() = default;
    Token(RowListeners& listeners, std::size_t id) : listeners_(&listeners), id_(id) {}
    Token(Token&& other) noexcept
        : listeners_(std::exchange(other.listeners_, nullptr)), id_(other.id_) {}
    Token& operator=(Token&& other) noexcept {
      std::swap(listeners_, other.listeners_);
      std::swap(id_, other.id_);
      return *this;
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() {
      if (listeners_ != nullptr) listeners_->remove(id_);
    }

   private:
    RowListeners* listeners_ = nullptr;
    std::size_t id_ = 0;
  };

  [[nodiscard]] Token add(RowListener listener) {
    const std::unique_lock lock(mutex_);
    listeners_.emplace(++last_id_, std::move(listener));
    return {*this, last_id_};
  }

  void tell(std::span<const RowChange> changes) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, listener] : listeners_) listener(changes);
  }

 private:
  void remove(std::size_t id) {
    const std::unique_lock lock(mutex_);
    listeners_.erase(id);
  }

  mutable std::shared_mutex mutex_;
  std::map<std::size_t, RowListener> listeners_;
  std::size_t last_id_ = 0;
};

}  // namespace millrace::storage
