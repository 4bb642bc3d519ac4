// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fuse_lowlevel.h>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::fuse {

/// libfuse's descriptor of a session that has not begun: it stands for the kernel's until the two
/// have shaken hands (FUSE_INIT).
///
/// libfuse before 3.17 never tells the kernel that lookups and listings of one directory may come
/// side by side (FUSE_PARALLEL_DIROPS), even if we ask for it. The kernel then sends them one after
/// the other, and a thread that waits for its turn there cannot be killed until the first is
/// answered. So we add the flag to libfuse's answer to FUSE_INIT. Used by the thread that serves.
class Handshake final {
 public:
  static Result<Handshake> prepare();

  /// "/dev/fd/N", for fuse_session_mount(), after which the session owns that descriptor.
  [[nodiscard]] std::string path() const;
  void adopted() { static_cast<void>(theirs_.release()); }

  /// Waits for FUSE_INIT on `device`, lets `session` answer it, and passes that on; then the
  /// session's descriptor is `device`. Ends early, without an error, when the session is told to
  /// exit or the device is not usable: the session's loop then finds out the same.
  void run(fuse_session* session, const UniqueFd& device);

 private:
  Handshake(UniqueFd ours, UniqueFd theirs)
      : ours_(std::move(ours)), theirs_(std::move(theirs)), number_(theirs_.get()) {}
  void exchange(fuse_session* session, const UniqueFd& device);

  UniqueFd ours_;
  UniqueFd theirs_;
  int number_;
};

}  // namespace pailfs::fuse
