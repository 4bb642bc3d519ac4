// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/fs/activity.h"
#include "pailfs/fs/config.h"
#include "pailfs/fs/live_settings.h"
#include "pailfs/fs/lock.h"
#include "pailfs/fs/read_bytes.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::fs {

/// Number by which the kernel knows a file or directory, and programs as st_ino. It follows from
/// the file's key as long as no other living file has it, so that it is the same when the kernel
/// has forgotten the file, and in the next mount (fs/tree/inode_numbers.h).
using InodeId = std::uint64_t;
inline constexpr InodeId kRootInode = 1;
/// One open file or directory; never reused.
using HandleId = std::uint64_t;

/// A range of a file to allocate, in bytes.
struct Allocation {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool zero = false;   ///< bytes that are there become zeros
  bool grows = false;  ///< afterwards the file is at least `offset + size` bytes long
};

struct Attr {
  InodeId ino = 0;
  std::uint64_t generation = 0;  ///< another for each file that had this number before
  bool complete = true;          ///< false: only ino, type and size are; getattr tells the rest
  mode_t mode = 0;               ///< with type bits
  nlink_t nlink = 1;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  dev_t rdev = 0;
  WallTime atime{};
  WallTime mtime{};
  WallTime ctime{};
};

/// The process that asks.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  /// Supplementary groups; asks the kernel, so only while the call lasts. May be empty.
  std::function<bool(gid_t)> in_group = {};
  mode_t umask = 0;  ///< taken off the mode of a new file, unless its directory has a default
                     ///< access control list
};

struct SetAttr {
  std::optional<mode_t> mode;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<std::uint64_t> size;
  bool by_handle = false;  ///< ftruncate: the new size may wait for the handle's flush
  std::optional<WallTime> atime;
  std::optional<WallTime> mtime;
  Caller by;  ///< the process that changes; matters for `size`
};

struct DirEntry {
  std::string_view name;
  mode_t type = 0;           ///< S_IFMT bits; 0 when only a stat can tell
  InodeId ino = 0;           ///< 0 when the number is not known before a lookup
  std::uint64_t next = 0;    ///< offset from which readdir continues after this entry
  std::optional<Attr> attr;  ///< only when asked for and known without a request
};

struct OpenResult {
  HandleId handle = 0;
  bool keep_page_cache = false;  ///< the content is that of the last open
  /// The kernel has other attributes than the file that is now open: it must ask for them when it
  /// needs them.
  bool attributes_changed = false;
  /// The content as a local file, if there is one that stays unchanged while it is open. The inode
  /// must then not be served in any other way that could change it. Only with `has_whole_files`.
  UniqueFd whole = {};
};

/// How a write came to its offset, and the process that writes.
struct WriteOrigin {
  bool appends = false;  ///< O_APPEND: the offset is the end of the file as the kernel knows it
  bool direct = false;   ///< O_DIRECT: past the kernel's pages, and beside other pieces of one call
  /// The writing process, which decides whether set-id bits are removed. Null for pages of a
  /// mapping, which the kernel writes later and in no process's name.
  const Caller* by = nullptr;
};

struct CreateResult {
  Attr attr;
  HandleId handle = 0;
};

struct StatFs {
  std::uint64_t block_size = 0;
  std::uint64_t blocks = 0;
  std::uint64_t files = 0;
  std::uint64_t name_max = 0;
};

/// What FileSystem::refresh has come across.
struct Refreshed {
  std::size_t inodes = 0;  ///< that the kernel may know
  /// A file is open, so that its inode stays with its version: a name leads to another version only
  /// after a lookup.
  bool open_files = false;
};

enum class XattrMode { any, create, replace };

/// The POSIX verbs on inode numbers, as ordinary blocking functions; any thread may call any of
/// them. Knows neither the kernel nor HTTP. Permissions are the kernel's business
/// (default_permissions).
///
/// lookup, mknod, mkdir, symlink, create and readdir entries that carried `attr` add one to the
/// inode's lookup count; `forget` takes it back. Every handle is released exactly once.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// "." and ".." are for file handles: the first finds the file of a number that was forgotten, if
  /// the cached names tell it, else ESTALE.
  virtual Result<Attr> lookup(InodeId parent, std::string_view name) = 0;
  virtual void forget(InodeId ino, std::uint64_t count) = 0;
  /// Tells whether the process that asks reads the file with that st_ino and has come to its end,
  /// which is at `size`; nothing when that cannot be known. Must wait for nothing.
  using AtEnd = std::function<std::optional<bool>(InodeId ino, std::uint64_t size)>;
  /// Asked for a file again and again by a reader at its end, the answer follows the file: a longer
  /// version that begins with what was read takes the place of the one that is open, and ESTALE
  /// says that the store has another one or none.
  virtual Result<Attr> getattr(InodeId ino, const AtEnd& at_end) = 0;
  Result<Attr> getattr(InodeId ino) { return getattr(ino, {}); }
  /// All changes or none.
  virtual Result<Attr> setattr(InodeId ino, const SetAttr& change) = 0;
  virtual Result<std::string> readlink(InodeId ino) = 0;

  virtual Result<Attr> mknod(InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                             const Caller& caller) = 0;
  virtual Result<Attr> mkdir(InodeId parent, std::string_view name, mode_t mode,
                             const Caller& caller) = 0;
  virtual Result<Attr> symlink(std::string_view target, InodeId parent, std::string_view name,
                               const Caller& caller) = 0;
  virtual Status unlink(InodeId parent, std::string_view name) = 0;
  virtual Status rmdir(InodeId parent, std::string_view name) = 0;
  /// With `no_replace` an existing target is EEXIST.
  virtual Status rename(InodeId parent, std::string_view name, InodeId new_parent,
                        std::string_view new_name, bool no_replace) = 0;

  /// Opens may bring OpenResult::whole.
  [[nodiscard]] virtual bool has_whole_files() const { return false; }
  /// Access control lists are taken and given; the kernel must then check by them.
  [[nodiscard]] virtual bool obeys_acls() const { return false; }
  /// `flags` as open(2); O_CREAT and O_EXCL have been dealt with by the kernel. ESTALE when the
  /// name must be looked up once more, which the kernel does once by itself: it leads to another
  /// file or to none by now, or the kernel has another size than the file.
  virtual Result<OpenResult> open(InodeId ino, int flags, const Caller& caller) = 0;
  Result<OpenResult> open(InodeId ino, int flags) { return open(ino, flags, {}); }
  /// Sends nothing to the store: the file appears there at the first flush.
  virtual Result<CreateResult> create(InodeId parent, std::string_view name, mode_t mode, int flags,
                                      const Caller& caller) = 0;
  /// Short only at the end of the file.
  virtual Result<ReadBytes> read(HandleId handle, std::uint64_t offset, std::size_t size) = 0;
  /// With `origin.appends` the bytes go to the end of the version that the handle has, whatever
  /// `offset` is.
  virtual Result<std::size_t> write(HandleId handle, std::uint64_t offset,
                                    std::span<const char> bytes, WriteOrigin origin) = 0;
  Result<std::size_t> write(HandleId handle, std::uint64_t offset, std::span<const char> bytes) {
    return write(handle, offset, bytes, {});
  }
  /// As fallocate(2); room itself means nothing in a bucket.
  virtual Status allocate(HandleId handle, const Allocation& what, const Caller& caller) = 0;
  Status allocate(HandleId handle, const Allocation& what) { return allocate(handle, what, {}); }
  /// Tells of the file with that st_ino whether the process that closes a descriptor of it has
  /// another one open, so that another flush will come. Must wait for nothing.
  using AnotherClose = std::function<bool(std::uint64_t)>;
  /// Returns the store's verdict on everything written through any handle of the file. For a file
  /// that is new or was emptied, and that nothing has been written to, it asks
  /// `another_close_comes` (if set); if one comes, that one stores the file.
  virtual Status flush(HandleId handle, const AnotherClose& another_close_comes) = 0;
  Status flush(HandleId handle) { return flush(handle, {}); }
  virtual Status fsync(HandleId handle) = 0;
  virtual void release(HandleId handle) = 0;

  virtual Result<HandleId> opendir(InodeId ino) = 0;
  /// Calls `visit` for each entry from `offset` on (0: the start; "." and ".." first) until it
  /// returns false (the entry did not fit and is not counted) or the directory ends.
  virtual Status readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                         const std::function<bool(const DirEntry&)>& visit) = 0;
  virtual void releasedir(HandleId handle) = 0;

  virtual StatFs statfs() = 0;

  /// ENOTSUP unless use_xattr. `name` includes its namespace ("user.a"). An access list
  /// (system.posix_acl_access) changes the mode, and the mode changes it; checking permissions by
  /// it is the kernel's business.
  virtual Result<std::string> getxattr(InodeId ino, std::string_view name) = 0;
  virtual Result<std::vector<std::string>> listxattr(InodeId ino) = 0;
  virtual Status setxattr(InodeId ino, std::string_view name, std::string_view value,
                          XattrMode mode, const Caller& caller) = 0;
  virtual Status removexattr(InodeId ino, std::string_view name) = 0;

  /// Called with the number of each inode whose attributes the kernel must forget, with no lock
  /// held.
  using Forgets = std::function<void(InodeId)>;
  /// Forgets what is known of this path ("" for the root) and of all below it: attributes, names,
  /// absences, clean bytes, so that the next question goes to the store. What is not stored stays,
  /// and so does the version of a file that is open. Sends nothing.
  virtual Result<Refreshed> refresh(std::string_view path, const Forgets& forgets) = 0;
  virtual Result<Refreshed> refresh(InodeId ino, const Forgets& forgets) = 0;
  /// True when the path leads to something, stored or not. Asks the store unless that is known;
  /// that there is nothing is not remembered. The kernel hears nothing, and no inode is made.
  virtual Result<bool> is_there(std::string_view path) = 0;

  /// The verbs below are to be asked for advisory locks (locks=bucket), not the kernel.
  [[nodiscard]] virtual bool keeps_locks() const { return false; }
  /// What the verb asks of its caller; each may be null, and must wait for nothing.
  struct LockCalls {
    /// Asked at last before a lock is granted: false when its process does not wait any more. May
    /// make sure that it goes on waiting until the verb has returned.
    std::function<bool()> still_wanted;
    /// Told the number of each inode whose attributes the kernel must forget.
    std::function<void(InodeId)> forgets;
  };
  /// Sets a lock, after which the handle, and the names beside the file, show what the last holder
  /// has stored: the kernel must ask for the attributes of the file too. The owner of an flock(2)
  /// is the handle. EAGAIN when another process or machine excludes it: a caller that waits asks
  /// again later. A verb that ends an exclusive lock, as this one does when it makes it a shared
  /// one, stores the file first, and fails if that does.
  virtual Status lock(HandleId /*handle*/, const Lock& /*wanted*/, const LockCalls& /*calls*/) {
    return no_locks();
  }
  Status lock(HandleId handle, const Lock& wanted) { return lock(handle, wanted, {}); }
  virtual Status unlock(HandleId /*handle*/, const Lock& /*wanted*/) { return no_locks(); }
  /// A lock that excludes this one.
  virtual Result<std::optional<Lock>> find_lock(HandleId /*handle*/, const Lock& /*wanted*/) {
    return no_locks();
  }
  /// After a flush(): ends the record locks of an owner that closes a descriptor of the file.
  virtual Status end_locks(HandleId /*handle*/, std::uint64_t /*owner*/) { return {}; }
  /// At the end of the mount.
  virtual void give_locks_back() {}

  /// Stores every unstored file, e.g. when the mount ends, and lets the store settle; the error
  /// names the first file lost.
  virtual Status sync_all() = 0;

  /// From now on changes are refused with EROFS, or no longer. What is written already, and files
  /// that are open for writing, are not touched.
  virtual void set_read_only(bool read_only) = 0;
  /// Any thread.
  virtual void change(const LiveSettings& settings) = 0;

  /// Sends nothing and waits for no request.
  virtual Activity activity() = 0;

 private:
  static Error no_locks() { return {ENOSYS, "locks are the kernel's (locks=local)"}; }
};

/// The beginning of the list of all keys of the mount, in order, and when it was asked for.
struct FirstPage {
  store::ListPage page;
  MonoTime asked{};
};

/// `store` and `clock` must outlive the file system. The names and sizes in `first` are not asked
/// for again. With a `lease_store`, which then must too, advisory locks hold between machines
/// (locks=bucket): it is the service itself, also where `store` is a journal in front of it.
std::unique_ptr<FileSystem> make_file_system(const Config& config, store::ObjectStore& store,
                                             Clock& clock, const FirstPage& first = {},
                                             store::ObjectStore* lease_store = nullptr);

/// Whether the object `p` (without a slash) is a directory to this mount: by its type or its mode.
bool shows_as_directory(const store::ObjectInfo& info, const Config& config);

}  // namespace pailfs::fs
