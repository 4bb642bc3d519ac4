// SPDX-License-Identifier: Apache-2.0
// The order of the caches' locks, outermost first. They are inside those of the file system and of
// the journal.
#pragma once

#include "pailfs/util/sync.h"

namespace pailfs::cache::lock_rank {

inline constexpr LockRank kBlockCache{410, "block cache"};
inline constexpr LockRank kBlockFile{420, "block file"};
inline constexpr LockRank kDiskBlocks{430, "disk blocks"};
inline constexpr LockRank kBlockMemory{440, "block memory"};

}  // namespace pailfs::cache::lock_rank
