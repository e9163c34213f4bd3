#include "storage/name_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <tuple>

#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::storage {
namespace {

constexpr std::size_t kNewsBytes = 4096;  // Taken at once; what is left is news for the next call.

int waiting_bytes(int news) {
  int bytes = 0;
  return ::ioctl(news, FIONREAD, &bytes) == 0 ? bytes : 1;
}

// The file, the directories above it, and the links among them.
bool watch_each(int news, std::filesystem::path path) {
  // A removed file that is open is not deleted: its count of links changes.
  constexpr std::uint32_t kNews = IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
  for (; path.has_relative_path(); path = path.parent_path()) {
    if (::inotify_add_watch(news, path.c_str(), kNews) < 0) return false;
  }
  return true;
}

}  // namespace

NameWatch::NameWatch(const std::filesystem::path& path, int descriptor) : name_(path.string()) {
  struct stat file{};
  if (::fstat(descriptor, &file) != 0) {
    is_lost_ = true;
    return;
  }
  device_ = file.st_dev;
  inode_ = file.st_ino;
  watch(path);
  std::ignore = look();  // What happened before the watch.
}

NameWatch::~NameWatch() {
  if (news_ >= 0) ::close(news_);
}

void NameWatch::watch(const std::filesystem::path& path) {
  news_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (news_ < 0) return;
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (watch_each(news_, path) && !error && (real == path || watch_each(news_, real))) return;
  ::close(news_);
  news_ = -1;
}

bool NameWatch::leads_there() {
  if (is_lost_) return false;
  if (news_ >= 0 && waiting_bytes(news_) == 0) return true;
  return look();
}

bool NameWatch::look() {
  const std::lock_guard lock(mutex_);
  const int bytes = news_ < 0 ? 0 : waiting_bytes(news_);
  if (is_lost_ || !is_found()) {
    is_lost_ = true;
    return false;
  }
  // Only what was there before the look; until it is taken, everybody else looks too.
  if (bytes > 0) {
    alignas(inotify_event) std::array<char, kNewsBytes> news{};
    std::ignore =
        ::read(news_, news.data(), std::min(news.size(), static_cast<std::size_t>(bytes)));
  }
  return true;
}

bool NameWatch::is_found() const {
  struct stat file{};
  if (::stat(name_.c_str(), &file) != 0) return errno != ENOENT && errno != ENOTDIR;
  return file.st_dev == device_ && file.st_ino == inode_;
}

}  // namespace millrace::storage
