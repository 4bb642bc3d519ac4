// SPDX-License-Identifier: Apache-2.0
// Advisory locks between machines (locks=bucket). To lock is to acquire: the file's content becomes
// what the last holder has stored. To unlock what was locked exclusively is to release: what was
// written is stored before any other mount can have the lock.
#include <algorithm>
#include <utility>

#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/format/paths.h"
#include "fs/lock/bucket_locks.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Attempts to find the file without unstored bytes, which other processes of this mount may go on
/// writing.
constexpr int kMostTries = 5;
/// Names beside a locked file whose attributes the kernel is told to forget; it keeps those of
/// others for a second.
constexpr std::size_t kMostBeside = 1'000;

/// An exclusive lock of the same owner that a change in this range ends.
bool ends_exclusive(const std::vector<Lock>& locks, const Lock& change) {
  return std::any_of(locks.begin(), locks.end(), [&](const Lock& held) {
    return held.kind == change.kind && held.owner == change.owner &&
           held.type == LockType::exclusive && held.range.meets(change.range);
  });
}

/// A new file without bytes, which another client may have made meanwhile: it is the same file.
bool is_only_made(const FileContent& content) {
  return !content.is_stored() && content.stat().size == 0 && !content.hides_object() &&
         content.succession().appended_from() == 0U;
}

Lock as_owned(const Lock& lock, HandleId handle) {
  Lock owned = lock;
  owned.handle = handle;
  if (lock.kind == LockKind::whole) owned.owner = handle;
  return owned;
}

}  // namespace

PosixFileSystem::LeasePtr PosixFileSystem::known_lease(Inode& inode) {
  if (!locks_) return nullptr;
  MutexLock lock(inode.content_mutex);
  return inode.lease;
}

Status PosixFileSystem::check_locks(Inode& inode) {
  const LeasePtr lease = known_lease(inode);
  return lease ? lease->check() : Status();
}

Result<PosixFileSystem::LeasePtr> PosixFileSystem::lease_of(const InodePtr& inode) {
  if (LeasePtr known = known_lease(*inode)) return known;
  const auto path = inodes_.path(inode);
  LeasePtr lease = path ? locks_->of_file(*path) : locks_->of_removed_file();
  MutexLock lock(inode->content_mutex);
  if (!path && !inode->content->is_orphaned()) {
    return Error{ESTALE, "replaced or removed elsewhere while open: open it again to lock it"};
  }
  if (!inode->lease) {
    lease->attach();
    inode->lease = std::move(lease);
  }
  return inode->lease;
}

Status PosixFileSystem::lock(HandleId handle, const Lock& wanted, const LockCalls& calls) {
  if (!locks_) return Error{ENOSYS, "locks are the kernel's (locks=local)"};
  const auto file = find_file(handle);
  if (!file) return file.error();
  const InodePtr& inode = (*file)->inode;
  const auto lease = lease_of(inode);
  if (!lease) return lease.error();
  const Lock lock = as_owned(wanted, handle);
  if (lock.type == LockType::shared && ends_exclusive((*lease)->locks(), lock)) {
    if (const Status stored = store_and_settle(**file); !stored) return stored;
  }
  const auto acquired = [&] {
    Status newest = take_newest(inode);
    if (newest) expire_beside(inode, calls);
    return newest;
  };
  return (*lease)->take(lock, acquired, calls.still_wanted);
}

void PosixFileSystem::expire_beside(const InodePtr& inode, const LockCalls& calls) {
  const auto path = inodes_.path(inode);
  if (!path) return;
  const std::string directory = parent_path(*path);
  known_.nodes.refresh_names(directory);
  const InodePtr above = inode_at(directory);
  if (!above || !calls.forgets) return;
  for (const auto& [name, beside] : inodes_.children(above, "", kMostBeside)) {
    {
      MutexLock lock(beside->content_mutex);
      if (!beside->content) beside->kernel.forgotten();
    }
    calls.forgets(beside->id);
  }
}

Status PosixFileSystem::unlock(HandleId handle, const Lock& wanted) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  const LeasePtr lease = known_lease(*(*file)->inode);
  if (!lease) return {};
  const Lock lock = as_owned(wanted, handle);
  if (const Status held = lease->check(); !held) return held;
  if (ends_exclusive(lease->locks(), lock)) {
    // The lock stays until the file is closed: what it guards is not stored.
    if (const Status stored = store_and_settle(**file); !stored) return stored;
  }
  return lease->give_back([&](LockTable& table) { table.clear(lock); });
}

Result<std::optional<Lock>> PosixFileSystem::find_lock(HandleId handle, const Lock& wanted) {
  if (!locks_) return Error{ENOSYS, "locks are the kernel's (locks=local)"};
  const auto file = find_file(handle);
  if (!file) return file.error();
  const auto lease = lease_of((*file)->inode);
  if (!lease) return lease.error();
  return (*lease)->find_conflict(as_owned(wanted, handle));
}

Status PosixFileSystem::end_locks(HandleId handle, std::uint64_t owner) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  const auto is_his = [&](const Lock& lock) {
    return lock.kind == LockKind::record && lock.owner == owner;
  };
  return end_locks(**file, is_his, [&](LockTable& table) { table.clear_owner(owner); });
}

Status PosixFileSystem::end_locks(OpenFile& file, const std::function<bool(const Lock&)>& ends,
                                  const std::function<void(LockTable&)>& change) {
  const LeasePtr lease = known_lease(*file.inode);
  if (!lease) return {};
  const std::vector<Lock> locks = lease->locks();
  if (std::none_of(locks.begin(), locks.end(), ends)) return {};
  const bool exclusive = std::any_of(locks.begin(), locks.end(), [&](const Lock& lock) {
    return ends(lock) && lock.type == LockType::exclusive;
  });
  // A close has stored the file, as far as it can be; the lock goes in any case.
  Status settled = exclusive ? settle_all_before(file) : Status();
  static_cast<void>(lease->give_back(change));
  return settled;
}

void PosixFileSystem::give_locks_back() {
  if (locks_) locks_->give_all_back();
}

Status PosixFileSystem::store_and_settle(OpenFile& file) {
  const Status stored = store_for(file);
  return stored ? settle_all_before(file) : stored;
}

Status PosixFileSystem::settle_all_before(OpenFile& file) {
  const Status settled = settle(file);
  if (!settled) return settled;
  // A lock file guards others: their changes are not to be seen later than the unlock.
  const Status others = store_.settle_below(config_.prefix);
  if (!others) log_warning("unlocked before all is stored: " + others.error().text);
  return {};
}

Status PosixFileSystem::take_newest(const InodePtr& inode) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    const auto done = take_newest_once(inode);
    if (!done) return done.error();
    if (*done) return {};
  }
  return Error{EAGAIN, "other processes of this mount write the file that is to be locked"};
}

Result<bool> PosixFileSystem::take_newest_once(const InodePtr& inode) {
  if (const Status stored = store_before_lock(inode); !stored) return stored.error();
  const auto held = hold(inode);
  if (!held) return held.error();
  MutexLock changing(inode->object_mutex);
  if (const Status wanted = still_wanted(); !wanted) return wanted.error();
  const auto path = inodes_.path(inode);
  if (!path) return true;
  const auto node = ask_store(*path);
  if (!node && node.error().err != ENOENT) return node.error();
  MutexLock lock(inode->content_mutex);
  FileContent& content = *inode->content;
  const bool made = is_only_made(content);
  if (!node && made) {
    lock.unlock();
    const Status stored = uploader_.store(inode);
    return stored ? Result<bool>(false) : stored.error();
  }
  if (content.is_dirty() && !made) return false;
  if (!node) {
    // Removed elsewhere: as after an unlink here, the handles keep what they have.
    lock.unlock();
    inodes_.detach(inode);
    return true;
  }
  if (node->form != Form::file) {
    return Error{ESTALE, printable(*path) + ": is a directory now"};
  }
  if (made || content.base() != node->info.etag) take_version(*inode, *node);
  content.shown().confirm(clock_.now());
  content.guard();
  return true;
}

void PosixFileSystem::take_version(Inode& inode, const Node& node) {
  const Stat before = inode.content->stat();
  inode.content->take_version(node);
  const Stat& now = inode.content->stat();
  inode.paged_version = {};
  inode.kernel.misplaced();
  inode.has_older_pages = before.size == now.size && before.mtime == now.mtime;
}

Result<Node> PosixFileSystem::ask_store(const std::string& path) {
  // Neither an answer to a question that was sent before the lock was ours, nor the journal's word
  // that it has stored this file a moment ago.
  const store::Key key = file_key(config_.prefix, path);
  store_.refresh(config_.prefix);
  const MonoTime asked = clock_.now();
  const auto info = store_.head(key);
  if (!info) return info.error();
  Node node = decode(*info, false, config_);
  known_.nodes.learn(path, node, asked);
  return node;
}

Status PosixFileSystem::store_before_lock(const InodePtr& inode) {
  bool wrote = false;
  {
    const auto held = hold(inode);
    if (!held) return held.error();
    MutexLock changing(inode->object_mutex);
    {
      MutexLock lock(inode->content_mutex);
      wrote = inode->content->is_dirty() && !is_only_made(*inode->content);
    }
    if (wrote) {
      if (const Status stored = uploader_.store(inode); !stored) return stored;
    }
  }
  const auto path = inodes_.path(inode);
  if (!path) return {};
  const Status settled = store_.settle(file_key(config_.prefix, *path));
  const bool raced = !settled && (settled.error().err == ESTALE || settled.error().err == EEXIST);
  // An earlier close has lost a race, which the journal has told: nothing of it waits any more.
  return raced && !wrote ? Status() : settled;
}

}  // namespace pailfs::fs
