// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "pailfs/util/result.h"

#include "snapshot_entries.h"

namespace pailfs::fs {

/// The file in which a mount leaves the attributes of objects for the next one: a line that names
/// format and version, then pieces of a thousand names or so, each with its length and CRC-32C. One
/// writer at a time; the caller holds the lock of the directory.
class AttributeSnapshot final {
 public:
  explicit AttributeSnapshot(std::string path) : path_(std::move(path)) {}

  /// Hands on each piece from the front for as long as they are whole. ENOENT when there is no
  /// file, EINVAL when it is not ours, is damaged or has no proper end; the pieces handed on before
  /// are good all the same.
  Status read(const std::function<void(const SnapshotEntries&)>& visit) const;

  /// Calls `next` for pieces until it returns false, and puts a new file in the place of the old
  /// one, all or nothing.
  Status write(const std::function<bool(SnapshotEntries&)>& next) const;

 private:
  std::string path_;
};

}  // namespace pailfs::fs
