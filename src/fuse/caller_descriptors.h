// SPDX-License-Identifier: Apache-2.0
// What else the process that closes a descriptor has open.
//
// Law L12: the daemon never waits for the process it serves. A process inside execve(2) holds its
// exec_update_lock while it waits for our answer to the flush of each descriptor that the exec
// closes; who follows one of its links (/proc/PID/fd/N, exe, cwd, root) or reads its stat, maps or
// environ waits for that lock, and both wait for ever. Hence
// * only directory entries of /proc/PID/fdinfo and the text of its files are read, which need the
//   process's table of descriptors for a moment and no lock of an exec. No link is followed and no
//   file system is asked, ours neither;
// * even that happens on a thread that nothing waits for longer than a limit: the text of a
//   descriptor comes from its driver, and nobody can vouch for all of them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pailfs::fuse {

/// Whether process `pid` has a descriptor, open for writing, of the file with that st_ino on the
/// file system `device` ("MAJOR:MINOR", as in mountinfo). At a FUSE flush the one being closed is
/// out of the table already, so that it does not count. False also when that cannot be found out:
/// the process belongs to another user, lives in another namespace (`pid` 0), is ending, has more
/// descriptors than are worth a look, or the kernel is older than 5.14 and names no inodes there.
/// Threads: any; may wait for other processes, hence called by CallerDescriptors only.
bool has_open_for_writing(pid_t pid, std::string_view device, std::uint64_t ino);

/// "MAJOR:MINOR" of what is mounted at `mountpoint`, by the kernel's table in the file `mountinfo`
/// and not by a look at the path; "" when it does not stand there.
std::string device_of_mount(const std::string& mountinfo, const std::string& mountpoint);

/// Asks has_open_for_writing or its like on one thread of its own, begun with the first question,
/// and waits for the answer no longer than a limit. Threads: any may ask.
class CallerDescriptors final {
 public:
  /// Whether the process has the file of that st_ino open for writing through another descriptor.
  using Look = std::function<bool(pid_t pid, std::uint64_t ino)>;
  /// Far above what a look takes, microseconds, on a busy machine.
  static constexpr std::chrono::milliseconds kLimit{500};

  explicit CallerDescriptors(Look look, std::chrono::milliseconds limit = kLimit);
  /// Does not wait for a look that hangs: its thread ends by itself when the look does, with the
  /// process at the latest.
  ~CallerDescriptors();
  CallerDescriptors(const CallerDescriptors&) = delete;
  CallerDescriptors& operator=(const CallerDescriptors&) = delete;

  /// False when there is no answer in time. Law L1 is kept by that: the file is then stored.
  bool has_another_open(pid_t pid, std::uint64_t ino);

 private:
  struct Shared;
  const std::chrono::milliseconds limit_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace pailfs::fuse
