// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "pailfs/fs/file_system.h"
#include "pailfs/mount/mount.h"
#include "pailfs/process/ending.h"
#include "pailfs/util/result.h"

namespace pailfs::fuse {

class Greetings;
class KernelCaches;
class RequestCounts;

/// Ways to watch a mount; each may be left out.
struct Instruments {
  RequestCounts* counts = nullptr;  ///< counts every request; outlives the mount
  /// Value of the attribute user.pailfs.status of the mount's root, which listxattr does not show.
  /// With Config::use_xattr only: a kernel that may ask for attributes asks for security.capability
  /// before every write.
  /// Called on any thread.
  std::function<std::string()> status;
  KernelCaches* caches = nullptr;  ///< knows the mount while it is served; outlives it
  Greetings* greetings = nullptr;  ///< takes those of commands; outlives the mount
  /// With Config::replaces, before the other mount is taken off. Returns within seconds.
  std::function<void()> before_taking_place = {};
};

/// Mounts, serves until unmounted or until SIGTERM or SIGINT, unmounts, then stores every unstored
/// file. `on_ready` is called at most once, on any thread, when the kernel has begun to talk to us
/// (FUSE_INIT); it may not fork. Returns after the file system is unmounted; the error says why it
/// never was mounted or which file could not be stored. A dead mount of ours on the directory is
/// taken away first. Meanwhile a record of the mount lies in runtime_directory(), SIGHUP reopens
/// the log file and calls `on_hangup`, if any, SIGUSR2 changes the log level, SIGUSR1 and SIGPIPE
/// are ignored. A service manager is told when it ends (sd_notify(3)). One at a time in a process;
/// works as process 1. `ending`, if any, begins with the first signal to end or the unmount; when
/// all is stored it is told that nothing is wanted of the store any more, and that this process may
/// be ended without a word.
Status serve(const mount::Config& config, fs::FileSystem& file_system,
             const std::function<void()>& on_ready, const Instruments& instruments = {},
             const std::function<void()>& on_hangup = {}, process::Ending* ending = nullptr);

}  // namespace pailfs::fuse
