// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "pailfs/util/clock.h"

#include "fs/format/paths.h"

namespace pailfs::fs {

/// When this mount last changed what a path leads to. It outlives what is known of the path, so
/// that an answer which the store gave before a change is known for an old one even after a refresh
/// or for want of room has made the mount forget its own version. Of so many changes that no
/// request is under way for longer; of those before it says "then at the latest". Guarded by the
/// owner.
class OwnChanges final {
 public:
  explicit OwnChanges(std::size_t most = 1024) : most_(most) {}

  /// We changed what the path itself leads to.
  void note(const std::string& path, MonoTime now) { put(path, now).path = now; }
  /// We changed it and everything below it: a directory was made, moved or removed.
  void note_below(const std::string& path, MonoTime now) {
    Times& times = put(path, now);
    times.path = times.below = now;
  }
  /// No change of ours to the path is younger; MonoTime::min() when we changed nothing.
  [[nodiscard]] MonoTime last(const std::string& path) const {
    MonoTime last = forgotten_;
    if (const auto own = times_.find(path); own != times_.end())
      last = std::max(last, own->second.path);
    for (std::string above = path; !above.empty();) {
      above = parent_path(above);
      if (const auto found = times_.find(above); found != times_.end())
        last = std::max(last, found->second.below);
    }
    return last;
  }

 private:
  struct Times {
    MonoTime path = MonoTime::min();
    MonoTime below = MonoTime::min();
    std::size_t notes = 0;  // in order_
  };

  Times& put(const std::string& path, MonoTime now) {
    if (order_.size() == most_) {
      const auto& [oldest, when] = order_.front();
      forgotten_ = std::max(forgotten_, when);
      const auto found = times_.find(oldest);
      if (--found->second.notes == 0) times_.erase(found);
      order_.pop_front();
    }
    order_.emplace_back(path, now);
    Times& times = times_[path];
    ++times.notes;
    return times;
  }

  const std::size_t most_;
  std::deque<std::pair<std::string, MonoTime>> order_;
  std::unordered_map<std::string, Times> times_;
  MonoTime forgotten_ = MonoTime::min();
};

}  // namespace pailfs::fs
