// SPDX-License-Identifier: Apache-2.0
// How what is known of objects is written down, for the next mount of the same bucket. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/s3/object_store.h"

namespace pailfs::fs {

/// An object, what its attributes were, and the version (ETag, size, time) of which they are true.
struct RememberedObject {
  std::string name;        ///< in its directory
  bool marker = false;     ///< the object is `name/`
  bool estimated = false;  ///< nobody but our own clock has told the time of last modification
  s3::ObjectInfo info;
  friend bool operator==(const RememberedObject&, const RememberedObject&) = default;
};

/// Some of the objects of one directory.
struct RememberedObjects {
  std::string directory;
  std::vector<RememberedObject> objects;
  friend bool operator==(const RememberedObjects&, const RememberedObjects&) = default;
};

std::string encode_remembered(const RememberedObjects& some);
/// Nothing unless all of the text is what the function above writes.
std::optional<RememberedObjects> decode_remembered(std::string_view text);

}  // namespace pailfs::fs
