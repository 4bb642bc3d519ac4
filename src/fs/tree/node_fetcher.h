// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/single_flight.h"
#include "pailfs/util/worker_pool.h"

#include "fs/read/block_fetcher.h"
#include "listed_names.h"
#include "node_cache.h"

namespace pailfs::fs {

/// Brings the attributes of names that a listing shows, each with one request that all threads
/// which want it share: a HEAD, or, where the bytes of a small file are worth having too, a GET,
/// whose reply carries the same and whose bytes go into the block cache. WalkWatch decides which
/// nodes are fetched ahead of a program. A thread gets no answer to a request that is older than
/// our last change of the name, or than a refresh. Any thread; must outlive the tasks of its pool.
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

  /// The node of the object `path`, which a listing has shown as `listed`; a file of at most
  /// `whole_up_to` bytes is fetched with its bytes. ENOENT when it has gone.
  Result<Node> fetch(const std::string& path, const ListedName& listed, std::uint64_t whole_up_to);
  /// The node of the file, of which `known` may be old, fetched with its bytes if they are not
  /// here.
  Result<Node> fetch_to_read(const std::string& path, const Node& known);
  /// The same as fetch() for each of these names of the directory, in the background.
  void fetch_ahead(const std::string& directory, const ListedNames::Names& names,
                   std::uint64_t whole_up_to);

 private:
  SingleFlight<Result<Node>>::Ticket join(const std::string& path);
  Result<Node> share(const std::string& path, const std::function<Result<Node>()>& make);
  /// The cached node of the object `path`, when it was learnt less than kFreshToOpen before `now`.
  std::optional<Node> just_learnt(const std::string& path, MonoTime now);
  /// The node of the object `path` now: the cached one if it was just learnt, else the store's,
  /// which goes into the cache.
  Result<Node> learn(const std::string& path, const ListedName& listed, bool whole);
  Result<Node> ask(const std::string& path, const ListedName& listed, bool whole);

  const Config& config_;
  store::ObjectStore& store_;
  NodeCache& cache_;
  ListedNames& names_;
  BlockFetcher& blocks_;
  WorkerPool& pool_;
  const Clock& clock_;
  SingleFlight<Result<Node>> flights_;  // by path
};

}  // namespace pailfs::fs
