// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>

namespace pailfs::fuse {

/// How far the kernel reads ahead on a mount. FUSE_INIT cannot ask for more than the 128 KiB that
/// the kernel offers; root may set it afterwards, at /sys/class/bdi/MAJOR:MINOR/read_ahead_kb.
/// Larger requests cost less each, and far from the daemon's own read-ahead they hide a wait.
class KernelReadAhead final {
 public:
  /// `bytes` as the option max_readahead has it, 0 for the best measured value; `mountpoint` is
  /// empty when it is not known.
  KernelReadAhead(std::string mountinfo, std::string mountpoint, unsigned bytes)
      : mountinfo_(std::move(mountinfo)), mountpoint_(std::move(mountpoint)), bytes_(bytes) {}

  /// Sets the value at the first call; without the permission to set it nothing changes. Call it
  /// when a file is opened: by then the kernel has applied its own default from FUSE_INIT. Any
  /// thread.
  void settle();

 private:
  const std::string mountinfo_;  ///< the file
  const std::string mountpoint_;
  const unsigned bytes_;
  std::atomic<bool> settled_ = false;
};

}  // namespace pailfs::fuse
