// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/mount/mount.h"

#include "cli/options/parse.h"
#include "launch.h"

namespace pailfs::cli {

/// `pailfs BUCKET MOUNTPOINT`: prepares, looks at the mountpoint, detaches unless in the
/// foreground, and mounts. Returns the status to exit with, after a message about a failure; never
/// returns in the process that is detached.
int start_mount(CommandLine& line, const Launch& launch);

/// The identity by which a second command for the same mount is recognised; the options only as a
/// digest. Pure.
mount::Identity identity_of(const CommandLine& line);

}  // namespace pailfs::cli
