// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "pailfs/cache/disk_blocks.h"
#include "pailfs/store/object_store.h"

namespace pailfs::fs {

/// The version of an object that reads are pinned to (law L5).
struct Version {
  store::Key key;
  store::ETag etag;  ///< empty where the store tells none: then the version cannot be named
  std::uint64_t size = 0;
};

/// The name of the version's bytes in the block cache and on the disk.
cache::DiskBlocks::Identity identity_of(const Version& version);
/// True when the version that is named so is of the object `key`, or of one below it; `key` may end
/// in a slash or be empty.
bool is_of_key_below(std::string_view identity, std::string_view key);

}  // namespace pailfs::fs
