// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/single_flight.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "fs/predict/name_walk.h"
#include "fs/read/block_fetcher.h"
#include "listed_names.h"
#include "node_cache.h"

namespace pailfs::fs {

/// Brings the attributes of names that a listing shows, each with one request that all who wait
/// share: a HEAD, or, of a small file that is likely to be read, a GET, whose reply carries the
/// same and whose bytes go into the block cache. While a program walks through a directory, the
/// names that come next are fetched side by side. Any thread; its pool must end before it does.
class NodeFetcher final {
 public:
  NodeFetcher(const Config& config, store::ObjectStore& store, NodeCache& cache, ListedNames& names,
              BlockFetcher& blocks, WorkerPool& pool, const Clock& clock)
      : config_(config),
        store_(store),
        cache_(cache),
        names_(names),
        blocks_(blocks),
        pool_(pool),
        clock_(clock) {}

  /// What the object `path` is, which a listing has shown as `listed`. ENOENT when it has gone.
  Result<Node> fetch(const std::string& path, const ListedName& listed) EXCLUDES(mutex_);
  using Habit = NameWalk::Habit;
  /// The names of the directory are being given to a program, from the first on. What was done with
  /// those of the directory before it.
  Habit listed(const std::string& directory) EXCLUDES(mutex_);
  /// It will soon be read by who has that habit: its first names, `most` of them.
  void expects(const std::string& directory, Habit habit, std::size_t most) EXCLUDES(mutex_);
  /// The file again, of which `known` may be old, with its bytes if they are not here.
  Result<Node> fetch_to_read(const std::string& path, const Node& known) EXCLUDES(mutex_);
  /// Somebody asked about a name whose attributes are known already.
  void touched(const std::string& path) EXCLUDES(mutex_);
  /// The directory is being read on, and each name in it asked about: this one and what follows it
  /// will be, to the end.
  void expects_all(const std::string& path) EXCLUDES(mutex_);
  /// It is opened to be read.
  void opened(const std::string& path) EXCLUDES(mutex_);
  /// How many small files may be fetched before anybody reads them.
  [[nodiscard]] std::size_t files_ahead() const;
  /// Somebody walks through the directory: attributes will be asked for.
  [[nodiscard]] bool is_walked(const std::string& directory) EXCLUDES(mutex_);

 private:
  using Flights = SingleFlight<Result<Node>>;
  struct Walk {
    NameWalk names;
    MonoTime last{};
  };

  /// The walk through the directory; begun anew when nobody has gone on for long.
  Walk& walk_in(const std::string& directory) REQUIRES(mutex_);
  NameWalk::Advice note(const std::string& path, std::size_t expected = 0) EXCLUDES(mutex_);
  void fetch_ahead(const std::string& path, const NameWalk::Advice& advice) EXCLUDES(mutex_);
  using Names = std::vector<std::pair<std::string, ListedName>>;
  void fetch_all(const std::string& directory, Names names, bool whole) EXCLUDES(mutex_);
  /// What the object `path` is now, which has just been learnt or is asked for; and remembers it.
  Result<Node> learn(const std::string& path, const ListedName& listed, bool whole);
  Result<Node> ask(const std::string& path, const ListedName& listed, bool whole);

  const Config& config_;
  store::ObjectStore& store_;
  NodeCache& cache_;
  ListedNames& names_;
  BlockFetcher& blocks_;
  WorkerPool& pool_;
  const Clock& clock_;
  Flights flights_;                                       // by path
  Mutex mutex_;                                           // held over memory operations only
  std::map<std::string, Walk> walks_ GUARDED_BY(mutex_);  // by directory
  std::string listed_last_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
