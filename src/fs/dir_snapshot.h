// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/s3/object_store.h"
#include "pailfs/util/result.h"

#include "node_cache.h"

namespace pailfs::fs {

/// One opendir: a fixed order of names, filled page by page as the reader gets on, that can be
/// resumed at any offset. Names that exist only on this machine (not yet stored) come first. Not
/// thread-safe: its handle locks, also across the request for a page, because whoever waits needs
/// that page.
class DirSnapshot final {
 public:
  struct Item {
    std::string name;
    ListedName listed;
  };

  /// `local_names`: files of the directory that the store does not have yet.
  DirSnapshot(const Config& config, s3::ObjectStore& store, NodeCache& known, MonoTime now,
              std::string path, std::vector<std::string> local_names);

  /// When what it shows was asked for: what is learnt later overrules it.
  [[nodiscard]] MonoTime begun() const { return begun_; }

  /// The item at `index`, fetching pages as needed; null behind the last one.
  Result<const Item*> at(std::size_t index);

 private:
  Status fetch_page();
  void add(std::string_view name, const ListedName& listed);

  const Config& config_;
  s3::ObjectStore& store_;
  NodeCache& known_;
  const std::string path_;
  std::deque<Item> items_;
  std::unordered_map<std::string, std::size_t> index_;  // name -> place in items_
  std::shared_ptr<NodeCache::Reading> reading_;         // null when nothing is left to fetch
  MonoTime begun_;
  std::string continuation_;
};

}  // namespace pailfs::fs
