// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "pailfs/util/clock.h"

namespace pailfs::fs {

/// A T for each of the directories that programs have gone on in of late. Bounded: the one that was
/// gone on in longest ago makes room. Pure: the caller tells the time, and locks.
template <class T>
class Recent final {
 public:
  static constexpr std::size_t kMost = 64;
  /// A program that has paused for longer does something else now.
  static constexpr std::chrono::seconds kPause{2};

  /// The T of a directory in which a program goes on now; a new one if the program has paused or is
  /// new here.
  T& at(const std::string& directory, MonoTime now) {
    if (entries_.size() >= kMost && !entries_.contains(directory)) {
      entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](auto& a, auto& b) {
        return a.second.last < b.second.last;
      }));
    }
    Entry& entry = entries_[directory];
    if (entry.last + kPause < now) entry.value = T();
    entry.last = now;
    return entry.value;
  }
  /// Null if no program has gone on in the directory since the pause began.
  [[nodiscard]] const T* find(const std::string& directory, MonoTime now) const {
    const auto found = entries_.find(directory);
    const bool live = found != entries_.end() && now <= found->second.last + kPause;
    return live ? &found->second.value : nullptr;
  }
  /// True when there is a T of the directory, of any age.
  [[nodiscard]] bool contains(const std::string& directory) const {
    return entries_.contains(directory);
  }

 private:
  struct Entry {
    T value;
    MonoTime last{};
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace pailfs::fs
