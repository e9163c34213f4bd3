#include "storage/directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatPrefix = "millrace ";
constexpr std::array<std::string_view, 5> kOurNames = {"lock", "mark", "seal.key", "db",
                                                       "lost+found"};

std::string reason() { return std::strerror(errno); }

bool sync_directory(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool ok = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return ok;
}

// Writes `bytes` to a new file under `path` that is there wholly or not at all.
Result<void> write_whole(const fs::path& path, std::string_view bytes) {
  const fs::path draft = path.string() + ".new";
  const int descriptor = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(kCannotOpen, "cannot write " + draft.string() + ": " + reason());
  const bool written =
      ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0 ||
      !sync_directory(path.parent_path())) {
    return fail(kCannotOpen, "cannot write " + path.string() + ": " + reason());
  }
  return {};
}

// Takes the lock file. Errors: kCannotOpen, naming the process that holds it.
Result<int> take_lock(const fs::path& directory) {
  const fs::path path = directory / "lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(kCannotOpen, "cannot open " + path.string() + ": " + reason());
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    std::string holder = read_whole(path).value_or("");
    std::erase(holder, '\n');
    return fail(kCannotOpen, "data directory " + directory.string() + " is in use by process " +
                                 (holder.empty() ? "unknown" : holder));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const std::string why = reason();
    ::close(descriptor);
    return fail(kCannotOpen, "cannot write " + path.string() + ": " + why);
  }
  return descriptor;
}

// The version in FORMAT; nothing if the file is missing.
Result<std::optional<int>> read_format(const fs::path& directory) {
  const fs::path path = directory / "FORMAT";
  if (!fs::exists(path)) return std::nullopt;
  const auto text = read_whole(path);
  if (!text) return fail(kCannotOpen, text.error().message);
  int version = 0;
  const std::string_view digits =
      std::string_view(*text).substr(std::min(kFormatPrefix.size(), text->size()));
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (!text->starts_with(kFormatPrefix) || parsed.ec != std::errc{} || version < 1) {
    return fail(kCannotOpen, path.string() + " is damaged");
  }
  if (version > kFormatVersion || version < kFormatVersionMin) {
    const bool is_newer = version > kFormatVersion;
    return fail(kCannotOpen, "data directory " + directory.string() + " has format " +
                                 std::to_string(version) + "; this version reads " +
                                 (is_newer ? "up to " : "from ") +
                                 std::to_string(is_newer ? kFormatVersion : kFormatVersionMin));
  }
  return version;
}

// A directory without FORMAT is ours if creation was cut short: nothing foreign is in it then.
Result<void> check_not_foreign(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = std::ranges::find(kOurNames, name) != kOurNames.end() ||
                         name == "FORMAT.new" || name == "seal.key.new";
    if (!is_ours) {
      return fail(kCannotOpen, "directory " + directory.string() +
                                   " is not empty and no data directory of millrace (it holds " +
                                   name + ")");
    }
  }
  return {};
}

}  // namespace

Result<Directory> Directory::open(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const bool existed = fs::exists(absolute, error);
  fs::create_directories(absolute, error);
  if (error) {
    return fail(kCannotOpen, "cannot make directory " + path.string() + ": " + error.message());
  }
  if (!existed) ::chmod(absolute.c_str(), 0700);

  const auto format = read_format(absolute);
  if (!format) return std::unexpected(format.error());
  if (!*format) {
    if (auto checked = check_not_foreign(absolute); !checked) {
      return std::unexpected(checked.error());
    }
  }
  const auto lock = take_lock(absolute);
  if (!lock) return std::unexpected(lock.error());
  Directory directory(absolute, *lock);
  directory.is_complete_ = format->has_value();
  fs::create_directories(directory.db_path(), error);
  if (error) {
    return fail(kCannotOpen,
                "cannot make " + directory.db_path().string() + ": " + error.message());
  }
  return directory;
}

Directory::Directory(Directory&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      is_complete_(other.is_complete_) {}

Directory::~Directory() {
  if (lock_ >= 0) ::close(lock_);
}

Result<void> Directory::finish_creation() {
  auto written = write_whole(path_ / "FORMAT",
                             std::string(kFormatPrefix) + std::to_string(kFormatVersion) + "\n");
  is_complete_ = written.has_value();
  return written;
}

Result<SealKey> Directory::seal_key(Random& random) const {
  SealKey key{};
  const auto bytes = kept("seal.key", [&]() -> Result<std::string> {
    random.fill(key);
    return std::string(reinterpret_cast<const char*>(key.data()), key.size());
  });
  if (!bytes) return std::unexpected(bytes.error());
  // Zeros are what a file system leaves of a file it lost, and a key that anyone can guess.
  if (bytes->size() != key.size() || bytes->find_first_not_of('\0') == std::string::npos) {
    return fail(kCannotOpen, (path_ / "seal.key").string() + " is damaged");
  }
  std::memcpy(key.data(), bytes->data(), key.size());
  return key;
}

Result<std::string> Directory::kept(const std::string& name,
                                    const std::function<Result<std::string>()>& make) const {
  const fs::path path = path_ / name;
  if (fs::exists(path)) {
    auto kept = read_whole(path);
    if (!kept) return fail(kCannotOpen, kept.error().message);
    return kept;
  }
  auto bytes = make();
  if (!bytes) return bytes;
  if (auto written = write_whole(path, *bytes); !written) return std::unexpected(written.error());
  return bytes;
}

Result<std::string> read_whole(const fs::path& path) {
  constexpr std::size_t kStepBytes = 1UL << 20U;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  while (file) {
    file.read(extend(bytes, kStepBytes), kStepBytes);
    bytes.resize(bytes.size() - kStepBytes + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return fail(kFailed, "cannot read " + path.string());
  return bytes;
}

std::uint64_t bytes_of_files(const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::directory_iterator files(path, error);
  for (; !error && files != std::filesystem::directory_iterator{}; files.increment(error)) {
    std::error_code gone;
    const std::uintmax_t size = files->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace millrace::storage
