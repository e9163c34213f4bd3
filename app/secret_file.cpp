#include "app/secret_file.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/try.h"

namespace millrace::app {
namespace {

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

// Up to one byte more than `bytes_max`; false if reading fails.
bool read_some(const File& file, std::size_t bytes_max, std::string& text) {
  text.resize(bytes_max + 1);
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

// Errors: kBadFile if others than its user may do with the file what they should not.
Result<void> check_use(const struct stat& facts) {
  const unsigned mode = facts.st_mode & 07777U;
  if (facts.st_uid == ::geteuid() && (mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  if (facts.st_uid == 0 && (mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  const std::string found =
      fmt::format("its mode is {:04o} and its owner user {}", mode, facts.st_uid);
  if (facts.st_uid == 0) {
    return fail(kBadFile,
                "others may write to the file (" + found + "); take that away with chmod go-w");
  }
  if (facts.st_uid != ::geteuid()) {
    return fail(kBadFile, "the file belongs to another user (" + found +
                              "); it has to belong to root or to user " +
                              std::to_string(::geteuid()));
  }
  return fail(kBadFile, "others than its owner may use the file (" + found +
                            "); take that away with chmod 600");
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& path, std::size_t bytes_max,
                                     const Warn& warn) {
  const File file(path);
  struct stat facts{};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &facts) != 0) {
    return fail(kBadFile, std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return fail(kBadFile, "it is not a regular file");
  TRY(check_use(facts));
  if ((facts.st_mode & S_IROTH) != 0)
    warn(path.string() + " holds a secret and every user may read it");
  std::string text;
  if (!read_some(file, bytes_max, text)) return fail(kBadFile, std::strerror(errno));
  if (text.size() > bytes_max) {
    return fail(kBadFile, "the file has more than " + std::to_string(bytes_max) + " bytes");
  }
  return text;
}

}  // namespace millrace::app
