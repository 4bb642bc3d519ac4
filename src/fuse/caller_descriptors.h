// SPDX-License-Identifier: Apache-2.0
// What descriptors of a file the process that asks has: another one than that which it closes, or
// one at the end of the file.
//
// Law L12: the daemon never waits for the process it serves. A process inside execve(2) holds its
// exec_update_lock while it waits for our answer to the flush of each descriptor that the exec
// closes; a daemon that follows one of its links (/proc/PID/fd/N, exe, cwd, root) or reads its
// stat, maps or environ waits for that lock, and both wait for ever. Hence
// * only directory entries of /proc/PID/fdinfo and the text of its files are read, which need the
//   process's table of descriptors for a moment and no lock of an exec. No link is followed and no
//   file system is asked, ours neither;
// * even that happens on a thread that other threads wait for no longer than a limit: the text of a
//   descriptor comes from its driver, and some drivers may block.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pailfs::fuse {

/// Whether process `pid` has a descriptor, open for writing, of the file with that st_ino on the
/// file system `device` ("MAJOR:MINOR", as in mountinfo). At a FUSE flush the one being closed is
/// out of the table already, so that it does not count. False also when this cannot be found out:
/// the process belongs to another user, lives in another namespace (`pid` 0), is ending, has more
/// descriptors than are worth a look, or the kernel is older than 5.14 and names no inodes there.
/// Threads: any; may wait for other processes, hence called by CallerDescriptors only.
bool has_open_for_writing(pid_t pid, std::string_view device, std::uint64_t ino);

/// Whether process `pid` has a descriptor of that file, open for reading, whose position is at
/// `size` or behind it. Nothing when that cannot be found out, for the reasons above. Threads: as
/// above.
std::optional<bool> has_read_to(pid_t pid, std::string_view device, std::uint64_t ino,
                                std::uint64_t size);

/// "MAJOR:MINOR" of the mount at `mountpoint`, by the kernel's table in the file `mountinfo` and
/// not by a look at the path; "" when the table has no such mount.
std::string device_of_mount(const std::string& mountinfo, const std::string& mountpoint);

/// Asks has_open_for_writing, has_read_to or their like on one thread of its own, begun with the
/// first question, and waits for the answer no longer than a limit. Threads: any may ask.
class CallerDescriptors final {
 public:
  /// Whether the process has the file of that st_ino open for writing through another descriptor.
  using Look = std::function<bool(pid_t pid, std::uint64_t ino)>;
  /// Whether the process reads that file and has come to `size`.
  using LookAtEnd =
      std::function<std::optional<bool>(pid_t pid, std::uint64_t ino, std::uint64_t size)>;
  /// Far above the microseconds that a look takes, for a busy machine.
  static constexpr std::chrono::milliseconds kLimit{500};

  explicit CallerDescriptors(Look look, LookAtEnd at_end = {},
                             std::chrono::milliseconds limit = kLimit);
  /// Does not wait for a look that hangs: its thread ends by itself when the look does, with the
  /// process at the latest.
  ~CallerDescriptors();
  CallerDescriptors(const CallerDescriptors&) = delete;
  CallerDescriptors& operator=(const CallerDescriptors&) = delete;

  /// False when there is no answer in time; the file is then stored at this flush (law L1).
  bool has_another_open(pid_t pid, std::uint64_t ino);
  /// Nothing when there is no answer in time either.
  std::optional<bool> reads_at_end(pid_t pid, std::uint64_t ino, std::uint64_t size);

 private:
  struct Shared;
  std::optional<bool> ask(const std::function<std::optional<bool>()>& look);

  const std::shared_ptr<const Look> look_;
  const std::shared_ptr<const LookAtEnd> at_end_;
  const std::chrono::milliseconds limit_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace pailfs::fuse
