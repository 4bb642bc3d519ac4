// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/mount/mount.h"

#include "cli/options/parse.h"
#include "launch.h"

namespace pailfs::cli {

/// `pailfs BUCKET MOUNTPOINT`: prepares, looks at the mountpoint, detaches unless in the
/// foreground, and mounts. Returns the status to exit with, after saying what went wrong; never
/// returns in the process that is detached.
int start_mount(CommandLine& line, const Launch& launch);

/// What a second command is compared with; the options only as a digest. Pure.
mount::Identity identity_of(const CommandLine& line);

}  // namespace pailfs::cli
