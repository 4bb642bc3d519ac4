// SPDX-License-Identifier: Apache-2.0
// What all JSON about mounts has in common; docs/json.md is the manual of all of it.
#pragma once

#include <string>

#include "pailfs/mount/identity.h"
#include "pailfs/util/json_writer.h"

namespace pailfs::report {

/// The number of the shapes, member "format". A new member does not change it; a member that goes,
/// or that means something else, does.
inline constexpr int kJsonFormat = 1;

/// Members about what is mounted, in an open object. `region` as it is now known.
void put_identity(const mount::Identity& what, const std::string& region, JsonWriter& json);

}  // namespace pailfs::report
