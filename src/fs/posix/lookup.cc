// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "fs/lock/file_lease.h"
#include "fs/tree/flat_listing.h"
#include "fs/tree/listed_node.h"
#include "lock_name.h"
#include "posix_file_system.h"
#include "wtf8_file_system.h"

namespace pailfs::fs {
namespace {

/// How long a program may work through a listing.
constexpr std::chrono::minutes kReading{10};
/// How often a look that met a rename is repeated.
constexpr int kMostRenames = 5;
constexpr std::size_t kParallelLookups = 64;
/// Reads of all open files together; one stream from a distant store alone uses up to sixteen.
constexpr std::size_t kParallelReads = 64;

std::unique_ptr<cache::DiskBlocks> kept_blocks(const Config& config) {
  if (config.kept_directory.empty()) return nullptr;
  return std::make_unique<cache::DiskBlocks>(cache::DiskBlocks::Config{
      .directory = config.kept_directory + "/blocks",
      .store = config.kept_store,
      .limit = config.kept_bytes,
      .room = config.disk,
  });
}

}  // namespace

PosixFileSystem::PosixFileSystem(const Config& config, store::ObjectStore& store, Clock& clock,
                                 store::ObjectStore* lease_store)
    : config_(config),
      hidden_leases_(lease_store != nullptr
                         ? std::make_unique<HiddenLeases>(store, lease_directory(config.prefix))
                         : nullptr),
      compat_directories_(config.compat_dir ? std::make_unique<CompatDirectories>(
                                                  hidden_leases_ ? *hidden_leases_ : store)
                                            : nullptr),
      store_(compat_directories_ ? *compat_directories_
             : hidden_leases_    ? *hidden_leases_
                                 : store),
      clock_(clock),
      mime_(ContentTypes::read(config.mime_types)),
      blocks_(memory_, config.memory_limit, clock),
      read_ahead_(config.memory_limit),
      write_memory_(memory_, config.memory_limit / 4 * 3),
      kept_(kept_blocks(config)),
      space_{config.temporary_directory, config.disk, &write_memory_},
      known_(config_, clock),
      attribute_file_(config.attribute_file),
      attributes_kept_(clock.now()),
      lister_(config_, store_, known_.listings, clock),
      locks_(lease_store != nullptr ? std::make_unique<BucketLocks>(*lease_store, clock, random_,
                                                                    config.prefix, config.lock_time)
                                    : nullptr),
      uploader_(config_, space_, store_, inodes_, known_.nodes, fetcher_, pool_, mime_, clock_),
      inodes_({.root = code_of_root(config_.prefix),
               .first_spare = InodeNumbers::first_spare_at(clock.wall())}),
      lost_races_(config.conflicts_directory, config.mountpoint, clock),
      fetcher_(store_, reads_, blocks_, kept_.get(), clock),
      nodes_(config_, store_, known_.nodes, known_.names, fetcher_, lookups_, clock),
      listing_fetcher_(lister_, known_.listings, lookups_, clock),
      walks_(known_.names, nodes_, listing_fetcher_, read_ahead_.small_files(), clock),
      lookups_(kParallelLookups),
      reads_(kParallelReads),
      pool_(config.parallel),
      resolver_(config_, store_, known_.nodes, known_.names, lookups_, clock, lister_, nodes_,
                walks_) {}

std::unique_ptr<FileSystem> make_file_system(const Config& config, store::ObjectStore& store,
                                             Clock& clock, const FirstPage& first,
                                             store::ObjectStore* lease_store) {
  auto files = std::make_unique<PosixFileSystem>(config, store, clock, lease_store);
  files->recall_attributes();
  files->begin_with(first);
  if (!config.use_wtf8) return files;
  return std::make_unique<Wtf8FileSystem>(std::move(files));
}

void PosixFileSystem::begin_with(const FirstPage& first) {
  if (first.asked == MonoTime{}) return;  // no listing was made before the mount
  if (config_.compat_dir) return;         // the page does not show old directories
  // The mounting user may wait for the mount and then write from elsewhere: names in the page are
  // believed, absences are not.
  store::ListPage page = first.page;
  if (hidden_leases_) hidden_leases_->strip(page);
  FlatListing(config_, known_.listings, "", false).add(page, first.asked);
}

Result<InodePtr> PosixFileSystem::find_inode(InodeId ino) {
  InodePtr inode = inodes_.find(ino);
  if (!inode) return Error{ESTALE, "unknown inode " + std::to_string(ino)};
  return inode;
}

Result<std::string> PosixFileSystem::path_of(const InodePtr& inode) {
  auto path = inodes_.path(inode);
  if (!path) return Error{ESTALE, "removed or replaced meanwhile"};
  return std::move(*path);
}

Result<PosixFileSystem::Place> PosixFileSystem::place_of(InodeId parent, std::string_view name) {
  auto inode = find_inode(parent);
  if (!inode) return inode.error();
  if (!(*inode)->directory) return Error{ENOTDIR, "not a directory"};
  if (!is_storable_name(name)) return Error{EINVAL, printable(name) + ": not a file name"};
  auto path = path_of(*inode);
  if (!path) return path.error();
  return Place{*inode, join_path(*path, name)};
}

std::optional<Node> PosixFileSystem::content_node(const InodePtr& inode) {
  MutexLock lock(inode->content_mutex);
  if (!inode->content) return std::nullopt;
  return inode->content->node();
}

Result<Node> PosixFileSystem::node_at(const Place& place, std::string_view name,
                                      const PathLocks::Hold* own) {
  const InodePtr inode = inodes_.child(place.parent, name);
  if (!inode || inode->directory) return resolve(place.path);
  if (const auto version = clean_version(*inode)) {
    // The file is open and unchanged here. If another client has changed it, the name leads to
    // another version, which must not share an inode (and so the kernel's pages) with the open one.
    auto node = resolve(place.path);
    const bool same = node && node->form == Form::file && node->info.etag == *version;
    const auto path = inodes_.path(inode);
    if (!same && (paths_.is_being_renamed(place.path, own) || (path && *path != place.path))) {
      return Error{EAGAIN, printable(place.path) + ": is being renamed"};
    }
    // If we have changed the file since we asked, the answer is out of date.
    const bool ours = !same && clean_version(*inode) != version;
    if (ours) known_.nodes.erase(place.path);
    const bool follows = !same && !ours && node &&
                         (follow(inode, *node) || follows_to(inode, place.path, *version, *node));
    if (!same && !ours && !follows) {
      // Bytes that come through handles open for appending alone will be a new file of the name.
      const bool gone = !node && node.error().err == ENOENT;
      if (node || (gone && !has_appenders_only(*inode))) inodes_.detach(inode);
      return node;
    }
  }
  auto node = content_node(inode);
  return node ? Result<Node>(std::move(*node)) : resolve(place.path);
}

bool PosixFileSystem::has_appenders_only(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  return inode.content && inode.content->has_writers() && !inode.content->has_bound_handles();
}

bool PosixFileSystem::follow(const InodePtr& inode, const Node& node) {
  if (node.form != Form::file || !S_ISREG(node.stat.mode)) return false;
  // A thread that holds it changes the file or stores it, and finds the other version itself.
  if (!inode->object_mutex.try_lock()) return false;
  const bool followed = follow_held(*inode, node);
  inode->object_mutex.unlock();
  return followed;
}

bool PosixFileSystem::follow_held(Inode& inode, const Node& node) {
  MutexLock lock(inode.content_mutex);
  if (!inode.content || inode.being_removed) return false;
  FileContent& content = *inode.content;
  const bool clean = content.is_stored() && !content.is_dirty() && !content.is_orphaned();
  if (!clean) return false;
  // A program that locks the file takes the version of the moment with each lock; one that has not
  // read anything may be about to lock it.
  const bool unread = locks_ && content.shown().ranges(content.stat().size).empty();
  const bool between_locks = inode.lease ? !inode.lease->holds_any() : unread;
  if (content.has_bound_handles() && !between_locks) return false;
  if (between_locks) content.take_version(node);
  if (!between_locks) content.follow(node);
  inode.paged_version = {};
  inode.kernel.misplaced();
  return true;
}

Result<Node> PosixFileSystem::node_of(const InodePtr& inode) {
  for (int tries = 0;; ++tries) {
    if (auto node = content_node(inode)) return std::move(*node);
    const auto path = path_of(inode);
    if (!path) {
      MutexLock lock(inode->content_mutex);
      if (!inode->removed) return path.error();
      Node gone;
      gone.stat = *inode->removed;
      return gone;
    }
    auto node = resolver_.resolve(*path);
    // If the inode was moved or removed meanwhile, the answer may be about another file of that
    // name.
    if (inodes_.path(inode) != *path && tries < kMostRenames) continue;
    if (node && is_directory(node->form) == inode->directory) {
      if (const Status same = check_type(inode, node->stat); !same) return same.error();
      return node;
    }
    if (!node && node.error().err != ENOENT) return node;
    const auto renamed = renamed_meanwhile(inode, *path);
    if (!renamed) return renamed.error();
    if (*renamed && tries < kMostRenames) continue;
    // ESTALE, not ENOENT: the kernel then looks the name up again, and O_CREAT makes the file.
    return Error{ESTALE,
                 printable(*path) + (node ? ": is something else now" : ": is there no more")};
  }
}

bool PosixFileSystem::is_fresh(const std::string& path) {
  const auto learnt = known_.nodes.learnt_at(path);
  return learnt && clock_.now() - *learnt < kFreshToOpen;
}

Result<Node> PosixFileSystem::fresh_node(const std::string& path) {
  return is_fresh(path) ? resolver_.resolve(path) : resolver_.ask(path);
}

bool PosixFileSystem::is_shared_lock(const std::string& path) const {
  return config_.exclusive_in_store && is_lock_name(last_name(path));
}

Result<Node> PosixFileSystem::resolve(const std::string& path) {
  if (!is_shared_lock(path) || is_fresh(path)) return resolver_.resolve(path);
  return resolver_.ask_lock(path);
}

Attr PosixFileSystem::shown(const InodePtr& inode, const Stat& stat) {
  Attr attr;
  attr.ino = inode->id;
  attr.generation = inode->generation;
  attr.mode = stat.mode;
  attr.uid = config_.uid.value_or(stat.uid);
  attr.gid = config_.gid.value_or(stat.gid);
  // mp_umask decides the root's mode even if its object has another.
  const bool root_by_option = config_.allow_other && config_.mount_umask.has_value();
  if (inode->id == kRootInode && root_by_option) attr.mode = root_mode(config_);
  if (config_.umask) attr.mode = (stat.mode & S_IFMT) | (0777 & ~*config_.umask);
  attr.nlink = inode->id != kRootInode && inodes_.is_detached(inode) ? 0 : 1;
  attr.size = stat.size;
  attr.rdev = stat.rdev;
  attr.atime = stat.atime;
  attr.mtime = stat.mtime;
  attr.ctime = stat.ctime;
  if (inode->directory && attr.nlink > 0) show_contents(inode, attr);
  return attr;
}

bool PosixFileSystem::is_too_long(std::string_view name) const {
  return (config_.use_wtf8 ? decode_wtf8(name).size() : name.size()) > kNameMax;
}

Status PosixFileSystem::check_spelling(std::string_view name) const {
  if (is_too_long(name)) {
    return Error{ENAMETOOLONG, printable(name) + ": longer than 255 bytes"};
  }
  for (std::string_view rest = name; !rest.empty();) {
    // A terminal would not show the controls U+0080 to U+009F; S3 takes them.
    const auto second = static_cast<unsigned char>(rest.size() > 1 ? rest[1] : 0);
    const bool control = rest[0] == '\xC2' && second >= 0x80 && second <= 0x9F;
    const std::size_t length = control ? 2 : utf8_length(rest);
    if (length == 0) {
      return Error{EINVAL, printable(name) + ": not UTF-8, as S3 wants its keys; see use_wtf8"};
    }
    rest.remove_prefix(length);
  }
  if (config_.compat_dir && is_folder_key(name)) {
    return Error{EINVAL, printable(name) + ": would be a directory (compat_dir)"};
  }
  return {};
}

Status PosixFileSystem::check_new_name(const Place& place, std::string_view name, bool directory) {
  if (read_only_) return Error{EROFS, "mounted read-only"};
  if (const Status spelling = check_spelling(name); !spelling) return spelling;
  // A directory's marker ends in one byte more.
  const std::size_t length = file_key(config_.prefix, place.path).size() + (directory ? 1 : 0);
  if (Status fits = store::check_length(length, place.path, store_.limits()); !fits) return fits;
  const auto there = node_at(place, name);
  if (there) return Error{EEXIST, printable(place.path) + ": exists"};
  if (there.error().err != ENOENT) return there.error();
  return {};
}

Result<Attr> PosixFileSystem::lookup(InodeId parent, std::string_view name) {
  if (name == ".") return lookup_number(parent);
  if (name == "..") return lookup_above(parent);
  for (int tries = 0;; ++tries) {
    const auto place = place_of(parent, name);
    if (!place) return place.error();
    const InodePtr seen = inodes_.child(place->parent, name);
    if (auto listed = listed_file(*place, seen)) {
      // Its type and size are certain; the kernel asks for the rest with getattr.
      if (const InodePtr inode = inodes_.reference_as_seen(place->parent, name, false, seen)) {
        Attr attr = told(inode, *listed);
        attr.complete = false;
        return attr;
      }
    }
    walks_.on_stat(place->path);
    if (const auto stat = listed_attributes(place->path, seen)) {
      const bool directory = S_ISDIR(stat->mode);
      if (const InodePtr inode = inodes_.reference_as_seen(place->parent, name, directory, seen))
        return told(inode, *stat);
    }
    const auto node = node_at(*place, name);
    if (node) {
      const InodePtr inode =
          inodes_.reference_as_seen(place->parent, name, is_directory(node->form), seen);
      if (inode) return told(inode, node->stat);
      if (tries < kMostRenames) continue;
      return Error{ESTALE, printable(place->path) + ": is being replaced"};
    }
    const int err = node.error().err;
    if (err != ENOENT && err != EAGAIN) return node.error();
    const auto renamed = renamed_meanwhile(*place, name);
    if (!renamed) return renamed.error();
    const InodePtr now = inodes_.child(place->parent, name);
    const bool has_come = now != nullptr && now != seen;
    if ((*renamed || has_come || err == EAGAIN) && tries < kMostRenames) continue;
    if (err == EAGAIN) return Error{ESTALE, node.error().text};
    if (is_too_long(name)) return Error{ENAMETOOLONG, "longer than 255 bytes"};
    return node.error();
  }
}

std::optional<Stat> PosixFileSystem::listed_file(const Place& place, const InodePtr& inode) {
  if (is_shared_lock(place.path)) return std::nullopt;
  const auto listed = known_.names.find_for_reader(place.path, kReading);
  if (!listed || listed_type(*listed) != S_IFREG || known_.nodes.find(place.path))
    return std::nullopt;
  if (inode) {
    MutexLock lock(inode->content_mutex);
    if (inode->directory || inode->content) return std::nullopt;
  }
  Stat stat;
  stat.mode = S_IFREG;
  stat.uid = config_.default_uid;
  stat.gid = config_.default_gid;
  stat.size = listed->size;
  stat.atime = stat.mtime = stat.ctime = listed->last_modified;
  return stat;
}

std::optional<Stat> PosixFileSystem::listed_attributes(const std::string& path,
                                                       const InodePtr& inode) {
  if (config_.attributes != AttributeSource::listing || path.empty()) return std::nullopt;
  if (is_shared_lock(path) || known_.nodes.find(path)) return std::nullopt;
  if (inode && content_node(inode)) return std::nullopt;
  const auto listed = resolver_.listed(path);
  // Another client may have made a directory where a file was: the store is asked.
  const bool differs = listed && inode && inode->directory == listed->file;
  if (!listed || differs) return std::nullopt;
  return listed_node(*listed, config_).stat;
}

void PosixFileSystem::forget(InodeId ino, std::uint64_t count) {
  if (const InodePtr inode = inodes_.find(ino)) {
    MutexLock lock(inode->content_mutex);
    inode->kernel.forgotten();
  }
  inodes_.forget(ino, count);
}

Result<Attr> PosixFileSystem::getattr(InodeId ino, const AtEnd& at_end) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (const Status followed = follow(*inode, at_end); !followed) return followed.error();
  return attr_of(*inode);
}

Result<Attr> PosixFileSystem::attr_of(const InodePtr& inode) {
  if (const auto path = inodes_.path(inode)) {
    walks_.on_stat(*path);
    if (const auto stat = listed_attributes(*path, inode)) return told(inode, *stat);
  }
  const auto node = node_of(inode);
  if (!node) return node.error();
  return told(inode, node->stat);
}

Result<std::string> PosixFileSystem::readlink(InodeId ino) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  const auto path = path_of(*inode);
  if (!path) return path.error();
  const auto node = node_of(*inode);
  if (!node) return node.error();
  if (!S_ISLNK(node->stat.mode)) return Error{EINVAL, printable(*path) + ": not a symbolic link"};

  struct Sink final : store::ByteSink {
    bool write(std::uint64_t, std::span<const char> bytes) override {
      target.append(bytes.data(), bytes.size());
      return true;
    }
    std::string target;
  } sink;
  if (node->info.size > 0) {
    store::GetRequest request;
    request.key = file_key(config_.prefix, *path);
    request.if_match = node->info.etag;
    // Longer ones are cut as s3fs cuts them.
    request.range = store::ByteRange{0, std::min(node->info.size, kLongestLink)};
    const auto info = store_.get(request, sink);
    if (!info) {
      if (info.error().err == ESTALE) known_.nodes.erase(*path);
      return info.error();
    }
  }
  // Some tools end the text with a line end. Blanks may be meant.
  std::string target = std::move(sink.target);
  while (target.ends_with('\n') || target.ends_with('\r')) target.pop_back();
  if (target.find('\0') != std::string::npos) {
    return Error{EIO, printable(*path) + ": link target contains a NUL byte"};
  }
  return target;
}

StatFs PosixFileSystem::statfs() {
  StatFs info;
  // s3fs's shape: blocks of 16 MiB, all of them free. Some installers refuse a file system that
  // claims to have no inodes, so there are plenty.
  info.block_size = 16U << 20U;
  info.blocks =
      config_.size_shown == 0 ? UINT32_MAX : std::max<std::uint64_t>(config_.size_shown >> 24U, 1);
  info.files = UINT32_MAX;
  info.name_max = kNameMax;
  return info;
}

}  // namespace pailfs::fs
