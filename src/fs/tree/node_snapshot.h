// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node_tables.h"
#include "snapshot_entries.h"

namespace pailfs::fs {

/// Moves the attributes of objects between the tables and the file that outlives the mount. Any
/// thread may call any member; none waits.
class NodeSnapshot final {
 public:
  explicit NodeSnapshot(NodeTables& tables) : tables_(tables) {}

  /// Objects of an earlier mount. They are believed when a listing shows the same ETag, size and
  /// time; before that they only help to guess which request to send first. Objects for which there
  /// is no room are left out.
  void add(const SnapshotEntries& some) EXCLUDES(tables_.mutex);
  /// All directories with a table, the least recently used first.
  [[nodiscard]] std::vector<std::string> directories() EXCLUDES(tables_.mutex);
  /// The next objects of a directory whose attributes are or were known, from place `from` on,
  /// which moves on. None: there are no more.
  [[nodiscard]] SnapshotEntries next_objects(const std::string& directory, std::size_t& from)
      EXCLUDES(tables_.mutex);
  /// A known name of that directory, absent ones too, for which `wanted` is true.
  [[nodiscard]] std::optional<std::string> find_name(
      const std::string& directory, const std::function<bool(std::string_view)>& wanted)
      EXCLUDES(tables_.mutex);

 private:
  NodeTables& tables_;
};

}  // namespace pailfs::fs
