#include "tests/storage/fault_device.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "storage/directory.h"
#include "tests/storage/fault_file_system.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) { return read_whole(path).value_or(""); }

std::uint64_t up_to(std::uint64_t limit, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::uint64_t>(0, limit)(random);
}

// What a power cut leaves of `file`. Zeros in place of what was not written yet are only tried on
// write-ahead logs: RocksDB refuses a manifest that ends so.
std::string left_of(const FaultDevice::File& file, bool may_end_in_zeros, std::mt19937_64& random) {
  std::string content = content_of(file.shadow).substr(0, file.written);
  const std::uint64_t how = up_to(2, random);
  const std::uint64_t kept =
      file.synced + (how == 0 ? 0 : up_to(content.size() - file.synced, random));
  if (how == 2 && may_end_in_zeros) {
    std::fill(content.begin() + static_cast<std::ptrdiff_t>(kept), content.end(), '\0');
  } else {
    content.resize(kept);
  }
  return content;
}

}  // namespace

void FaultDevice::take_stock() {
  if (std::exchange(has_stock_, true)) return;
  for (const auto& entry : fs::directory_iterator(directory_ / "db")) {
    if (!entry.is_regular_file()) continue;
    auto file = track(entry.path());
    file->written = file->synced = entry.file_size();
    durable_[entry.path().filename()] = std::move(file);
  }
  names_ = durable_;
  synced_mark();
}

std::shared_ptr<FaultDevice::File> FaultDevice::track(const fs::path& path) {
  auto file = std::make_shared<File>();
  file->shadow = shadow_ / std::to_string(++last_shadow_);
  fs::create_hard_link(path, file->shadow);
  return file;
}

void FaultDevice::apply(Names& names, const Change& change) {
  for (const auto& [name, file] : change) {
    if (file) {
      names[name] = file;
    } else {
      names.erase(name);
    }
  }
}

void FaultDevice::note(const Change& change) {
  apply(names_, change);
  pending_.push_back(change);
}

std::shared_ptr<FaultDevice::File> FaultDevice::created(const fs::path& path) {
  auto file = track(path);
  Change change;
  change.emplace_back(path.filename(), file);
  note(change);
  return file;
}

void FaultDevice::renamed(const std::string& from, const std::string& to) {
  Change change;
  change.emplace_back(to, names_.at(from));
  change.emplace_back(from, nullptr);
  note(change);
}

void FaultDevice::removed(const std::string& name) {
  Change change;
  change.emplace_back(name, nullptr);
  note(change);
}

void FaultDevice::synced_directory() {
  durable_ = names_;
  pending_.clear();
}

void FaultDevice::synced_mark() { mark_ = content_of(directory_ / "mark"); }

void FaultDevice::write_left(End end, const fs::path& destination, std::mt19937_64& random) const {
  Names left = end == End::kKill ? names_ : durable_;
  if (end == End::kPowerCut && up_to(1, random) == 0) {
    const std::uint64_t changes = up_to(pending_.size(), random);
    for (std::uint64_t i = 0; i < changes; ++i) apply(left, pending_[i]);
  }
  fs::create_directories(destination / "db");
  for (const auto& [name, file] : left) {
    std::ofstream(destination / "db" / name, std::ios::binary)
        << (end == End::kKill ? content_of(file->shadow)
                              : left_of(*file, name.ends_with(".log"), random));
  }
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (entry.is_regular_file()) fs::copy_file(entry, destination / entry.path().filename());
  }
  const bool is_old = end == End::kPowerCut && up_to(1, random) == 0;
  const std::string now = content_of(directory_ / "mark");
  std::ofstream(destination / "mark", std::ios::binary) << (is_old ? mark_ : now);
}

}  // namespace millrace::storage
