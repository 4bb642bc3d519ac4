// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "object_map.h"

namespace pailfs::fs {

/// One name of a directory, as a listing shows it.
struct ListedName {
  bool file = false;       ///< there is an object of that name
  bool directory = false;  ///< there are objects below it
  std::uint64_t size = 0;  ///< of the object
  s3::ETag etag;
};

/// A directory's names as one complete listing found them, kept up with our own changes since.
struct Listing {
  std::map<std::string, ListedName, std::less<>> names;
  MonoTime begun{};  ///< when its first page was asked for
};

/// What is known of the store without asking: attributes of paths, absent ones included, and
/// complete listings of directories; all of it bounded and for a limited time. Paths are relative
/// to the mount. Any thread may call any member; none of them waits. The owner reports our own
/// changes with `stored`, `removed` and `erase_below`, so that what we did is seen at once.
class NodeCache final {
 public:
  NodeCache(const Config& config, Clock& clock);

  /// Form::absent: known not to exist. Nothing: not known.
  [[nodiscard]] std::optional<Node> find(const std::string& path) EXCLUDES(mutex_);
  /// When the entry was learnt; nothing if it is not known.
  [[nodiscard]] std::optional<MonoTime> learnt(const std::string& path) EXCLUDES(mutex_);
  /// As the store showed it to a question asked at `asked`; what was learnt since then, by our own
  /// changes above all, is younger and stays.
  void learn(const std::string& path, const Node& node, MonoTime asked) EXCLUDES(mutex_);
  void erase(const std::string& path) EXCLUDES(mutex_);

  /// We put something there / took it away: attributes and the parent's listing follow.
  void stored(const std::string& path, const Node& node) EXCLUDES(mutex_);
  void removed(const std::string& path) EXCLUDES(mutex_);
  /// Forgets a path and everything below it, listings included.
  void erase_below(const std::string& path) EXCLUDES(mutex_);

  /// Calls `use` with the directory's listing if a fresh one is known. `use` must not call back.
  bool with_listing(const std::string& directory, const std::function<void(const Listing&)>& use)
      EXCLUDES(mutex_);

  struct Sizes {
    std::size_t attributes = 0;
    std::size_t listings = 0;
  };
  [[nodiscard]] Sizes sizes() EXCLUDES(mutex_);

  /// A listing being read page by page. Our own changes to the directory meanwhile make it unfit to
  /// be kept, because some pages are from before and some from after.
  struct Reading {
    std::string directory;
    MonoTime begun;
    bool disturbed = false;  // guarded by the cache's mutex
  };
  [[nodiscard]] std::shared_ptr<Reading> begin_reading(const std::string& directory)
      EXCLUDES(mutex_);
  /// Keeps the complete listing, unless it was disturbed, and drops attributes that contradict it.
  void finish_reading(const std::shared_ptr<Reading>& reading, Listing listing) EXCLUDES(mutex_);

 private:
  struct Known {
    Node node;
    MonoTime learnt;
  };

  void learn_locked(const std::string& path, const Node& node) REQUIRES(mutex_);
  Known* find_locked(const std::string& path) REQUIRES(mutex_);
  void disturb(const std::string& directory) REQUIRES(mutex_);

  const std::chrono::seconds attribute_ttl_;
  const bool ttl_from_last_use_;  ///< find() gives what is there a whole lifetime anew
  const std::chrono::seconds listing_ttl_;
  Clock& clock_;
  Mutex mutex_;
  cache::ExpiringLru<std::string, Known> nodes_ GUARDED_BY(mutex_);
  cache::ExpiringLru<std::string, Listing> listings_ GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Reading>> readings_ GUARDED_BY(mutex_);
};

/// "a/b/c" -> "a/b" and "c"; "c" -> "" and "c".
std::string parent_path(const std::string& path);
std::string last_name(const std::string& path);
std::string join_path(const std::string& directory, std::string_view name);

}  // namespace pailfs::fs
