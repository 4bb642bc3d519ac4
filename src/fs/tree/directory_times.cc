// SPDX-License-Identifier: Apache-2.0
#include "directory_times.h"

#include <utility>
#include <vector>

namespace pailfs::fs {
namespace {

constexpr MonoTime kNow{};  // nothing expires
constexpr MonoTime kNever = MonoTime::max();

}  // namespace

void DirectoryTimes::note(const std::string& directory, WallTime when) {
  MutexLock lock(mutex_);
  changes_.put(directory, when, kNever);
}

std::optional<WallTime> DirectoryTimes::find(const std::string& directory) {
  MutexLock lock(mutex_);
  const WallTime* when = changes_.find(directory, kNow);
  return when == nullptr ? std::nullopt : std::optional(*when);
}

void DirectoryTimes::stored(const std::string& directory, WallTime when) {
  MutexLock lock(mutex_);
  const WallTime* noted = changes_.find(directory, kNow);
  if (noted != nullptr && *noted == when) changes_.erase(directory);
}

void DirectoryTimes::forget(const std::string& directory) {
  MutexLock lock(mutex_);
  changes_.erase(directory);
}

void DirectoryTimes::moved(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  std::vector<std::string> paths;
  changes_.erase_if([&](const std::string& path) {
    if (path == from || path.starts_with(from + "/")) paths.push_back(path);
    return path == to;
  });
  for (const std::string& path : paths) {
    const WallTime when = *changes_.find(path, kNow);
    changes_.erase(path);
    changes_.put(to + path.substr(from.size()), when, kNever);
  }
}

}  // namespace pailfs::fs
