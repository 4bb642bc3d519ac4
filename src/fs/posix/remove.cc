// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// An unlinked file that is still open must stay readable, so its bytes are fetched before its
/// object is deleted. Not for larger files, for which unlink would take too long.
constexpr std::uint64_t kRescueLimit = 1ULL << 30U;

/// How old a listing may be that shows a directory to be empty: as any absence. It may be older for
/// a program that has removed the names it lists, as rm -r does. What other clients have put there
/// since stays all the same, and the directory shows again because of it: rmdir deletes nothing but
/// the directory's own object.
constexpr ListedNames::Ages kEmptiness{std::chrono::seconds{1}, std::chrono::seconds{60}};

}  // namespace

Status PosixFileSystem::fetch_before_unlink(const InodePtr& inode, const std::string& path) {
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->has_users()) return {};
  }
  if (const Status whole = upload_to_read_back(inode, {0, UINT64_MAX}); !whole) {
    // Some bytes of a file that cannot be stored are in an unfinished upload only, where no handle
    // can read them.
    log_error(whole.error().with("removed while open: its bytes are lost to its readers"));
    return {};
  }
  std::vector<Range> missing;
  store::ETag version;
  // A reference of our own: the last handle may be closed while the bytes are still being fetched.
  std::shared_ptr<cache::BlockFile> local;
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->has_users()) return {};
    FileContent& content = *inode->content;
    version = content.base();
    missing = content.only_in_base({0, UINT64_MAX});
    if (missing.empty()) return {};
    std::uint64_t bytes = 0;
    for (const Range& range : missing) bytes += range.size();
    if (bytes > kRescueLimit) {
      log_warning(printable(path) + ": removed while open and too large to keep for its readers");
      return {};
    }
    local = content.make_local(space_);
  }
  const Status fetched = fetch_into(store_, pool_, config_.parallel, file_key(config_.prefix, path),
                                    version, missing, *local, inode->content_mutex);
  // Changed or removed elsewhere since it was opened: its bytes are gone either way.
  const bool gone = !fetched && (fetched.error().err == ESTALE || fetched.error().err == ENOENT);
  return gone ? Status() : fetched;
}

void PosixFileSystem::detach(const InodePtr& inode, std::optional<Stat> stat) {
  if (stat) stat->ctime = clock_.wall();
  {
    MutexLock lock(inode->content_mutex);
    inode->removed = stat ? std::make_unique<Stat>(*stat) : nullptr;
  }
  inodes_.detach(inode);
}

void PosixFileSystem::orphan(const InodePtr& inode, const std::optional<Stat>& stat) {
  bool unpin = false;
  {
    MutexLock lock(inode->content_mutex);
    if (inode->content) {
      FileContent& content = *inode->content;
      content.orphan(clock_.wall());
      if (!content.has_users()) {
        unpin = content.is_kept_unstored();
        inode->content = nullptr;
      }
    }
  }
  detach(inode, stat);
  if (unpin) inodes_.unpin(inode);
  uploader_.begin_sweep();
}

void PosixFileSystem::release_lock(const std::string& path, const store::Key& key) {
  if (!is_shared_lock(path)) return;
  const Status settled = store_.settle(key);
  // It is acknowledged and will be made, after all that was acknowledged before.
  if (!settled) log_warning(printable(path) + ": is released later: " + settled.error().text);
}

Status PosixFileSystem::unlink(InodeId parent, std::string_view name) {
  if (read_only_) return Error{EROFS, "mounted read-only"};
  const auto held = hold_place(parent, name);
  if (!held) return held.error();
  const Place& place = held->place;
  std::optional<Stat> stat;  // a file of unknown attributes that is open has them in its content
  store::Removal removal(file_key(config_.prefix, place.path));
  if (!listed_file(place, inodes_.child(place.parent, name))) {
    const auto node = node_at(place, name);
    if (!node) return node.error();
    stat = node->stat;
    removal.seen = seen_version(node->info);
    if (is_directory(node->form)) return Error{EISDIR, printable(place.path) + ": is a directory"};
  }

  const InodePtr inode = inodes_.reference(place.parent, name, false, 0);
  MutexLock changing(inode->object_mutex);
  const BeingRemoved being_removed(*inode);
  if (const Status kept = fetch_before_unlink(inode, place.path); !kept) return kept;
  bool only_here = false;
  {
    MutexLock lock(inode->content_mutex);
    only_here = inode->content && !inode->content->is_stored() && !inode->content->hides_object();
    // Its attributes here may be none that the store has had.
    if (inode->content && inode->content->is_dirty()) removal.seen.reset();
  }
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  if (!only_here) {
    const Status removed = store_.remove(removal);
    if (!removed && removed.error().in_doubt) known_.nodes.doubted(place.path);
    if (!removed) return removed;
    release_lock(place.path, removal.key);
  }
  known_.nodes.removed_file(place.path);
  orphan(inode, stat);
  contents_changed(place.parent);
  return {};
}

bool PosixFileSystem::has_unstored_below(const InodePtr& directory) {
  for (const InodePtr& inode : inodes_.pinned_files_below(directory)) {
    MutexLock lock(inode->content_mutex);
    if (inode->content && !inode->content->is_stored()) return true;
  }
  return false;
}

Status PosixFileSystem::rmdir(InodeId parent, std::string_view name) {
  if (read_only_) return Error{EROFS, "mounted read-only"};
  const auto held = hold_place(parent, name);
  if (!held) return held.error();
  const Place& place = held->place;
  const auto node = node_at(place, name);
  if (!node) return node.error();
  if (!is_directory(node->form)) return Error{ENOTDIR, printable(place.path) + ": not a directory"};

  const InodePtr inode = inodes_.reference(place.parent, name, true, 0);
  const auto empty = resolver_.is_empty_directory(place.path, kEmptiness);
  if (!empty) return empty.error();
  if (!*empty || has_unstored_below(inode)) {
    return Error{ENOTEMPTY, printable(place.path) + ": not empty"};
  }
  if (node->form != Form::implicit_directory && node->info.size > 0) {
    return Error{ENOTEMPTY, printable(place.path) + ": its object holds bytes"};
  }
  store::Removal removal(node->form == Form::directory_object
                             ? file_key(config_.prefix, place.path)
                             : directory_key(config_.prefix, place.path));
  if (node->form != Form::implicit_directory) removal.seen = seen_version(node->info);
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  // A directory without an object of its own vanished with the last name in it.
  const bool has_object =
      node->form != Form::implicit_directory || known_.names.marker(place.path) != Presence::absent;
  if (has_object) {
    const Status removed = store_.remove(removal);
    if (!removed && removed.error().in_doubt) known_.nodes.doubted(place.path);
    if (!removed) return removed;
    release_lock(place.path, removal.key);
  }
  if (compat_directories_ && node->form != Form::directory_object) {
    const Status removed =
        compat_directories_->remove_remains(directory_key(config_.prefix, place.path));
    if (!removed) return removed;
  }
  known_.nodes.removed(place.path);
  directory_times_.forget(place.path);
  detach(inode, node->stat);
  contents_changed(place.parent);
  return {};
}

}  // namespace pailfs::fs
