// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "pailfs/store/refusal.h"
#include "pailfs/util/log.h"

#include "fs/read/upload_cache.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// True when no later attempt can succeed: the program got the error from close(), and the name
/// must show the store's object again. ESTALE, because the version that a file was opened with does
/// not come back.
bool is_lost_cause(const Error& error) {
  return error.err == ESTALE || error.err == EEXIST || store::is_final(error);
}

/// True when no flush can store it any more.
bool is_lost(const FileContent& content) {
  return content.must_be_stored() && content.failures() > 0 && !content.is_being_stored() &&
         (is_lost_cause(content.last_failure()) || content.is_lost());
}

}  // namespace

void PosixFileSystem::release_content(const InodePtr& inode, bool writer) {
  int unpins = 1;  // the pin of this user
  ContentPtr closed;
  bool lost_race = false;
  LostRaces::Bytes lost_bytes;
  {
    MutexLock lock(inode->content_mutex);
    FileContent& content = *inode->content;
    content.remove_user(writer);
    if (!content.has_users()) {
      // Bytes that were written under a lock which is lost must not be stored without it.
      const LeasePtr lease = std::exchange(inode->lease, nullptr);
      const bool lost_lock = lease && !lease->check();
      if (lease) lease->detach();
      const bool unstored = content.must_be_stored();
      const bool fails_under_it =
          lost_lock && unstored && content.failures() > 0 && !content.is_being_stored();
      const bool lost_cause = is_lost(content) || fails_under_it;
      const bool has_bytes = content.has_unstored_bytes() && content.stat().size > 0;
      lost_race = lost_cause && (LostRaces::is_one(content) || (fails_under_it && has_bytes));
      if (lost_cause && !lost_race) {
        log_critical("what was written is discarded, it can no longer be stored: " +
                     content.last_failure().text);
      }
      if (unstored && !lost_cause) {
        // The content stays, pinned once, until a later flush or the unmount stores it, or it is
        // removed.
        if (content.keep_unstored()) unpins = 0;
      } else {
        if (content.is_kept_unstored()) ++unpins;
        // The kernel has pages of the content that is given up.
        if (unstored) inode->paged_version = {};
        if (lost_race) lost_bytes = LostRaces::bytes_of(content);
        closed = std::move(inode->content);
      }
    }
  }
  const auto kept = closed ? closed->kept() : std::nullopt;
  if (lost_race && !(kept && kept->is_current)) {
    lost_races_.keep(inodes_.last_path(inode), lost_bytes);
  } else if (closed && !lost_race) {
    keep_bytes(inode, *closed);
  }
  if (kept && !(lost_race && kept->is_current)) lost_races_.forget(kept->path);
  closed = nullptr;  // an upload that it had begun is abandoned
  for (; unpins > 0; --unpins) inodes_.unpin(inode);
  uploader_.begin_sweep();
}

void PosixFileSystem::keep_bytes(const InodePtr& inode, const FileContent& closed) {
  {
    // An unlink that began before the last close may still be filling its local file.
    MutexLock lock(inode->content_mutex);
    if (!closed.is_copy_of_base()) return;
  }
  const auto path = inodes_.path(inode);
  if (!path) return;
  keep_written(
      fetcher_, {file_key(config_.prefix, *path), closed.base(), closed.base_size()},
      [&](std::uint64_t offset, std::span<char> out) { return closed.local()->read(offset, out); });
}

void PosixFileSystem::keep_lost_race(const InodePtr& inode) {
  LostRaces::Bytes bytes;
  std::optional<FileContent::Kept> before;
  {
    MutexLock lock(inode->content_mutex);
    const FileContent& content = *inode->content;
    before = content.kept();
    const bool lost = is_lost(content) && LostRaces::is_one(content) && content.has_one_user();
    if (!lost || (before && before->is_current)) return;
    bytes = LostRaces::bytes_of(content);
  }
  std::string kept = lost_races_.keep(inodes_.last_path(inode), bytes);
  if (before) lost_races_.forget(before->path);
  MutexLock lock(inode->content_mutex);
  inode->content->note_kept(std::move(kept));
}

Status PosixFileSystem::store_for(OpenFile& file, OfClose of_close) {
  const auto held = hold(file.inode);
  if (!held) return held.error();
  MutexLock changing(file.inode->object_mutex);
  const Status stored = uploader_.store(file.inode);
  if (of_close == OfClose::yes) keep_lost_race(file.inode);
  MutexLock lock(file.inode->content_mutex);
  const FileContent& content = *file.inode->content;
  // A failure of another handle's flush is reported by this handle too, once.
  const bool missed = stored && file.failures_heard != content.failures();
  file.failures_heard = content.failures();
  return missed ? Status(content.last_failure()) : stored;
}

Status PosixFileSystem::flush(HandleId handle, const AnotherClose& another_close_comes) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  // For "> f" a shell opens the file, makes it descriptor 1 and closes the first one, all before it
  // writes. That close does not end the writing; another close follows.
  const bool may_wait = another_close_comes && is_still_empty(**file);
  if (may_wait && another_close_comes((*file)->inode->id)) return {};
  return (*file)->writable || (*file)->created ? store_for(**file, OfClose::yes) : Status();
}

bool PosixFileSystem::is_still_empty(OpenFile& file) {
  if (!file.writable) return false;
  MutexLock lock(file.inode->content_mutex);
  const FileContent& content = *file.inode->content;
  // Not with an unreported failure, which this flush must report.
  const bool told = file.failures_heard == content.failures();
  return told && content.has_unstored_bytes() && content.stat().size == 0;
}

Status PosixFileSystem::fsync(HandleId handle) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  const Status stored = store_for(**file);
  return stored && config_.fsync_settles ? settle(**file) : stored;
}

Status PosixFileSystem::settle(OpenFile& file) {
  const auto path = inodes_.path(file.inode);
  if (!path) return {};
  const Status settled = store_.settle(file_key(config_.prefix, *path));
  if (settled) return settled;
  // Flushes of other handles were acknowledged too, so the failure is noted for all of them.
  MutexLock lock(file.inode->content_mutex);
  uploader_.note_failure(*file.inode->content, *path, settled.error());
  file.failures_heard = file.inode->content->failures();
  return settled;
}

void PosixFileSystem::release(HandleId handle) {
  const auto file = files_.take(handle);
  if (!file) return;
  // Pages written through a mapping can arrive after the last flush.
  if (file->writable || file->created) {
    const Status stored = store_for(*file);
    if (!stored) log_error(stored.error());
  }
  // Those of flock(2), and of open file descriptions; others ended with the flush.
  const Status ended = end_locks(
      *file, [&](const Lock& lock) { return lock.handle == handle; },
      [&](LockTable& table) { table.clear_handle(handle); });
  if (!ended) log_error(ended.error());
}

Status PosixFileSystem::sync_all() {
  Status first;
  for (const InodePtr& inode : inodes_.pinned()) {
    if (inode->directory) continue;
    const auto held = hold(inode);
    if (!held) {
      if (first) first = held.error();
      continue;
    }
    MutexLock changing(inode->object_mutex);
    const Status stored = uploader_.store(inode);
    if (!stored && first) first = stored;
    // No handle may be left whose release gives up what can no longer be stored.
    if (!stored && acquire_unstored(inode, false)) release_content(inode, false);
  }
  uploader_.sweep();
  keep_attributes();
  const Status settled = store_.settle({});
  return first ? settled : first;
}

}  // namespace pailfs::fs
