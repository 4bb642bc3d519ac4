// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "pailfs/mount/identity.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// Settings of the kernel side; values come from the command line, see pailfs(1).
struct Config {
  std::string mountpoint;
  Identity identity;
  /// mount options for the kernel and fusermount3, e.g. "allow_other", "ro", "nosuid",
  /// "fsname=s3fs"
  std::vector<std::string> kernel_options;
  std::string subtype = "s3fs";  ///< /proc/mounts shows fuse.SUBTYPE; scripts look for fuse.s3fs
  std::string fsname = "s3fs";   ///< the mount's source in /proc/mounts
  bool single_threaded = false;  ///< -s
  bool debug = false;            ///< -d -d, -o debug: libfuse's trace on stderr
  unsigned max_threads = 64;     ///< requests served at a time
  std::chrono::seconds tell_after{120};  ///< a request that has taken longer is logged
  unsigned max_idle_threads = 0;         ///< kept waiting; 0: all of them
  bool clone_fd = false;                 ///< a descriptor of /dev/fuse for each thread
  unsigned max_background = 64;
  unsigned congestion_threshold = 0;  ///< 0: three quarters of max_background
  unsigned max_readahead = 0;         ///< of the kernel, bytes; 0: chosen automatically
  unsigned max_write = 1U << 20U;
  double attribute_seconds = 1.0;  ///< kernel's attribute and entry time to live, as in s3fs
  double entry_seconds = 1.0;
  double negative_seconds = 0.0;
  bool direct_io = false;     ///< past the kernel's page cache
  bool kernel_cache = false;  ///< the page cache is kept even if the object has changed
  bool use_xattr = false;
  /// The process of a mount of ours on the mountpoint whose place this one takes; 0: none.
  pid_t replaces = 0;
  bool covers_files = false;  ///< nonempty: hides the mountpoint's files without a word
};

/// Goes over to another mount namespace, a file such as /proc/PID/ns/mnt or a PID; the working
/// directory becomes its root. While the process has one thread.
Status enter_mount_namespace(const std::string& name);

/// Makes the directory and those above it that are missing, as the caller's umask has it. A
/// directory that is there is success.
Status make_mountpoint(const std::string& path);

/// State of a mountpoint that may be used.
enum class Mountpoint {
  free,         ///< also: an automount trigger, a dead mount of ours
  same_mounted  ///< a living mount of ours with the same identity: nothing is left to do
};

/// Refuses a path that cannot be a mountpoint, in words: missing, not a directory, not ours,
/// already mounted by us as something else, stale and not ours, /dev/fuse missing or closed to us,
/// no fusermount for a user, allow_other not permitted. Changes nothing; warns on stderr about a
/// directory that is not empty. "/dev/fd/N", an open and mounted FUSE descriptor, is not looked at.
Result<Mountpoint> check_mountpoint(const Config& config);

}  // namespace pailfs::mount
