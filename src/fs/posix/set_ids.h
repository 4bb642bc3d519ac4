// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include "pailfs/fs/file_system.h"

namespace pailfs::fs {

/// The mode of a file after `caller` has written to it or changed its size. As Linux's own file
/// systems do it (setattr_should_drop_suidgid): set-user-id goes, and set-group-id where it means
/// something or the caller is not of that group; root changes nothing.
mode_t mode_after_write(mode_t mode, gid_t group, const Caller& caller);

}  // namespace pailfs::fs
