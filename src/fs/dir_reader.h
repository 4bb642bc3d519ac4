// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/result.h"
#include "pailfs/util/worker_pool.h"

#include "lister.h"
#include "node_cache.h"
#include "tree_walk.h"

namespace pailfs::fs {

/// One opendir: names in a fixed order, which comes page by page as the reader gets on, the next
/// page being fetched while this one is read. Names that exist only on this machine (not yet
/// stored) come first. Not thread-safe: its handle locks, also across the request for a page,
/// because whoever waits needs that page.
class DirReader final {
 public:
  /// `local_names`: files of the directory that the store does not have yet.
  DirReader(const Lister& lister, NodeCache& known, TreeWalk& tree, WorkerPool& pool,
            std::string path, std::vector<std::string> local_names);

  /// The item at `place` or the first one after it; null behind the last. It lives until the next
  /// call. Its `next` is the place after it.
  Result<const NodeCache::Item*> at(std::size_t place);
  /// What was looked up before is looked up anew.
  void refresh() { batch_.clear(); }

 private:
  void take_known();
  Status more();
  [[nodiscard]] bool is_local(const std::string& name) const;
  void fetch_ahead();

  const Lister& lister_;
  NodeCache& known_;
  TreeWalk& tree_;
  WorkerPool& pool_;
  const std::string path_;
  const std::vector<std::string> local_;
  NodeCache::Item local_item_;
  NodeCache::ReadingPtr reading_;
  std::vector<NodeCache::Item> batch_;
  std::size_t batch_at_ = 0;     // the next of the batch
  std::size_t batch_place_ = 0;  // where that one stands at the earliest
  std::optional<Pending<Result<FetchedPage>>> ahead_;
};

}  // namespace pailfs::fs
