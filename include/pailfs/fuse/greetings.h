// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "pailfs/util/sync.h"

namespace pailfs::fuse {

/// How a command finds out which process serves a directory that another program has mounted: it
/// looks up a name of its own making in the directory, and then asks the process whether the kernel
/// has asked it for that name. The mount table of a kernel older than 6.16 has no other answer.
/// Names that begin with kPrefix are in no bucket as far as such a mount is concerned. Any thread.
class Greetings final {
 public:
  static constexpr std::string_view kPrefix = ".pailfs-greeting-";

  /// Remembers the name if it is a greeting, and says whether it is; the last few are remembered.
  bool take(std::string_view name) EXCLUDES(mutex_);
  [[nodiscard]] bool has(std::string_view name) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::array<std::string, 16> last_ GUARDED_BY(mutex_);
  std::size_t next_ GUARDED_BY(mutex_) = 0;
};

}  // namespace pailfs::fuse
