// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/mount/ending.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// What is mounted, in the words by which a second command for the same is recognised; goes into
/// the mount's record (runtime.h), hence no secret.
struct Identity {
  std::string source;          ///< "bucket" or "bucket:/prefix"
  std::string url;             ///< of the service
  std::string options_digest;  ///< equal for equal options
};

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
  unsigned max_readahead = 0;         ///< of the kernel, bytes; 0: what is best
  unsigned max_write = 1U << 20U;
  double attribute_seconds = 1.0;  ///< kernel's attribute and entry time to live, as in s3fs
  double entry_seconds = 1.0;
  double negative_seconds = 0.0;
  bool direct_io = false;     ///< past the kernel's page cache
  bool kernel_cache = false;  ///< the page cache is kept whatever the store says
  bool use_xattr = false;
};

class RequestCounts;

/// For whoever watches a mount; each may be left out.
struct Instruments {
  RequestCounts* counts = nullptr;  ///< counts every request; outlives the mount
  /// Value of the attribute user.pailfs.status of the mount's root, which listxattr does not show.
  /// With Config::use_xattr only: a kernel that may ask for attributes asks for security.capability
  /// before every write.
  /// Called on any thread.
  std::function<std::string()> status;
};

/// Goes over to another mount namespace, a file such as /proc/PID/ns/mnt or a PID; the working
/// directory becomes its root. While the process has one thread.
Status enter_mount_namespace(const std::string& name);

/// Makes the directory and those above it that are missing, as the caller's umask has it. A
/// directory that is there is success.
Status make_mountpoint(const std::string& path);

/// What stands at a mountpoint that may be used.
enum class Mountpoint {
  free,         ///< also: an automount trigger, a dead mount of ours
  same_mounted  ///< a living mount of ours with the same identity: nothing is left to do
};

/// Refuses what cannot be a mountpoint, in words: missing, not a directory, not ours, already
/// mounted by us as something else, stale and not ours, /dev/fuse missing or closed to us, no
/// fusermount for a user, allow_other not permitted. Changes nothing; warns on stderr about a
/// directory that is not empty. "/dev/fd/N", an open and mounted FUSE descriptor, is not looked at.
Result<Mountpoint> check_mountpoint(const Config& config);

/// Mounts, serves until unmounted or until SIGTERM or SIGINT, unmounts, then stores what is left.
/// `on_ready` is called at most once, on any thread, when the kernel has begun to talk to us
/// (FUSE_INIT); it may not fork. Returns after the file system is unmounted; the error says why it
/// never was mounted or what could not be stored. A dead mount of ours on the directory is taken
/// away first. Meanwhile a record of the mount lies in runtime_directory(), SIGHUP reopens the log
/// file and calls `on_hangup`, if any, SIGUSR2 changes the log level, SIGUSR1 and SIGPIPE are
/// ignored. A service manager is told when it ends (sd_notify(3)). One at a time in a process;
/// works as process 1. `ending`, if any, begins with the first signal to end or the unmount; when
/// all is stored it is told that nothing is wanted of the store any more, and that this process may
/// be ended without a word.
Status serve(const Config& config, fs::FileSystem& file_system,
             const std::function<void()>& on_ready, const Instruments& instruments = {},
             const std::function<void()>& on_hangup = {}, Ending* ending = nullptr);

}  // namespace pailfs::mount
