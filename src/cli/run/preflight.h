// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "pailfs/util/result.h"

#include "cli/options/options.h"
#include "cli/options/parse.h"

namespace pailfs::cli {

/// Refuses options after a look at this machine only: tmpdir must be a directory, the log file
/// writable, uid=0 and gid=0 are root's, and no file that the mount uses may lie below the
/// mountpoint. `caller` is the effective user.
Status check_local_files(const Options& options, uid_t caller);

/// With use_cache=: makes its directory if it is missing (mode 0700; parents as the umask says) and
/// lets it take the place of tmpdir. An error if it cannot hold files of the caller. Without: does
/// nothing. To be called after make_paths_absolute(), before check_local_files().
Status make_cache_directory(Options& options);

/// Which step of starting a mount failed.
enum class Step { local, mountpoint, credentials, transport, bucket, mount };

/// The program's exit status for a failure of one step.
Exit exit_for(Step step, const Error& error);

}  // namespace pailfs::cli
