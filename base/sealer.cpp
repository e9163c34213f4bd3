#include "base/sealer.h"

#include <string>
#include <string_view>

#include "base/digest.h"

namespace millrace {

std::string Sealer::mac(std::string_view label, std::string_view text) const {
  const std::string_view key(reinterpret_cast<const char*>(key_.data()), key_.size());
  std::string labelled(label);
  labelled.push_back('\0');
  labelled += text;
  return hmac_sha256(key, labelled);
}

}  // namespace millrace
