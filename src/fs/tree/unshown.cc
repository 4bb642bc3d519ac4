// SPDX-License-Identifier: Apache-2.0
#include "unshown.h"

#include <string>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {

void log_unshown(ListingCache& listings, const ListingCursorPtr& reading) {
  const auto unshown = listings.take_unshown(reading);
  if (!unshown) return;
  const std::string where = "directory /" + printable(reading->directory) + ": ";
  if (unshown->keys > 0) {
    log_warning(where + "keys that cannot be file names are not shown: " +
                std::to_string(unshown->keys) + ", such as " + printable(unshown->key));
  }
  if (unshown->names > 0) {
    log_warning(where + "names that are objects and have others below them: " +
                std::to_string(unshown->names) + ", such as " + printable(unshown->name) +
                "; of a file, these show when it is removed or renamed");
  }
}

}  // namespace pailfs::fs
