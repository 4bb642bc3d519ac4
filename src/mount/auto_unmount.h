// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/file.h"

namespace pailfs::mount {

/// errno of statfs() for the file system at `path`, 0 when it answers. Unlike stat(), it fails for
/// a mount whose process has died even while the kernel remembers attributes; and it succeeds for
/// users that may not look into the FUSE mount. Only a system call, so it may be called after
/// fork().
int mount_failure_at(const std::string& path);
/// True for the errno of a FUSE mount that no process serves any more.
bool is_connection_lost(int errno_value);

/// For auto_unmount: starts a process, "pailfs-unmount", that unmounts `path` when every copy of
/// the returned descriptor is closed, if the mount is dead by then, and ends. fusermount's own
/// guard is not used: that of FUSE 3.14 looks at the directory as root, who may not see a user's
/// mount, and so does not unmount it; and it would need fusermount even for root. No descriptor,
/// and a line in the log, when it cannot be started.
UniqueFd guard_mount(const std::string& path, const Environment& machine);

}  // namespace pailfs::mount
