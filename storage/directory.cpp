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
#include <functional>
#include <memory>
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
#include "base/try.h"
#include "storage/errors.h"
#include "storage/name_watch.h"

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

std::unexpected<Error> other_format(int version, const fs::path& directory) {
  return fail(kCannotOpen,
              "data directory " + directory.string() + " has format " + std::to_string(version) +
                  "; this version reads format " + std::to_string(kFormatVersion) +
                  (version > kFormatVersion
                       ? ". Start the newer millrace that wrote it, or name another directory"
                       : ". Formats before it were never released and are not read: name another "
                         "directory, or remove this one"));
}

// The version in FORMAT; nullopt if the file is missing. `shown` names the directory for people.
Result<std::optional<int>> read_format(const fs::path& directory, const fs::path& shown) {
  const fs::path path = directory / "FORMAT";
  const auto text = read_if_there(path);
  if (!text) return fail(kCannotOpen, text.error().message);
  if (!*text) return std::nullopt;
  int version = 0;
  std::string_view digits = **text;
  if (digits.starts_with(kFormatPrefix)) digits.remove_prefix(kFormatPrefix.size());
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  const std::string_view rest(parsed.ptr, digits.data() + digits.size());
  if (!(*text)->starts_with(kFormatPrefix) || parsed.ec != std::errc{} || version < 1 ||
      rest != "\n") {
    return fail(kCannotOpen, path.string() + " is damaged");
  }
  if (version != kFormatVersion) return other_format(version, shown);
  return version;
}

// A directory without FORMAT is ours if creation was cut short: nothing foreign is in it then.
Result<void> check_not_foreign(const fs::path& directory, const fs::path& shown) {
  const auto names = names_in(directory);
  if (!names) return fail(kCannotOpen, names.error().message);
  for (const std::string& name : *names) {
    const bool is_ours = std::ranges::find(kOurNames, name) != kOurNames.end() ||
                         name == "FORMAT.new" || name == "seal.key.new";
    if (!is_ours) {
      return fail(kCannotOpen, "directory " + shown.string() +
                                   " is not empty and no data directory of millrace (it holds " +
                                   name + ")");
    }
  }
  return {};
}

std::unexpected<Error> in_use(const fs::path& directory, const fs::path& shown) {
  std::string holder = read_whole(directory / "lock").value_or("");
  std::erase(holder, '\n');
  return fail(kCannotOpen, "data directory " + shown.string() + " is in use by process " +
                               (holder.empty() ? "unknown" : holder));
}

}  // namespace

bool is_data_directory(const fs::path& path) {
  std::error_code error;
  return fs::exists(path / "FORMAT", error);
}

Result<Directory> Directory::open(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const bool existed = fs::exists(absolute, error);
  fs::create_directories(absolute, error);
  if (error) {
    return fail(kCannotOpen, "cannot create directory " + path.string() + ": " + error.message());
  }
  if (!existed) ::chmod(absolute.c_str(), 0700);
  Directory directory(absolute);
  TRY(directory.shown(directory.hold()));
  return directory;
}

Result<void> Directory::hold() {
  directory_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) return fail(kCannotOpen, "cannot open " + path_.string() + ": " + reason());
  held_ = "/proc/self/fd/" + std::to_string(directory_);
  std::error_code error;
  if (!fs::is_directory(held_, error)) held_ = path_;
  // Where a file system locks no directories, the lock file is all there is.
  if (::flock(directory_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return in_use(held_, path_);
  }
  const auto format = TRY(read_format(held_, path_));
  if (!format) {
    TRY(check_not_foreign(held_, path_));
  }
  TRY(take_lock());
  is_complete_ = format.has_value();
  fs::create_directories(db_path(), error);
  if (error) {
    return fail(kCannotOpen, "cannot create " + db_path().string() + ": " + error.message());
  }
  return {};
}

Result<void> Directory::take_lock() {
  const fs::path path = held_ / "lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return fail(kCannotOpen, "cannot open " + path.string() + ": " + reason());
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) return in_use(held_, path_);
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_, 0) != 0 ||
      ::pwrite(lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return fail(kCannotOpen, "cannot write " + path.string() + ": " + reason());
  }
  name_watch_ = std::make_unique<NameWatch>(path_ / "lock", lock_);
  return {};
}

std::string Directory::shown(std::string text) const {
  const std::string& held = held_.native();
  const std::string& name = path_.native();
  for (std::size_t at = text.find(held); at != std::string::npos; at = text.find(held, at)) {
    text.replace(at, held.size(), name);
    at += name.size();
  }
  return text;
}

Directory::Directory(Directory&& other) noexcept
    : path_(std::move(other.path_)),
      held_(std::move(other.held_)),
      name_watch_(std::move(other.name_watch_)),
      directory_(std::exchange(other.directory_, -1)),
      lock_(std::exchange(other.lock_, -1)),
      is_complete_(other.is_complete_) {}

Directory::~Directory() {
  if (lock_ >= 0) ::close(lock_);
  if (directory_ >= 0) ::close(directory_);
}

Result<void> Directory::finish_creation() {
  auto written = write_whole(held_ / "FORMAT",
                             std::string(kFormatPrefix) + std::to_string(kFormatVersion) + "\n");
  is_complete_ = written.has_value();
  return shown(written);
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
  const fs::path path = held_ / name;
  auto kept = read_if_there(path);
  if (!kept) return shown<std::string>(fail(kCannotOpen, kept.error().message));
  if (*kept) return std::move(**kept);
  auto bytes = make();
  if (!bytes) return bytes;
  if (auto written = write_whole(path, *bytes); !written) {
    return shown<std::string>(std::unexpected(written.error()));
  }
  return bytes;
}

Result<std::optional<std::string>> read_if_there(const fs::path& path) {
  constexpr std::size_t kStepBytes = 1UL << 20U;
  // A pipe would wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0) return fail(kFailed, "cannot open " + path.string() + ": " + reason());
  struct stat file{};
  std::string bytes;
  std::string fault;
  if (::fstat(descriptor, &file) != 0) {
    fault = reason();
  } else if (!S_ISREG(file.st_mode)) {
    fault = "it is not a regular file";
  }
  for (ssize_t count = 1; fault.empty() && count > 0;) {
    const std::size_t had = bytes.size();
    count = ::read(descriptor, extend(bytes, kStepBytes), kStepBytes);
    if (count < 0) fault = reason();
    bytes.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  ::close(descriptor);
  if (!fault.empty()) return fail(kFailed, "cannot read " + path.string() + ": " + fault);
  return bytes;
}

Result<std::string> read_whole(const fs::path& path) {
  auto bytes = TRY(read_if_there(path));
  if (!bytes) return fail(kFailed, "cannot open " + path.string() + ": it is not there");
  return std::move(*bytes);
}

Result<std::vector<std::string>> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    names.push_back(entries->path().filename().string());
  }
  if (error) return fail(kFailed, "cannot read " + directory.string() + ": " + error.message());
  return names;
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
