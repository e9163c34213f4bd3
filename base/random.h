// Random bytes, through an interface so that tests can fix them.

#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>

namespace millrace {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  // Fills `bytes`. Thread-safe.
  virtual void fill(std::span<unsigned char> bytes) = 0;
};

// From the system's generator, good enough for keys.
class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> bytes) override;
};

// The same sequence for the same seed; for tests.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<unsigned char> bytes) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

// A random UUID (version 4) in its usual lower-case text.
[[nodiscard]] std::string random_uuid(Random& random);

}  // namespace millrace
