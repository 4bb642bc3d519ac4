// SPDX-License-Identifier: Apache-2.0
// Errors of mounting in the kernel, with the remedy. Pure functions. The errno is ENODEV or EPERM
// for FUSE itself, EINVAL for an option.
#pragma once

#include <string>
#include <string_view>

#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// /dev/fuse could not be opened.
Error device_error(int errno_value, const Environment& machine);
/// Only root mounts without the setuid program.
Error no_fusermount_error();
/// The first lines of a program's output, as one line without libfuse's own prefix.
std::string one_line(std::string_view words);
/// Mounting on `path` failed; `words` are what fusermount wrote on stderr or the kernel's refusal.
Error explain_mount_failure(std::string_view words, const std::string& path);

}  // namespace pailfs::mount
