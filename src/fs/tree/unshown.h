// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "listing_cache.h"

namespace pailfs::fs {

/// Logs the names that a reading which is now done has left out, once for a directory.
void log_unshown(ListingCache& listings, const ListingCursorPtr& reading);

}  // namespace pailfs::fs
