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

/// What is known of objects, as it goes to and comes from the file that outlives the mount. Any
/// thread may call any member; none waits.
class NodeSnapshot final {
 public:
  explicit NodeSnapshot(NodeTables& tables) : tables_(tables) {}

  /// Objects of an earlier mount. They are believed when a listing shows the same ETag, size and
  /// time; before that they only guide what is asked first. When there is no room the rest is left
  /// out.
  void add(const SnapshotEntries& some) EXCLUDES(tables_.mutex);
  /// All directories of which something is known, the least recently used first.
  [[nodiscard]] std::vector<std::string> directories() EXCLUDES(tables_.mutex);
  /// The next objects of a directory whose attributes are or were known, from place `from` on,
  /// which moves on. None: there are no more.
  [[nodiscard]] SnapshotEntries next_objects(const std::string& directory, std::size_t& from)
      EXCLUDES(tables_.mutex);
  /// A name of that directory of which something is known, absent ones too.
  [[nodiscard]] std::optional<std::string> find_name(
      const std::string& directory, const std::function<bool(std::string_view)>& wanted)
      EXCLUDES(tables_.mutex);

 private:
  NodeTables& tables_;
};

}  // namespace pailfs::fs
