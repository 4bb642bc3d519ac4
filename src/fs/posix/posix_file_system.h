// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/worker_pool.h"

#include "fs/format/compat_directories.h"
#include "fs/format/content_type.h"
#include "fs/format/hidden_leases.h"
#include "fs/format/xattr_header.h"
#include "fs/lock/bucket_locks.h"
#include "fs/lock_ranks.h"
#include "fs/predict/small_files.h"
#include "fs/read/object_reader.h"
#include "fs/rename/tree_rename.h"
#include "fs/tree/attribute_snapshot.h"
#include "fs/tree/dir_reader.h"
#include "fs/tree/directory_times.h"
#include "fs/tree/inode_table.h"
#include "fs/tree/known_tree.h"
#include "fs/tree/lister.h"
#include "fs/tree/node_fetcher.h"
#include "fs/tree/path_locks.h"
#include "fs/tree/resolver.h"
#include "fs/tree/walk_watch.h"
#include "fs/write/lost_races.h"
#include "fs/write/uploader.h"

namespace pailfs::fs {

/// One open(): shares the inode's content with other handles, has its own read-ahead. Each verb on
/// the handle holds it, and the content is held until the last of them has let go: the kernel
/// releases the handle of a killed caller while a verb of that caller is still under way.
struct OpenFile {
  OpenFile(InodePtr file, bool for_writing, BlockFetcher& fetcher, ReadAheadBudget& read_ahead,
           const Clock& clock)
      : inode(std::move(file)), writable(for_writing), reader(fetcher, read_ahead, clock) {}
  const InodePtr inode;
  const bool writable;
  bool created = false;  ///< this open made the file: its close stores it even if it is empty
  /// Number of the content's failures that the handle's program has been told.
  unsigned failures_heard GUARDED_BY(inode->content_mutex) = 0;
  ObjectReader reader;
};

struct OpenDirectory {
  explicit OpenDirectory(InodePtr directory) : inode(std::move(directory)) {}
  const InodePtr inode;
  Mutex mutex{lock_rank::kOpenDirectory};
  std::optional<DirReader> names GUARDED_BY(mutex);
  bool begun GUARDED_BY(mutex) = false;  ///< names have been read
};

/// Handles by number. Any thread.
template <class T>
class HandleTable final {
 public:
  HandleId add(std::shared_ptr<T> value) {
    MutexLock lock(mutex_);
    values_.emplace(++last_, std::move(value));
    return last_;
  }
  std::shared_ptr<T> find(HandleId id) {
    MutexLock lock(mutex_);
    const auto found = values_.find(id);
    return found == values_.end() ? nullptr : found->second;
  }
  std::size_t size() {
    MutexLock lock(mutex_);
    return values_.size();
  }
  std::shared_ptr<T> take(HandleId id) {
    MutexLock lock(mutex_);
    const auto found = values_.find(id);
    if (found == values_.end()) return nullptr;
    auto value = std::move(found->second);
    values_.erase(found);
    return value;
  }

 private:
  Mutex mutex_;
  HandleId last_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<HandleId, std::shared_ptr<T>> values_ GUARDED_BY(mutex_);
};

/// The FileSystem over an ObjectStore.
///
/// Locks, outermost first: the path in `paths_` (held by everything that changes an object; by a
/// rename its two paths alone), Inode::object_mutex (two of them: lower inode number first), both
/// held across requests; then InodeTable, Inode::content_mutex, NodeTables; alone, DirectoryTimes
/// and HandleTable. The whole order, with the classes below, is in ARCHITECTURE.md.
///
/// Verbs that only look (lookup, getattr, open, read) hold no path. While a rename is under way
/// they may find the old state, the new one or a mixture: when a file seems to be gone or replaced,
/// they wait for the rename and look again.
///
/// Each file of this folder has the verbs that it is named after, and the methods below that its
/// name stands above.
class PosixFileSystem final : public FileSystem {
 public:
  /// `lease_store`: see make_file_system().
  PosixFileSystem(const Config& config, store::ObjectStore& store, Clock& clock,
                  store::ObjectStore* lease_store = nullptr);
  ~PosixFileSystem() override { closing_ = true; }
  PosixFileSystem(const PosixFileSystem&) = delete;
  PosixFileSystem& operator=(const PosixFileSystem&) = delete;
  /// These two before anything else is called, in this order.
  void recall_attributes();
  void begin_with(const FirstPage& first);

  Result<Attr> lookup(InodeId parent, std::string_view name) override;
  void forget(InodeId ino, std::uint64_t count) override;
  Result<Attr> getattr(InodeId ino, const AtEnd& at_end) override;
  Result<Attr> setattr(InodeId ino, const SetAttr& change) override;
  Result<std::string> readlink(InodeId ino) override;

  Result<Attr> mknod(InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                     const Caller& caller) override;
  Result<Attr> mkdir(InodeId parent, std::string_view name, mode_t mode,
                     const Caller& caller) override;
  Result<Attr> symlink(std::string_view target, InodeId parent, std::string_view name,
                       const Caller& caller) override;
  Status unlink(InodeId parent, std::string_view name) override;
  Status rmdir(InodeId parent, std::string_view name) override;
  Status rename(InodeId parent, std::string_view name, InodeId new_parent,
                std::string_view new_name, bool no_replace) override;

  /// Read-only mounts only, because the kernel then reads the local file by itself.
  [[nodiscard]] bool has_whole_files() const override {
    return kept_ && config_.read_only && read_only_;
  }
  [[nodiscard]] bool obeys_acls() const override { return config_.obeys_acls(); }
  Result<OpenResult> open(InodeId ino, int flags, const Caller& caller) override;
  Result<CreateResult> create(InodeId parent, std::string_view name, mode_t mode, int flags,
                              const Caller& caller) override;
  Result<ReadBytes> read(HandleId handle, std::uint64_t offset, std::size_t size) override;
  Result<std::size_t> write(HandleId handle, std::uint64_t offset, std::span<const char> bytes,
                            WriteOrigin origin) override;
  Status allocate(HandleId handle, const Allocation& what, const Caller& caller) override;
  Status flush(HandleId handle, const AnotherClose& another_close_comes) override;
  Status fsync(HandleId handle) override;
  void release(HandleId handle) override;

  Result<HandleId> opendir(InodeId ino) override;
  Status readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                 const std::function<bool(const DirEntry&)>& visit) override;
  void releasedir(HandleId handle) override;

  StatFs statfs() override;

  Result<std::string> getxattr(InodeId ino, std::string_view name) override;
  Result<std::vector<std::string>> listxattr(InodeId ino) override;
  Status setxattr(InodeId ino, std::string_view name, std::string_view value, XattrMode mode,
                  const Caller& caller) override;
  Status removexattr(InodeId ino, std::string_view name) override;

  Result<Refreshed> refresh(std::string_view path, const Forgets& forgets) override;
  Result<Refreshed> refresh(InodeId ino, const Forgets& forgets) override;
  Result<bool> is_there(std::string_view path) override;

  [[nodiscard]] bool keeps_locks() const override { return locks_ != nullptr; }
  Status lock(HandleId handle, const Lock& wanted, const LockCalls& calls) override;
  Status unlock(HandleId handle, const Lock& wanted) override;
  Result<std::optional<Lock>> find_lock(HandleId handle, const Lock& wanted) override;
  Status end_locks(HandleId handle, std::uint64_t owner) override;
  void give_locks_back() override;

  Status sync_all() override;
  void set_read_only(bool read_only) override { read_only_ = read_only; }
  void change(const LiveSettings& settings) override;
  Activity activity() override;

 private:
  /// A name in a directory: the directory's inode and the name's path.
  struct Place {
    InodePtr parent;
    std::string path;  ///< of the name itself
  };

  // lookup.cc
  Result<InodePtr> find_inode(InodeId ino);
  Result<std::string> path_of(const InodePtr& inode);
  Result<Place> place_of(InodeId parent, std::string_view name);
  /// The node that is there now, unstored files included. ENOENT if there is none; EAGAIN if a
  /// rename other than the caller's is moving it.
  Result<Node> node_at(const Place& place, std::string_view name,
                       const PathLocks::Hold* own = nullptr);
  Result<Node> node_of(const InodePtr& inode);
  /// True when the cached node is at most a second old.
  bool is_fresh(const std::string& path);
  Result<Node> fresh_node(const std::string& path);
  /// As resolver_.resolve(), but with exclusive=store it is believed of a lock for a second only
  /// that it is there.
  Result<Node> resolve(const std::string& path);
  [[nodiscard]] bool is_shared_lock(const std::string& path) const;
  Attr shown(const InodePtr& inode, const Stat& stat);
  Result<Attr> attr_of(const InodePtr& inode);
  /// Type and size of a file whose attributes are not known, when a listing alone proves that it is
  /// regular. `inode` has the name.
  std::optional<Stat> listed_file(const Place& place, const InodePtr& inode);
  /// What is shown of a name with attributes=listing while its own attributes are not known.
  std::optional<Stat> listed_attributes(const std::string& path, const InodePtr& inode);
  std::optional<Node> content_node(const InodePtr& inode);
  /// For a file that is open and unchanged here, while the store has another version: makes that
  /// the version of its handles if they are open for appending alone, as those of a log are. False:
  /// they stay with the version that they were opened with.
  bool follow(const InodePtr& inode, const Node& node);
  static bool has_appenders_only(Inode& inode);
  bool follow_held(Inode& inode, const Node& node) REQUIRES(inode.object_mutex);
  /// Checks of a new name, as the program gave it.
  [[nodiscard]] bool is_too_long(std::string_view name) const;
  [[nodiscard]] Status check_spelling(std::string_view name) const;
  Status check_new_name(const Place& place, std::string_view name, bool directory);

  // paths.cc
  struct HeldPlace {
    Place place;
    PathLocks::Hold hold;
  };
  struct HeldPlaces {
    Place from;
    Place to;
    PathLocks::Hold hold;
  };
  /// How long a verb waits for its turn.
  static PathLocks::Patience patience();
  /// Holds the path that the inode has; an empty hold for an inode without a path.
  Result<PathLocks::Hold> hold(const InodePtr& inode);
  Result<HeldPlace> hold_place(InodeId parent, std::string_view name);
  /// For a rename: holds both paths alone.
  Result<HeldPlaces> hold_places(InodeId parent, std::string_view name, InodeId new_parent,
                                 std::string_view new_name);
  Status wait_for_rename(const std::string& path);
  /// True when a rename was under way, which is over now, so that the state found at `path` may be
  /// wrong: the caller must look again, by the path that the inode or name has then.
  Result<bool> renamed_meanwhile(const InodePtr& inode, const std::string& path);
  Result<bool> renamed_meanwhile(const Place& place, std::string_view name);

  // kernel.cc
  /// As `shown`, for an answer to the kernel.
  Attr told(const InodePtr& inode, const Stat& stat);
  /// ESTALE when the kernel has been told another file type: by a listing (attributes=listing), or
  /// before another client replaced the object. It then looks the name up again, which leads to
  /// another inode.
  Status check_type(const InodePtr& inode, const Stat& stat);
  /// For an open that uses the file's content: tells the kernel of changed attributes before the
  /// answer. ESTALE when the kernel must look the name up for that.
  Status tell_kernel(const InodePtr& inode, bool truncated, OpenResult& result);
  /// The right offset of bytes that the kernel has put at `offset`.
  static std::uint64_t place_of(Inode& inode, std::uint64_t offset, WriteOrigin origin)
      REQUIRES(inode.object_mutex);
  /// Notes that the kernel has written the range `by_kernel`, whose bytes we have put at `at`.
  static void wrote(Inode& inode, Range by_kernel, std::uint64_t at, WriteOrigin origin)
      REQUIRES(inode.object_mutex);

  // allocate.cc
  /// EFBIG when no object can be so large, or when it would have more unwritten zeros before
  /// `hole_end` than hole_limit allows. Changes nothing.
  [[nodiscard]] Status check_growth(const FileContent& content, std::uint64_t size,
                                    std::uint64_t hole_end) const;
  Status write_zeros(HandleId handle, Inode& inode, Range range);

  // attributes.cc
  /// setattr of an inode that is open but has neither name nor content any more; nothing for other
  /// inodes.
  std::optional<Attr> setattr_removed(const InodePtr& inode, const SetAttr& change);
  Result<Attr> setattr_file(const InodePtr& inode, const SetAttr& change);
  Result<Attr> setattr_directory(const InodePtr& inode, const SetAttr& change);
  Status change_file(const InodePtr& inode, const std::function<Status(FileContent&)>& change,
                     bool may_wait, bool resizes = false);
  Status change_acquired(const InodePtr& inode, const std::function<Status(FileContent&)>& change,
                         bool may_wait) REQUIRES(inode->object_mutex);
  Status write_directory(const std::string& path, Node node);
  /// Truncates the content, if the size is allowed.
  Status resize(FileContent& content, std::uint64_t size) const;

  // directories.cc
  /// Begins the directory's names as they are now: for opendir and rewinddir.
  void begin_names(OpenDirectory& directory, const std::string& path) REQUIRES(directory.mutex);
  bool visit_name(const InodePtr& parent, const std::string& path, const ListingCache::Item& item,
                  bool with_attributes, std::uint64_t next,
                  const std::function<bool(const DirEntry&)>& visit);

  // handles.cc
  /// Lookups by number alone, for file handles (NFS, open_by_handle_at): "." of an inode that the
  /// kernel may have forgotten, and "..".
  Result<Attr> lookup_number(InodeId ino);
  Result<Attr> lookup_above(InodeId ino);
  /// The inode of a forgotten number, found among the known names; null when they do not tell. Adds
  /// one to its count of lookups.
  InodePtr find_forgotten(InodeId ino);
  InodePtr reach(const std::string& path);

  // create.cc
  Result<CreateResult> create_new(InodeId parent, std::string_view name, mode_t mode, int flags,
                                  const Caller& caller);
  /// A free name, the directory that it is made in, and the attributes of the new file.
  struct NewEntry {
    Place place;
    PathLocks::Hold hold;  ///< of that name
    Node above;
    Stat stat;
    Xattrs xattrs = {};  ///< that it inherits
  };
  Result<NewEntry> new_entry(InodeId parent, std::string_view name, mode_t mode,
                             const Caller& caller);
  /// Stores a new object, only if there is none of its name.
  Result<Node> put_new(const Place& place, const Stat& stat,
                       const store::ObjectAttributes& attributes, std::string_view body);
  Result<Attr> make_object(const Place& place, std::string_view name, const Stat& stat,
                           const store::ObjectAttributes& attributes, std::string_view body);
  /// With exclusive=store, after a lock of another machine may have ended: what is known of the
  /// names in its directory may be older than what was changed under that lock.
  void forget_guarded(const std::string& directory);
  /// The default list of the directory above takes the place of the umask.
  void inherit_acl(NewEntry& entry, mode_t umask) const;

  // remove.cc
  /// Before the object at `path` is removed: fetches its bytes for open handles of the file, unless
  /// they are too many or the object is gone already.
  Status fetch_before_unlink(const InodePtr& inode, const std::string& path)
      REQUIRES(inode->object_mutex);
  /// After the object is gone: the inode has no name any more and lives for its open handles only.
  void orphan(const InodePtr& inode, const std::optional<Stat>& stat) REQUIRES(inode->object_mutex);
  /// The same for an inode without content.
  void detach(const InodePtr& inode, std::optional<Stat> stat);
  bool has_unstored_below(const InodePtr& directory);
  /// With exclusive=store, after a lock was removed: waits until other machines see that.
  void release_lock(const std::string& path, const store::Key& key);

  // rename.cc
  /// A rename whose names are resolved.
  struct Renaming {
    Place from;
    Place to;
    Node source;
    std::string_view name;
    std::string_view new_name;
    std::optional<Stat> replaced = {};
    bool into_copies = false;  // the target holds copies that an interrupted rename has left
    store::ETag replaced_version = {};
    bool no_replace = false;          // RENAME_NOREPLACE
    store::Condition condition = {};  // of the file under the new name
  };
  Result<Renaming> plan_rename(const HeldPlaces& held, std::string_view name,
                               std::string_view new_name, bool no_replace);
  /// What stands under the new name of a directory or file. ENOENT: nothing.
  Result<Node> node_at_target(const HeldPlaces& held, std::string_view new_name,
                              bool moves_directory);
  /// Whether a directory may be moved to the new name of `what`, where there is one already.
  Status check_target_directory(Renaming& what);
  /// With conflict=fail, where it is not known that the service obeys a condition on the
  /// destination of a COPY: ESTALE or EEXIST when another client's version is there.
  Status check_replaced(const CopyJob& job);
  Status renamed(Status result, const Renaming& what);
  Status rename_file(const Renaming& what);
  Status rename_inode(const InodePtr& inode, const Renaming& what);
  Status rename_over(const InodePtr& inode, const InodePtr& replaced, const Renaming& what)
      REQUIRES(inode->object_mutex, replaced->object_mutex);
  Status rename_locked(const InodePtr& inode, const Renaming& what) REQUIRES(inode->object_mutex);
  Status rename_held(const InodePtr& inode, const Renaming& what) REQUIRES(inode->object_mutex);
  Status rename_unstored(const InodePtr& inode, const Renaming& what) REQUIRES(inode->object_mutex);
  /// After the file has left its old name. `stays`: another client has stored an object there
  /// since.
  void note_left(const Renaming& what, bool stays);
  Status rename_directory(const Renaming& what);
  /// In the store. `marker`: attributes of the directory.
  Result<MovedTree> move_tree(const Renaming& what, const store::ObjectAttributes& marker);
  /// After the objects below a directory, which has its new name, were moved.
  void moved_below(const InodePtr& directory, const std::vector<MovedObject>& moved);
  Status store_files_below(const InodePtr& directory);
  /// Gives up an upload that was begun under the file's old name: it must begin anew under the new
  /// one, while all bytes are still here.
  void end_early_upload(Inode& inode) REQUIRES(inode.object_mutex);

  // parents.cc
  /// Tells that a name was made, removed or moved in this directory: its times change, in memory
  /// and, with update_parent_dir_stat, in the store.
  void contents_changed(const InodePtr& directory);
  Status store_contents_change(const InodePtr& directory, const std::string& path);
  /// Sets the times in `stat` to the last such change, which is returned: a caller that stores
  /// `stat` then calls directory_times_.stored().
  std::optional<WallTime> add_contents_change(const std::string& directory, Stat& stat);
  /// Sets the times, and the link count: 2 and one for each subdirectory if they are known, else 1.
  void show_contents(const InodePtr& directory, Attr& attr);

  // open.cc
  Result<std::shared_ptr<OpenFile>> find_file(HandleId handle);
  /// Adds a user to the inode's content, which is `fresh` if there is none yet. Must be paired with
  /// `release_content`, which drops the content with its last user unless it is unstored.
  void acquire_content(const InodePtr& inode, ContentPtr fresh, bool writer);
  /// The same, but only if there is content that is `wanted`.
  bool acquire_if(const InodePtr& inode, bool writer, bool (*wanted)(const FileContent&));
  /// The same for content that is unstored.
  bool acquire_unstored(const InodePtr& inode, bool writer);
  /// The same for content whose object we have removed or replaced, and whose bytes are here for
  /// its open handles.
  bool acquire_removed(const InodePtr& inode, bool writer);
  /// For open: acquires the store's version or the unstored content. Waits for a removal or
  /// replacement under way, so that no handle gets a file that is losing its bytes. Returns the
  /// path, empty for a file that has none any more and is opened through a descriptor
  /// (/proc/self/fd/N).
  Result<std::string> acquire_current(const InodePtr& inode, bool writable);
  /// A handle for a content that was acquired for it.
  HandleId add_handle(const InodePtr& inode, int flags, bool created);
  static store::ETag paged_version(Inode& inode);
  /// fresh_node for an open that reads: a small file that is not here yet is fetched by a GET
  /// instead of a HEAD.
  Result<Node> fresh_node_to_read(const InodePtr& inode, const std::string& path);
  /// The base version of a content that is stored and unchanged.
  static std::optional<store::ETag> clean_version(Inode& inode);
  Status truncate_opened(const InodePtr& inode, const Caller& caller);
  /// Removes the set-id bits that a write by this caller removes.
  void drop_set_ids(Inode& inode, const Caller& caller);
  static void drop_set_ids(FileContent& content, const Caller& caller);
  /// True for a new or emptied file that nothing has been written to: a flush now would store it
  /// empty.
  static bool is_still_empty(OpenFile& file);

  // follow.cc
  /// For a reader that may be at the end of a file that is open and unchanged here, and asks again:
  /// asks the store whether it has a longer version, and takes that. ESTALE when the reader is at
  /// the end of a version that the store does not have any more, nor a longer one that surely
  /// begins with it.
  Status follow(const InodePtr& inode, const AtEnd& at_end);
  enum class Successor { same, longer, other, unknown };
  /// The relation of the open version to `node`, which the store has at `path` now. A longer one
  /// becomes the open one.
  Successor take_successor(const InodePtr& inode, const std::string& path, const Node& node)
      REQUIRES(inode->object_mutex);
  /// For a name that leads to `node`, asked for while the inode's handles had the version `open`:
  /// true when they have another one by now, such as `node`, because a reader follows the file.
  bool follows_to(const InodePtr& inode, const std::string& path, const store::ETag& open,
                  const Node& node);

  // read.cc
  Result<ReadBytes> read_once(OpenFile& file, Range range, bool& moved);

  // write.cc
  /// EAGAIN unless `may_store`, when the file must be stored first: that needs its path, which is
  /// held before `object_mutex` is taken.
  Result<std::size_t> write_opened(const InodePtr& inode, std::uint64_t offset,
                                   std::span<const char> bytes, WriteOrigin origin, bool may_store);
  Status write_local(Inode& inode, std::uint64_t offset, std::span<const char> bytes, bool appends)
      REQUIRES(inode.object_mutex);
  /// When memory for unstored bytes is short: drops bytes of the file that the store has confirmed.
  void make_room(Inode& inode, std::uint64_t bytes) REQUIRES(inode.object_mutex);
  static bool lacks(Inode& inode, Range range);
  /// Before bytes are read or changed that were dropped because the store has them in an upload
  /// which is not complete: stores the file as it is, after which they are read from there.
  Status upload_to_read_back(const InodePtr& inode, Range range) REQUIRES(inode->object_mutex);
  /// When the disk is full: stores the file as it is now and gives up its local bytes, which are
  /// then read and copied from the store. False if that frees nothing.
  bool free_local(const InodePtr& inode) REQUIRES(inode->object_mutex);

  // close.cc
  void release_content(const InodePtr& inode, bool writer);
  /// Keeps the bytes of a file that was written and closed, for its next reader.
  void keep_bytes(const InodePtr& inode, const FileContent& closed);
  enum class OfClose { no, yes };  ///< whether what loses a race must be kept before it returns
  Status store_for(OpenFile& file, OfClose of_close = OfClose::no);
  /// Keeps the bytes of a file that has lost a race, and whose only user is the caller's.
  void keep_lost_race(const InodePtr& inode) REQUIRES(inode->object_mutex);
  /// After store_for(): waits for the service where the store acknowledges earlier.
  Status settle(OpenFile& file);

  // locks.cc
  using LeasePtr = std::shared_ptr<FileLease>;
  /// The lease of an inode that has been locked since it was opened; null for others.
  LeasePtr known_lease(Inode& inode);
  /// The same, which the inode of an open file gets if it has none.
  Result<LeasePtr> lease_of(const InodePtr& inode);
  /// EIO when the file's locks are lost.
  Status check_locks(Inode& inode);
  /// Before an exclusive lock ends: what was written under it, here and to other files, is to be in
  /// the service. The verdict is that of this file.
  Status store_and_settle(OpenFile& file);
  Status settle_all_before(OpenFile& file);
  /// At a close: `change` takes the locks that `ends` is true of.
  Status end_locks(OpenFile& file, const std::function<bool(const Lock&)>& ends,
                   const std::function<void(LockTable&)>& change);
  /// While a lock is taken: stores what this mount has written before, and makes the version that
  /// the store has now that of all handles of the file.
  Status take_newest(const InodePtr& inode);
  /// False when another process of this mount has written to it meanwhile.
  Result<bool> take_newest_once(const InodePtr& inode);
  Status store_before_lock(const InodePtr& inode);
  /// Whatever was known of the names beside a file that is being locked is not believed any more.
  void expire_beside(const InodePtr& inode, const LockCalls& calls);
  /// Asks the service itself what it has now.
  Result<Node> ask_store(const std::string& path);
  static void take_version(Inode& inode, const Node& node)
      REQUIRES(inode.object_mutex, inode.content_mutex);

  // snapshot.cc
  /// Writes the attributes of objects to the snapshot, for the next mount; does nothing while
  /// another thread does.
  void keep_attributes();
  /// The same from time to time, in the background, in case the mount is killed.
  void keep_attributes_sometimes();

  // refresh.cc
  /// The inode that has the path, if there is one.
  InodePtr inode_at(std::string_view path);
  /// Forgets the pages and attributes that the kernel has of an inode that is not open.
  static void refresh_inode(Inode& inode, Refreshed& done);

  // xattr.cc
  Result<Xattrs> xattrs_of(const InodePtr& inode);
  using ChangeXattrs = std::function<Status(Xattrs&, Stat&)>;
  Status change_xattrs(const InodePtr& inode, const ChangeXattrs& change);

  const Config config_;
  std::atomic<bool> read_only_{config_.read_only};
  const std::unique_ptr<HiddenLeases> hidden_leases_;            // with locks=bucket
  const std::unique_ptr<CompatDirectories> compat_directories_;  // with compat_dir
  store::ObjectStore& store_;
  Clock& clock_;
  const ContentTypes mime_;
  cache::BlockMemory memory_;  // memory of the two below
  cache::BlockCache blocks_;
  ReadAheadBudget read_ahead_;  // of the cache's memory; outlives the open files
  cache::WriteMemory write_memory_;
  const std::unique_ptr<cache::DiskBlocks> kept_;  // null without use_cache
  const cache::LocalSpace space_;
  std::atomic<unsigned> waiting_writers_ = 0;
  KnownTree known_;
  const AttributeSnapshot attribute_file_;
  std::atomic<bool> keeping_attributes_ = false;
  std::atomic<MonoTime> attributes_kept_;
  const Lister lister_;
  SystemRandom random_;
  const std::unique_ptr<BucketLocks> locks_;  // with locks=bucket; outlives the inodes
  Uploader uploader_;                         // outlives the uploads that unstored files have begun
  InodeTable inodes_;
  LostRaces lost_races_;
  DirectoryTimes directory_times_;
  bool closing_ = false;  // handles that were never released hold nothing any more
  HandleTable<OpenFile> files_;
  HandleTable<OpenDirectory> directories_;
  PathLocks paths_;
  BlockFetcher fetcher_;  // used by tasks of the pools, as the next two: the pools end first
  NodeFetcher nodes_;
  ListingFetcher listing_fetcher_;
  WalkWatch walks_;
  WorkerPool lookups_;  ///< second request of a lookup
  WorkerPool reads_;    ///< reads, and reads ahead
  WorkerPool pool_;     ///< parts, copies: long tasks, which must not delay the others
  Resolver resolver_;
};

}  // namespace pailfs::fs
