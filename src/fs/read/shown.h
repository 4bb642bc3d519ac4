// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/range_set.h"

namespace pailfs::fs {

/// What the readers of one open file have been shown of it, and when the store was last asked
/// whether it has grown. A reader at the end that asks again follows the file, as tail -f does: it
/// is to see what others append, or an error when its version is gone, and never silence.
///
/// Not thread-safe: FileContent owns it.
class Shown final {
 public:
  /// So long a version is taken for the newest after the store was asked.
  static constexpr std::chrono::seconds kConfirmed{1};

  /// Tells that bytes of `range` go to a reader, of a file of `size` bytes.
  void show(Range range, std::uint64_t size) {
    ranges_.add(range);
    if (ranges_.pieces() > kMostRanges) {
      const std::vector<Range> all = ranges_.present({0, UINT64_MAX});
      ranges_.add({all.front().begin, all.back().end});
    }
    if (range.end >= size) reached_end_ = true;
  }
  /// The bytes that may have been shown; a few ranges, in order.
  [[nodiscard]] std::vector<Range> ranges(std::uint64_t size) const {
    return ranges_.present({0, size});
  }
  /// The last byte of the file was among them once.
  [[nodiscard]] bool reached_end() const { return reached_end_; }

  /// True when it is time to find out whether the reader that asks is at the end: at once for a
  /// file that is followed, else once in a while.
  bool may_look(MonoTime now) {
    if (!followed_ && looked_ && now < *looked_ + kConfirmed) return false;
    looked_ = now;
    return true;
  }
  /// Tells that a reader at the end asks for more. One that does so twice, not at once, follows the
  /// file: others read to the end and close it.
  void ask(MonoTime now) {
    if (!asked_) asked_ = now;
    if (now >= *asked_ + kConfirmed) followed_ = true;
  }
  [[nodiscard]] bool is_followed() const { return followed_; }
  /// Tells that the store has this version now.
  void confirm(MonoTime now) { confirmed_ = now; }
  /// True when the store was asked so long ago that it is to be asked again.
  [[nodiscard]] bool is_due(MonoTime now) const { return now >= confirmed_ + kConfirmed; }
  /// Tells that the store has another version, which this one is not the front of, as far as can be
  /// known; or none.
  void replace() { replaced_ = true; }
  [[nodiscard]] bool is_replaced() const { return replaced_; }

 private:
  static constexpr std::size_t kMostRanges = 64;

  RangeSet ranges_;
  MonoTime confirmed_{};
  std::optional<MonoTime> looked_;
  std::optional<MonoTime> asked_;
  bool reached_end_ = false;
  bool followed_ = false;
  bool replaced_ = false;
};

}  // namespace pailfs::fs
