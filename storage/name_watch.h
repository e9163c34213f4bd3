// Tells cheaply whether a file is still found by its name.
//
// Looking the name up takes two microseconds of each write, asking the kernel for news of the
// directories in it a fifth. News alone proves nothing; it says when to look.

#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>

#include <sys/types.h>

namespace millrace::storage {

// Thread-safe.
class NameWatch {
 public:
  // `path` is absolute and names a file that `descriptor` has open. A file system of the machine
  // tells of its changes before the call that makes them returns; where one cannot be watched
  // (descriptors or watches of the user are used up), each call looks.
  NameWatch(const std::filesystem::path& path, int descriptor);

  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;
  ~NameWatch();

  // True while the name leads to the file. Once it does not, that stays so.
  [[nodiscard]] bool leads_there();

  // The same, looking in any case: of what other machines do in a shared file system nobody tells.
  [[nodiscard]] bool look();

 private:
  void watch(const std::filesystem::path& path);
  [[nodiscard]] bool is_found() const;

  const std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  int news_ = -1;
  std::atomic<bool> is_lost_{false};
  std::mutex mutex_;  // News is taken by one thread at a time, after its look.
};

}  // namespace millrace::storage
