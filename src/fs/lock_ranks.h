// SPDX-License-Identifier: Apache-2.0
// The order of the file system's locks, outermost first. PathLocks, which are no mutexes, are
// outside of all.
#pragma once

#include "pailfs/util/sync.h"

namespace pailfs::fs::lock_rank {

/// Held by a thread that takes or gives back a lock of a program, also while it brings the content
/// of the file up to date.
inline constexpr LockRank kLockTurn{202, "turn of a file's locks"};
/// Held across the requests for a lease object.
inline constexpr LockRank kLeaseObject{205, "lease object"};
/// Held by a thread that changes the object of a file, or its unstored bytes; of two files, that of
/// the lower inode number first.
inline constexpr LockRank kFileObject{210, "object of a file"};
/// The same of a directory, whose times follow a change of a file in it.
inline constexpr LockRank kDirectoryObject{220, "object of a directory"};
inline constexpr LockRank kOpenDirectory{230, "directory handle"};
inline constexpr LockRank kUploadCreation{240, "creation of an upload"};
inline constexpr LockRank kInodeTable{250, "inode table"};
inline constexpr LockRank kContent{260, "content of a file"};
inline constexpr LockRank kLeases{264, "leases of a mount"};
inline constexpr LockRank kFileLocks{266, "locks of a file"};
inline constexpr LockRank kPartStream{270, "part stream"};
inline constexpr LockRank kNodeTables{280, "node tables"};
inline constexpr LockRank kObjectReader{290, "object reader"};

}  // namespace pailfs::fs::lock_rank
