// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/sync.h"

#include "fs/lock_ranks.h"
#include "inode_numbers.h"
#include "kernel_view.h"

namespace pailfs::fs {

class FileContent;  // of fs/write, which knows inodes
class FileLease;    // of fs/lock

/// Defined beside FileContent.
struct ContentDeleter {
  void operator()(FileContent* content) const;
};
/// The inode is the content's only owner, so no thread keeps the content without the lock that
/// guards it.
using ContentPtr = std::unique_ptr<FileContent, ContentDeleter>;

/// Identity of one file or directory that the kernel knows or that has unstored content.
///
/// Where it stands in the tree (parent, name, detached, counts) belongs to InodeTable and is
/// guarded by the table's mutex. `object_mutex` serialises everything that changes the object in
/// the store or the unstored bytes, and is held across requests. `content_mutex` guards `content`,
/// over memory operations only. Lock order: `object_mutex`, then the table, then `content_mutex`.
class Inode final {
 public:
  Inode(const InodeNumbers::Given& given, bool is_a_directory)
      : id(given.number), generation(given.generation), directory(is_a_directory) {}

  const InodeId id;
  const std::uint64_t generation;
  const bool directory;

  Mutex object_mutex{directory ? lock_rank::kDirectoryObject : lock_rank::kFileObject, id};
  Mutex content_mutex{lock_rank::kContent};
  /// Shared by the open handles; null while no handle has the file open and nothing is unstored.
  ContentPtr content GUARDED_BY(content_mutex) PT_GUARDED_BY(content_mutex);
  /// Version whose pages the kernel may still have: the one of the last open.
  store::ETag paged_version GUARDED_BY(content_mutex);
  /// The kernel's view of the file; unused for directories.
  KernelView kernel GUARDED_BY(content_mutex);
  /// The locks of its file, from the first lock on that a program asks for until the last handle is
  /// closed; null in a mount without locks=bucket.
  std::shared_ptr<FileLease> lease GUARDED_BY(content_mutex);
  /// The kernel may have pages of an older version with the same size and mtime, which it keeps
  /// unless the next answer shows another mtime.
  bool has_older_pages GUARDED_BY(content_mutex) = false;
  /// The thread that holds `object_mutex` removes or replaces the file: an open waits until that is
  /// over.
  bool being_removed GUARDED_BY(content_mutex) = false;

  /// We have made `to` of `from`, with the same bytes or with those that came through the kernel:
  /// its pages of `from` are pages of `to`. Pages of any other version then belong to no known one.
  void page_cache_follows(const store::ETag& from, const store::ETag& to) REQUIRES(content_mutex) {
    paged_version = paged_version == from ? to : store::ETag();
  }
  /// Attributes of an inode whose name was removed here, for descriptors that are still open; if
  /// there is `content`, its attributes count.
  std::unique_ptr<Stat> removed GUARDED_BY(content_mutex);

 private:
  friend class InodeTable;
  std::shared_ptr<Inode> parent_;  // null for the root
  std::string name_;
  std::uint64_t lookups_ = 0;   // the kernel's references
  std::uint64_t pins_ = 0;      // ours: open handles, unstored content
  std::uint64_t children_ = 0;  // inodes whose parent is this one
  bool detached_ = false;       // no name leads here any more
};
using InodePtr = std::shared_ptr<Inode>;

/// Sets Inode::being_removed while this lives; its maker holds `object_mutex`.
class BeingRemoved final {
 public:
  explicit BeingRemoved(Inode& inode) REQUIRES(inode.object_mutex) : inode_(inode) { set(true); }
  ~BeingRemoved() { set(false); }
  BeingRemoved(const BeingRemoved&) = delete;
  BeingRemoved& operator=(const BeingRemoved&) = delete;

 private:
  void set(bool removing) {
    MutexLock lock(inode_.content_mutex);
    inode_.being_removed = removing;
  }
  Inode& inode_;
};

/// Owns every inode: by number, and by (parent, name). Any thread may call any member; none of them
/// waits. An inode leaves the table when the kernel has forgotten it, nothing pins it and nothing
/// stands below it. Numbers are those of InodeNumbers: no two inodes in the table have the same,
/// and a file that is looked up again gets its number again.
class InodeTable final {
 public:
  explicit InodeTable(const InodeNumbers::Settings& numbers = {});

  [[nodiscard]] InodePtr find(InodeId id) EXCLUDES(mutex_);
  /// The same, and adds one to the inode's count of lookups.
  [[nodiscard]] InodePtr look_up(InodeId id) EXCLUDES(mutex_);
  /// For a number that is not in the table: the places that its file may have.
  [[nodiscard]] std::optional<InodeNumbers::Search> search(InodeId id) EXCLUDES(mutex_);
  [[nodiscard]] InodePtr root() const { return root_; }
  [[nodiscard]] InodePtr child(const InodePtr& parent, std::string_view name) EXCLUDES(mutex_);
  /// The number of the inode of that name, or the one that it would get; 0 when that is not known
  /// before.
  [[nodiscard]] InodeId number_in(const InodePtr& parent, std::string_view name) EXCLUDES(mutex_);
  /// The number of the inode's directory; the root's for the root and for a detached inode.
  [[nodiscard]] InodeId number_above(const InodePtr& inode) EXCLUDES(mutex_);
  /// As reference() with one lookup, for the answer to a request that was sent when `seen` had the
  /// name. Null if an inode of the other kind has the name now, so that the answer is out of date.
  InodePtr reference_as_seen(const InodePtr& parent, std::string_view name, bool directory,
                             const InodePtr& seen) EXCLUDES(mutex_);
  /// The inode of that name, made if there is none or if the present one is of the other kind
  /// (which then is detached). Adds `lookups` to its count.
  InodePtr reference(const InodePtr& parent, std::string_view name, bool directory,
                     std::uint64_t lookups) EXCLUDES(mutex_);
  /// At most `most` inodes in a directory, by name, behind the name `after` (empty: from the first
  /// on), so that a reader of many holds the mutex for a moment at a time.
  [[nodiscard]] std::vector<std::pair<std::string, InodePtr>> children(const InodePtr& parent,
                                                                       std::string_view after,
                                                                       std::size_t most)
      EXCLUDES(mutex_);
  void forget(InodeId id, std::uint64_t count) EXCLUDES(mutex_);
  void pin(const InodePtr& inode) EXCLUDES(mutex_);
  void unpin(const InodePtr& inode) EXCLUDES(mutex_);

  /// The name no longer leads to the inode (unlinked, replaced); open handles keep it alive.
  void detach(const InodePtr& inode) EXCLUDES(mutex_);
  /// Gives the inode another place; an inode that had that name is detached.
  void move(const InodePtr& inode, const InodePtr& parent, std::string_view name) EXCLUDES(mutex_);

  /// Path relative to the mount, "" for the root; nothing for a detached inode or below one.
  [[nodiscard]] std::optional<std::string> path(const InodePtr& inode) EXCLUDES(mutex_);
  /// The path that the inode has, or had when its name no longer led to it.
  [[nodiscard]] std::string last_path(const InodePtr& inode) EXCLUDES(mutex_);
  [[nodiscard]] bool is_detached(const InodePtr& inode) EXCLUDES(mutex_);
  /// Inodes that are open or have unstored content: all of them, those in a directory, and the
  /// files below one at any depth.
  [[nodiscard]] std::vector<InodePtr> pinned() EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::pair<std::string, InodePtr>> pinned_in(const InodePtr& parent)
      EXCLUDES(mutex_);
  [[nodiscard]] std::vector<InodePtr> pinned_files_below(const InodePtr& directory)
      EXCLUDES(mutex_);

 private:
  struct Place {
    InodeId parent;
    std::string_view name;
  };
  /// Order by parent and name, without a second copy of the name, of which there may be a million.
  struct ByPlace {
    using is_transparent = void;
    static Place place(const InodePtr& inode) { return {inode->parent_->id, inode->name_}; }
    static const Place& place(const Place& place) { return place; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const Place& first = place(a);
      const Place& second = place(b);
      return std::tie(first.parent, first.name) < std::tie(second.parent, second.name);
    }
  };

  InodePtr reference_locked(const InodePtr& parent, std::string_view name, bool directory,
                            std::uint64_t lookups) REQUIRES(mutex_);
  void detach_locked(const InodePtr& inode) REQUIRES(mutex_);
  void place_locked(const InodePtr& inode, const InodePtr& parent, std::string_view name)
      REQUIRES(mutex_);
  void drop_if_unused(InodePtr inode) REQUIRES(mutex_);
  [[nodiscard]] std::string last_path_of(const Inode& inode) REQUIRES(mutex_);
  /// Nothing for a detached inode.
  [[nodiscard]] std::optional<PlaceCode> code_of(const Inode& inode) REQUIRES(mutex_);
  [[nodiscard]] PlaceCode code_below(const Inode& parent, std::string_view name) REQUIRES(mutex_);
  [[nodiscard]] InodeNumbers::Taken taken() REQUIRES(mutex_);

  Mutex mutex_{lock_rank::kInodeTable};
  InodePtr root_;
  InodeNumbers numbers_ GUARDED_BY(mutex_);
  std::unordered_map<InodeId, InodePtr> by_id_ GUARDED_BY(mutex_);
  std::set<InodePtr, ByPlace> by_place_ GUARDED_BY(mutex_);
  std::unordered_set<InodePtr> pinned_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
