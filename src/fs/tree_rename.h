// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pailfs/s3/object_store.h"

#include "object_copy.h"

namespace pailfs::fs {

struct MovedObject {
  s3::Key source;
  s3::ETag source_etag;  ///< the copy is of this version
  s3::Key destination;
  s3::ETag etag;  ///< of the copy
};

/// Renames everything below one prefix: lists it flat, copies all of it side by side, and only when
/// every copy is confirmed deletes the sources in batches (law L3). When a copy fails the copies
/// made so far are removed again and nothing else has changed.
class TreeRename final {
 public:
  TreeRename(const Config& config, s3::ObjectStore& store, WorkerPool& pool)
      : config_(config), store_(store), pool_(pool), copier_(config, store, pool) {}

  /// Both prefixes end in '/'. `marker` is what the destination's own directory object carries; it
  /// is written anew rather than copied. Returns what was moved, markers excluded.
  Result<std::vector<MovedObject>> run(const std::string& from, const std::string& to,
                                       const s3::ObjectAttributes& marker);

 private:
  Result<std::vector<CopyJob>> list(const std::string& from, const std::string& to,
                                    bool& has_marker);
  Status copy_all(const std::vector<CopyJob>& jobs, std::vector<MovedObject>& moved);
  void undo(const std::vector<s3::Key>& keys);

  const Config& config_;
  s3::ObjectStore& store_;
  WorkerPool& pool_;
  ObjectCopier copier_;
};

}  // namespace pailfs::fs
