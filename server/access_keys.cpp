#include "server/access_keys.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "server/config.h"
#include "server/uri.h"

namespace millrace::server {
namespace {

constexpr std::size_t kKeysFileBytesMax = 1UL << 20U;
constexpr std::string_view kBlanks = " \t\r";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Nothing if it was a key, else what is wrong with it.
std::string_view add_key(AccessKeys& keys, std::string_view line) {
  const std::size_t blank = line.find_first_of(kBlanks);
  if (blank == std::string_view::npos) return "is not an access key id and a secret";
  const std::string_view id = line.substr(0, blank);
  const std::string_view secret = without_blanks(line.substr(blank));
  if (secret.find_first_of(kBlanks) != std::string_view::npos) {
    return "has more than an access key id and a secret";
  }
  // The id ends at these where a request names it, so that no request could.
  if (id.find_first_of("/,=") != std::string_view::npos) {
    return "has an access key id with '/', ',' or '='";
  }
  return keys.emplace(id, secret).second ? "" : "has an access key id that was there before";
}

class File {
 public:
  // Without O_NONBLOCK a pipe would hold the start until somebody writes to it.
  explicit File(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

// Up to one byte more than a file of keys may have; false if reading fails.
bool read_some(const File& file, std::string& text) {
  text.resize(kKeysFileBytesMax + 1);
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.descriptor(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return true;
}

}  // namespace

Result<AccessKeys> parse_access_keys(std::string_view text) {
  AccessKeys keys;
  std::size_t number = 0;
  std::string wrong;
  split(text, "\n", [&](std::string_view part) {
    ++number;
    const std::string_view line = without_blanks(part);
    if (line.empty() || line.starts_with('#') || !wrong.empty()) return;
    const std::string_view why = add_key(keys, line);
    if (!why.empty()) wrong = "line " + std::to_string(number) + " " + std::string(why);
  });
  if (wrong.empty() && keys.empty()) wrong = "there is no key in it";
  if (!wrong.empty()) return fail(kBadConfig, wrong);
  return keys;
}

Result<AccessKeys> load_access_keys(const std::filesystem::path& path) {
  const auto bad = [&](const std::string& why) {
    return fail(kBadConfig, "access keys in " + path.string() + ": " + why);
  };
  const File file(path);
  struct stat facts{};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &facts) != 0) {
    return bad(std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return bad("this is no regular file");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return bad("others than its owner may use the file; take that away with chmod 600");
  }
  std::string text;
  if (!read_some(file, text)) return bad(std::strerror(errno));
  if (text.size() > kKeysFileBytesMax) {
    return bad("the file has more than " + std::to_string(kKeysFileBytesMax) + " bytes");
  }
  auto keys = parse_access_keys(text);
  if (!keys) return bad(keys.error().message);
  return keys;
}

}  // namespace millrace::server
