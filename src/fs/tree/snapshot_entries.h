// SPDX-License-Identifier: Apache-2.0
// How what is known of objects is written down, for the next mount of the same bucket. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/store/object_store.h"

namespace pailfs::fs {

/// An object, what its attributes were, and the version (ETag, size, time) of which they are true.
struct SnapshotEntry {
  std::string name;        ///< in its directory
  bool marker = false;     ///< the object is `name/`
  bool estimated = false;  ///< nobody but our own clock has told the time of last modification
  store::ObjectInfo info;
  friend bool operator==(const SnapshotEntry&, const SnapshotEntry&) = default;
};

/// Some of the objects of one directory.
struct SnapshotEntries {
  std::string directory;
  std::vector<SnapshotEntry> objects;
  friend bool operator==(const SnapshotEntries&, const SnapshotEntries&) = default;
};

std::string encode_remembered(const SnapshotEntries& some);
/// Nothing unless all of the text is what the function above writes.
std::optional<SnapshotEntries> decode_remembered(std::string_view text);

}  // namespace pailfs::fs
