// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/clock.h"

#include "name_table.h"

namespace pailfs::fs {

struct DirectoryTable;

/// The entries of a listing that are not shown, with the first of each kind.
struct Unshown {
  std::size_t keys = 0;  ///< that cannot be file names
  std::string key;
  std::size_t names = 0;  ///< of objects with others below them
  std::string name;
};

/// The names of one directory in a fixed order, as a listing brings them page by page. A reader's
/// places count in that order, which stays while names come and go. One thread at a time.
class ListingCursor final {
 public:
  ListingCursor(std::string path, MonoTime now) : directory(std::move(path)), begun(now) {}
  const std::string directory;
  /// When the first page was asked for; knowledge learnt later is stronger.
  const MonoTime begun;
  /// Continuation of the listing; belongs to the reader.
  std::string continuation;

 private:
  friend class ListingCache;
  Unshown unshown_;
  // These are guarded by the cache's mutex.
  std::shared_ptr<DirectoryTable> table_;  // null while the table has put the cursor aside
  std::vector<SlotId> order_;
  std::vector<bool> kept_;  // by number: stands in the order though it may not be there any more
  std::uint32_t serial_ = 0;
  std::size_t pages_ = 0;
  bool done_ = false;
  bool whole_ = true;
};
using ListingCursorPtr = std::shared_ptr<ListingCursor>;

}  // namespace pailfs::fs
