// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/result.h"

namespace pailfs::mount {

/// Absolute and without symbolic links, as records of mounts have it; also of a dead mount.
Result<std::string> resolve_mountpoint(const std::string& path);

/// Takes the mount off `path`, with umount(2) or, for a user, with fusermount3 or fusermount. EBUSY
/// while it is in use.
Status unmount(const std::string& path);

/// Takes the mount off `path` although it is in use: the name is free at once, open files stay
/// usable, and the file system ends with the last of them (MNT_DETACH).
Status detach(const std::string& path);

}  // namespace pailfs::mount
