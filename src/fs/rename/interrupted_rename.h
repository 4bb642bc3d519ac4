// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/worker_pool.h"

namespace pailfs::fs {

/// A mount that is killed while it renames a directory leaves both names: the new one with some of
/// the copies, or the old one with the objects that were not deleted yet. Nothing in the bucket
/// marks it, because we write only objects that s3fs would write too. But copies made by the
/// service have the times of their originals to the nanosecond, which no program can give them.
///
/// True when all objects below one of the prefixes (both end in '/') are below the other one too,
/// with the same size and ETag. As some copies have an ETag of their own, the same attributes with
/// a ctime do as well; a few objects with the same ETag must have those too. To rename again then
/// finishes the rename. Costs the lists of both and two HEADs for each object looked at; ends early
/// at a difference.
Result<bool> is_interrupted_rename(const Config& config, store::ObjectStore& store,
                                   WorkerPool& pool, const std::string& from,
                                   const std::string& to);

}  // namespace pailfs::fs
