// SPDX-License-Identifier: Apache-2.0
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

}  // namespace

void PosixFileSystem::release_content(const InodePtr& inode, bool writer) {
  int unpins = 1;  // the pin of this user
  ContentPtr closed;
  bool lost_race = false;
  {
    MutexLock lock(inode->content_mutex);
    FileContent& content = *inode->content;
    content.remove_user(writer);
    if (!content.has_users()) {
      const bool unstored = content.must_be_stored();
      const bool lost_cause = content.failures() > 0 && !content.is_being_stored() &&
                              (is_lost_cause(content.last_failure()) || content.is_lost());
      lost_race = unstored && lost_cause && LostRaces::is_one(content);
      if (unstored && lost_cause && !lost_race) {
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
        closed = std::move(inode->content);
      }
    }
  }
  if (lost_race) {
    lost_races_.keep(inodes_.path(inode).value_or(inodes_.last_name(inode)), *closed);
  } else if (closed) {
    keep_bytes(inode, *closed);
  }
  closed = nullptr;  // an upload that it had begun is abandoned
  for (; unpins > 0; --unpins) inodes_.unpin(inode);
  uploader_.begin_sweep();
}

void PosixFileSystem::keep_bytes(const InodePtr& inode, const FileContent& closed) {
  if (!closed.is_copy_of_base()) return;
  const auto path = inodes_.path(inode);
  if (!path) return;
  keep_written(
      fetcher_, {file_key(config_.prefix, *path), closed.base(), closed.base_size()},
      [&](std::uint64_t offset, std::span<char> out) { return closed.local()->read(offset, out); });
}

Status PosixFileSystem::store_for(OpenFile& file) {
  const auto held = hold(file.inode);
  if (!held) return held.error();
  MutexLock changing(file.inode->object_mutex);
  const Status stored = uploader_.store(file.inode);
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
  return (*file)->writable || (*file)->created ? store_for(**file) : Status();
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
  if (!stored || !config_.fsync_settles) return stored;
  const auto path = inodes_.path((*file)->inode);
  if (!path) return stored;
  const Status settled = store_.settle(file_key(config_.prefix, *path));
  if (settled) return settled;
  // Flushes of other handles were acknowledged too, so the failure is noted for all of them.
  OpenFile& opened = **file;
  MutexLock lock(opened.inode->content_mutex);
  uploader_.note_failure(*opened.inode->content, *path, settled.error());
  opened.failures_heard = opened.inode->content->failures();
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
  }
  uploader_.sweep();
  keep_attributes();
  const Status settled = store_.settle({});
  return first ? settled : first;
}

}  // namespace pailfs::fs
