// SPDX-License-Identifier: Apache-2.0
// Settings of this process before it mounts, and facts about it.
#pragma once

#include <string>
#include <vector>

namespace pailfs::cli {

/// No core dump with keys in it, and no look into our memory for other processes of the same user.
/// The price: without root, /proc/PID/fd and the like of this process are closed to others. A
/// change of the user undoes it.
void keep_memory_private();

/// Memory goes back to the system when it is freed. Windows of read-ahead come and go by the
/// megabyte, on many threads; by default glibc gives each thread an arena of its own and stops
/// returning such blocks once one was freed, so that a mount that has copied one large file would
/// keep a hundred megabytes.
void return_large_blocks();

/// Descriptors above standard error that the parent process has left open, except one that is
/// itself the mountpoint ("/dev/fd/N"): a daemon that kept them would hold locks and pipes that
/// other processes wait for.
std::vector<int> inherited_descriptors(const std::string& mountpoint);

/// The effective user's home by the password database; empty if it has none.
std::string home_directory();

}  // namespace pailfs::cli
