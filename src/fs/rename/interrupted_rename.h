// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/worker_pool.h"

namespace pailfs::fs {

/// A mount that is killed while it renames a directory leaves both names: the new one with some of
/// the copies, or the old one with what was not deleted yet. Nothing in the bucket says so, for it
/// holds nothing but what s3fs would write; but copies that the service has made carry the times of
/// their originals to the nanosecond, which no program can give them.
///
/// True when what is below one of the prefixes (both end in '/') is all below the other one too and
/// has the same size and ETag there, or, as some copies have an ETag of their own, the same
/// attributes, a ctime among them, which a few with the same ETag must have too. Renaming again
/// then finishes what was begun. Costs the lists of both and two HEADs for each object looked at;
/// where the two differ it ends early.
Result<bool> is_interrupted_rename(const Config& config, store::ObjectStore& store,
                                   WorkerPool& pool, const std::string& from,
                                   const std::string& to);

}  // namespace pailfs::fs
