// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include "pailfs/fs/file_system.h"

namespace pailfs::fs {

/// The mode of a file after `caller` has written to it or changed its size. As on Linux's own file
/// systems (setattr_should_drop_suidgid): set-user-id is removed, and set-group-id if the file is
/// executable by its group or the caller is not of that group; root's writes change nothing. Pure.
mode_t mode_after_write(mode_t mode, gid_t group, const Caller& caller);

}  // namespace pailfs::fs
