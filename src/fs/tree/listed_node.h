// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fs/format/object_headers.h"
#include "name_table.h"

namespace pailfs::fs {

/// A name as its listing alone shows it, for attributes=listing: version, size and time of the
/// object, and what an object without headers has; of a directory what one without an object has.
/// Only to be shown, and to ask for that version: what the object says of itself may differ. Pure.
Node listed_node(const ListedName& listed, const Config& config);

}  // namespace pailfs::fs
