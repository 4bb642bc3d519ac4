// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "pailfs/mount/runtime.h"

namespace pailfs::mount {

/// When the process began, in clock ticks since the machine did (proc(5), field 22 of stat); 0 when
/// it runs and /proc does not tell. Nothing when there is no such process, or when it has ended and
/// its parent has not waited for it yet.
std::optional<std::uint64_t> process_birth(pid_t pid);

/// The process of the record runs. Another one that has got its number since does not count.
bool is_alive(const MountRecord& record);

}  // namespace pailfs::mount
