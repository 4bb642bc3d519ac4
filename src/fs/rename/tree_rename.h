// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
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

/// A directory and its new name. Both prefixes end in '/'.
struct TreeMove {
  /// What is at the new name, by an answer that the store has just given.
  enum class Target {
    absent,  ///< nothing
    empty,   ///< a directory without names, whose own object is replaced
    copies,  ///< copies of `from` that an interrupted rename has left
  };
  std::string from;
  std::string to;
  store::ObjectAttributes marker;  ///< of the destination's own object
  Target target = Target::absent;
};

struct MovedTree {
  std::vector<MovedObject> objects;  ///< without the directory's own
  /// Objects that another client has replaced after they were copied: they keep their old names
  /// too.
  std::vector<store::Key> stay;
};

/// Renames everything below one prefix: lists it flat, copies all of it side by side, and only when
/// every copy is confirmed deletes the sources in batches (law L3).
///
/// Another client may store something under the new name meanwhile. Where nothing was there, the
/// directory's own object is made first, as mkdir makes it, so that of two renames and mkdirs of
/// one name one wins; and a copy takes no other object's place where the service obeys conditions
/// on the destination of a COPY. Where it does not, an object is lost that another client stores
/// between the question about the new name and the copy that gets the same key.
///
/// When a copy fails, the copies made so far are removed again, also the failed one if the store
/// has made it after all, but nothing that was there before or that another client has put there.
/// If the store refuses that too, the log names the copies that are left. Any thread that is not a
/// pool's may call it.
class TreeRename final {
 public:
  TreeRename(const Config& config, store::ObjectStore& store, WorkerPool& pool)
      : config_(config), store_(store), pool_(pool), copier_(config, store, pool) {}

  /// ENOTEMPTY when another client has put something there meanwhile.
  Result<MovedTree> run(const TreeMove& move);

 private:
  struct Plan {
    std::vector<CopyJob> jobs;
    std::optional<CopyJob> marker;  ///< the directory's own object, if there is one
    std::unordered_map<store::Key, store::ETag> before;  ///< what is there already, and stays
  };
  struct Made {
    const CopyJob* job;
    store::ETag etag;  ///< empty: it is in doubt whether the store has made the copy
  };
  struct Outcome {
    std::vector<Made> copies;
    std::optional<store::ETag> claim;  ///< of the directory's own object, if it was made first
  };
  Result<Plan> plan(const TreeMove& move);
  /// All objects below a prefix.
  Status for_each_below(const std::string& prefix,
                        const std::function<Status(const store::ListedObject&)>& visit);
  /// Fails with EEXIST when another client's object is in the way.
  Status copy_all(const TreeMove& move, const Plan& plan, Outcome& outcome);
  Status copy_each(const std::vector<CopyJob>& jobs, Outcome& outcome);
  Result<store::ETag> make_marker(const TreeMove& move, const Plan& plan);
  /// Removes the sources of all copies. The keys of those that another client has replaced.
  Result<std::vector<store::Key>> remove_sources(const TreeMove& move, const Plan& plan,
                                                 const Outcome& outcome);
  /// The removal of a copy, unless the store has none or another client's object there.
  std::optional<store::Removal> removal_of(const Made& made);
  void undo(const TreeMove& move, const Plan& plan, const Outcome& outcome);

  const Config& config_;
  store::ObjectStore& store_;
  WorkerPool& pool_;
  ObjectCopier copier_;
};

}  // namespace pailfs::fs
