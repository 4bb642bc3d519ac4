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
/// `directories` tells where those of a user may be. A user's record is believed only for a
/// mountpoint that is that user's by the kernel's table; its other fields are untrusted text. A
/// mount without a record may belong to another program and is left out.
std::vector<MountRecord> foreign_records(
    std::string_view mountinfo, uid_t self,
    const std::function<std::vector<std::string>(uid_t)>& directories);

}  // namespace pailfs::mount
