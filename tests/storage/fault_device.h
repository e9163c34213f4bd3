// What a device holds of a data directory at every moment, and what would be left of it.
//
// Not thread-safe: FaultFileSystem, whose header says what is simulated, guards it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/storage/fault_file_system.h"

namespace millrace::storage {

class FaultDevice {
 public:
  // A file in db/, whatever its name is now.
  struct File {
    std::filesystem::path shadow;  // A second link to it.
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };

  FaultDevice(std::filesystem::path directory, std::filesystem::path shadow)
      : directory_(std::move(directory)), shadow_(std::move(shadow)) {}

  // Takes what lies in the directory as synced. Does nothing but the first time.
  void take_stock();

  [[nodiscard]] std::shared_ptr<File> find(const std::string& name) const {
    return names_.at(name);
  }
  std::shared_ptr<File> created(const std::filesystem::path& path);
  void renamed(const std::string& from, const std::string& to);
  void removed(const std::string& name);
  void synced_directory();
  void synced_mark();

  // Writes what is left after `end` to `destination`.
  void write_left(End end, const std::filesystem::path& destination, std::mt19937_64& random) const;

 private:
  using Names = std::map<std::string, std::shared_ptr<File>>;
  // Names that are given together; to nothing: taken away.
  using Change = std::vector<std::pair<std::string, std::shared_ptr<File>>>;

  std::shared_ptr<File> track(const std::filesystem::path& path);
  static void apply(Names& names, const Change& change);
  void note(const Change& change);

  const std::filesystem::path directory_;
  const std::filesystem::path shadow_;
  bool has_stock_ = false;
  std::uint64_t last_shadow_ = 0;
  Names names_;                  // As the process sees them.
  Names durable_;                // As the device has them for certain.
  std::vector<Change> pending_;  // What leads from the one to the other.
  std::string mark_;             // As the device has it for certain.
};

}  // namespace millrace::storage
