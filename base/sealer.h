// What is given to clients and comes back from them: sealed, so that they can neither read nor
// forge it, and MACs that only who has the key can compute.
//
// Thread-safe if `random` is.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/random.h"

namespace millrace {

class Sealer {
 public:
  // `random` outlives it.
  Sealer(const SealKey& key, Random& random) : key_(key), random_(random) {}

  // As seal() and unseal() in base/digest.h. A label keeps what is sealed for one purpose from
  // another.
  [[nodiscard]] std::string seal(std::string_view label, std::string_view plain) const {
    return millrace::seal(key_, label, plain, random_);
  }
  [[nodiscard]] std::optional<std::string> unseal(std::string_view label,
                                                  std::string_view sealed) const {
    return millrace::unseal(key_, label, sealed);
  }

  // 32 bytes, the same for the same label and text. `label` has no byte 0.
  [[nodiscard]] std::string mac(std::string_view label, std::string_view text) const;

 private:
  const SealKey key_;
  Random& random_;
};

}  // namespace millrace
