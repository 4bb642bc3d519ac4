// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// Settings of the kernel side; values come from the command line, see pailfs(1).
struct Config {
  std::string mountpoint;
  /// mount options for the kernel and fusermount3, e.g. "allow_other", "ro", "nosuid",
  /// "fsname=s3fs"
  std::vector<std::string> kernel_options;
  std::string subtype = "s3fs";  ///< /proc/mounts shows fuse.SUBTYPE; scripts look for fuse.s3fs
  std::string fsname = "s3fs";   ///< the mount's source in /proc/mounts
  bool single_threaded = false;  ///< -s
  bool debug = false;            ///< -d -d, -o debug: libfuse's trace on stderr
  unsigned max_threads = 64;
  unsigned max_background = 64;
  unsigned max_write = 1U << 20U;
  double attribute_seconds = 1.0;  ///< kernel's attribute and entry time to live, as in s3fs
  double entry_seconds = 1.0;
  double negative_seconds = 0.0;
  bool use_xattr = false;
};

/// Refuses what cannot be a mountpoint, in words: missing, not a directory, not ours, already
/// mounted by us, stale and not ours, /dev/fuse missing or closed to us, no fusermount3 for a user,
/// allow_other not permitted. Changes nothing; warns on stderr about a directory that is not empty.
/// "/dev/fd/N", an open and mounted FUSE descriptor, is not looked at.
Status check_mountpoint(const Config& config);

/// Mounts, serves until unmounted or until SIGTERM or SIGINT, unmounts, then stores what is left.
/// `on_ready` is called at most once, on any thread, when the kernel has begun to talk to us
/// (FUSE_INIT); it may not fork. Returns after the file system is unmounted; the error says why it
/// never was mounted or what could not be stored. A dead mount of ours on the directory is taken
/// away first. Meanwhile SIGHUP reopens the log file and calls `on_hangup`, if any, SIGUSR2 changes
/// the log level, SIGUSR1 and SIGPIPE are ignored. One at a time in a process; works as process 1.
Status serve(const Config& config, fs::FileSystem& file_system,
             const std::function<void()>& on_ready, const std::function<void()>& on_hangup = {});

}  // namespace pailfs::mount
