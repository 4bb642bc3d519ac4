// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/mount/runtime.h"

namespace pailfs::mount {

/// The mounts in the table that other users than `self` made, as their records describe them;
/// `directories` tells where those of a user may be. What a user writes is believed only of a
/// mountpoint that the kernel says is his, and is otherwise mere text. Without a record a mount may
/// be anybody's program and is left out.
std::vector<MountRecord> foreign_records(
    std::string_view mountinfo, uid_t self,
    const std::function<std::vector<std::string>(uid_t)>& directories);

}  // namespace pailfs::mount
