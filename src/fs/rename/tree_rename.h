// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "pailfs/store/object_store.h"

#include "fs/write/object_copy.h"

namespace pailfs::fs {

struct MovedObject {
  store::Key source;
  store::ETag source_etag;  ///< the copy is of this version
  store::Key destination;
  store::ETag etag;  ///< of the copy
  std::uint64_t size = 0;
};

/// Renames everything below one prefix: lists it flat, copies all of it side by side, and only when
/// every copy is confirmed deletes the sources in batches (law L3). When a copy fails, the copies
/// made so far are removed again, also the failed one if the store has made it after all. If the
/// store refuses that too, the log names the copies that are left. Any thread that is not a pool's
/// may call it.
class TreeRename final {
 public:
  TreeRename(const Config& config, store::ObjectStore& store, WorkerPool& pool)
      : config_(config), store_(store), pool_(pool), copier_(config, store, pool) {}

  /// Both prefixes end in '/'. `marker` are the attributes of the destination's own directory
  /// object, which is written anew, or copied if it has bytes. `into_copies`: there are names below
  /// `to`, which a failure leaves there. An object that another client has replaced after it was
  /// copied keeps its old name too, with a line in the log. Returns the moved objects, without the
  /// directory's own.
  Result<std::vector<MovedObject>> run(const std::string& from, const std::string& to,
                                       const store::ObjectAttributes& marker,
                                       bool into_copies = false);

 private:
  struct Plan {
    std::vector<CopyJob> jobs;
    std::optional<CopyJob> marker;          ///< the directory's own object, if there is one
    std::unordered_set<store::Key> before;  ///< destinations that were there before
  };
  struct Outcome {
    std::vector<MovedObject> moved;
    std::vector<const CopyJob*> doubtful;  ///< copies that failed, and may have been made
  };
  Result<Plan> plan(const std::string& from, const std::string& to);
  Status note_names(const std::string& to, Plan& plan);
  Status copy_all(const std::vector<CopyJob>& jobs, Outcome& outcome);
  Result<store::ETag> make_marker(const Plan& plan, const store::Key& to,
                                  const store::ObjectAttributes& attributes);
  /// True when the destination is the copy that the job should have made.
  bool is_made(const CopyJob& job);
  void undo(const Plan& plan, const Outcome& outcome);

  const Config& config_;
  store::ObjectStore& store_;
  WorkerPool& pool_;
  ObjectCopier copier_;
};

}  // namespace pailfs::fs
