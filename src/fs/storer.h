// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/s3/object_store.h"
#include "pailfs/util/worker_pool.h"

#include "inode_table.h"
#include "mime.h"
#include "node_cache.h"
#include "object_copy.h"

namespace pailfs::fs {

/// Brings one file's object up to date with what was written and set since: one PUT, or one
/// multipart upload that sends what changed and lets the store copy the rest, or, when only
/// attributes changed, one in-place copy. Nothing unstored is let go before the store has confirmed
/// it (laws L1, L2).
class Storer final {
 public:
  Storer(const Config& config, s3::ObjectStore& store, InodeTable& inodes, NodeCache& known,
         WorkerPool& pool, const MimeTable& mime)
      : config_(config),
        store_(store),
        inodes_(inodes),
        known_(known),
        pool_(pool),
        mime_(mime),
        copier_(config, store, pool) {}

  /// The caller holds inode->flush, so that nobody writes meanwhile. On failure everything is as
  /// dirty as before. A detached inode has nothing to store: success.
  Status store(const InodePtr& inode) REQUIRES(inode->flush);

  /// Content-Type, and the six headers, that a new object of this path gets.
  [[nodiscard]] s3::ObjectAttributes new_attributes(const std::string& path,
                                                    const Stat& stat) const;

 private:
  Result<s3::ETag> send_bytes(Inode& inode, Content& content, const s3::Key& key,
                              const s3::ObjectAttributes& attributes);
  Result<s3::ETag> send_parts(const Content& content, const s3::Key& key,
                              const s3::ObjectAttributes& attributes,
                              const std::vector<PlannedPart>& parts);
  Result<s3::ETag> rewrite_metadata(const Content& content, const s3::Key& key,
                                    const s3::ObjectAttributes& attributes);

  const Config& config_;
  s3::ObjectStore& store_;
  InodeTable& inodes_;
  NodeCache& known_;
  WorkerPool& pool_;
  const MimeTable& mime_;
  ObjectCopier copier_;
};

}  // namespace pailfs::fs
