// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "side.h"

namespace pailfs::test {

/// When the steps of a history began. Times of files are compared by the step in which they fall,
/// so that two file systems need not do the same at the same nanosecond.
class Steps final {
 public:
  /// Waits until the coarse clock, by which the kernel's own file systems set times, has overtaken
  /// this moment, so that no time can belong to two steps.
  void begin_next();
  /// "step 3", or the time itself where it was set by hand.
  [[nodiscard]] std::string text(const timespec& time) const;

 private:
  std::vector<std::int64_t> starts_;  // nanoseconds since 1970
};

struct ViewOptions {
  bool directory_times = true;
  bool xattrs = false;
  /// After a remount: a call that changed nothing but a ctime stored nothing.
  bool older_ctimes = false;
};

/// Everything that can be seen of a side by path and through its open descriptors, one line each,
/// without what differs by nature: sizes of directories, blocks, inode numbers.
using View = std::map<std::string, std::string>;
View view_of(const Side& side, const Steps& steps, const ViewOptions& options);

/// The first line that differs; empty if none does. A directory that `seen` shows with one link may
/// have any number; with `older_ctimes` a file of `seen` may show the ctime of an earlier step.
std::string first_difference(const View& expected, const View& seen, const ViewOptions& options);

}  // namespace pailfs::test
