// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/file.h"

namespace pailfs::mount {

/// errno of asking the file system at `path` about itself, 0 when it answers. A plain stat() of a
/// mount whose process has died succeeds as long as the kernel remembers attributes, statfs() does
/// not; and it succeeds for who may not look into a FUSE mount. A system call, no more.
int mount_failure_at(const std::string& path);
/// Of an errno of a FUSE mount: nobody serves it any more.
bool is_connection_lost(int errno_value);

/// For auto_unmount: starts a process, "pailfs-unmount", that takes the mount on `path` off when
/// every copy of the returned descriptor is closed and the mount is dead by then. It ends with it.
/// fusermount's own guard is not used: that of FUSE 3.14 looks at the directory as root, who may
/// not see a user's mount, and leaves it; nor may root go without fusermount then. No descriptor,
/// and a line in the log, when it cannot be started.
UniqueFd guard_mount(const std::string& path, const Environment& machine);

}  // namespace pailfs::mount
