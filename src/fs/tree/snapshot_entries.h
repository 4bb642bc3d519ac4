// SPDX-License-Identifier: Apache-2.0
// The format in which attributes of objects are written for the next mount of the same bucket.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/store/object_store.h"

namespace pailfs::fs {

/// An object, its attributes, and the version (ETag, size, time) that they belong to.
struct SnapshotEntry {
  std::string name;        ///< in its directory
  bool marker = false;     ///< the object is `name/`
  bool estimated = false;  ///< the time of last modification is by our own clock
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
/// Nothing unless the whole text has the form that encode_remembered() writes.
std::optional<SnapshotEntries> decode_remembered(std::string_view text);

}  // namespace pailfs::fs
