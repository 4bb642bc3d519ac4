// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "pailfs/mount/mount.h"

namespace pailfs::mount {

/// The machine as far as mounting depends on it; tests make up their own.
struct Environment {
  std::string fuse_device = "/dev/fuse";
  std::string fuse_conf = "/etc/fuse.conf";
  std::string mountinfo = "/proc/self/mountinfo";
  uid_t uid = 0;           ///< effective
  bool may_mount = false;  ///< root or CAP_SYS_ADMIN: no fusermount needed
  std::string fusermount;  ///< the program by which users mount; "" when there is none
  std::string runtime;     ///< where the records of mounts are; "" when nowhere
  bool in_container = false;
};

/// The real one, for this process.
Environment this_machine();

/// check_mountpoint() with the machine as an argument.
Result<Mountpoint> check_mountpoint(const Config& config, const Environment& machine);

/// Absolute and without symbolic links, also when a dead mount is on it: /proc and libfuse know the
/// directory by this name, and the process will leave its working directory.
Result<std::string> absolute_mountpoint(const std::string& path);

/// errno of a look at a path in a FUSE mount, 0 when it is there. A child process looks, because
/// the process that serves the mount may not answer; ETIMEDOUT after `limit`. Call it before there
/// are threads.
int answer_of(const std::string& path, std::chrono::milliseconds limit);

/// N of "/dev/fd/N": the program that started us has opened /dev/fuse, mounted, and handed us the
/// descriptor.
std::optional<int> passed_descriptor(const std::string& mountpoint);

/// EBUSY when another process, perhaps the same command run twice, has mounted since
/// check_mountpoint(). Call it after clear_stale().
Status refuse_second_mount(const Config& config, const Environment& machine,
                           const std::string& path);

/// Unmounts (lazily) a mount of ours on `path` whose process is gone. Does nothing when there is
/// none.
Status clear_stale(const Config& config, const Environment& machine, const std::string& path);

}  // namespace pailfs::mount
