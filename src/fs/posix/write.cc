// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"

#include "fs/write/upload_plan.h"
#include "posix_file_system.h"
#include "set_ids.h"

namespace pailfs::fs {
namespace {

/// Most writers that wait at a time until the store has taken bytes out of memory.
constexpr unsigned kMostWaitingWriters = 16;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

Result<std::size_t> PosixFileSystem::write(HandleId handle, std::uint64_t offset,
                                           std::span<const char> bytes, WriteOrigin origin) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  if (!(*file)->writable) return Error{EBADF, "not open for writing"};
  const InodePtr& inode = (*file)->inode;
  if (const Status held = check_locks(*inode); !held) return held.error();
  if (origin.by != nullptr) drop_set_ids(*inode, *origin.by);
  auto written = write_opened(inode, offset, bytes, origin, false);
  if (!written && written.error().err == EAGAIN) {
    const auto held = hold(inode);
    if (!held) return held.error();
    written = write_opened(inode, offset, bytes, origin, true);
  }
  return written;
}

Result<std::size_t> PosixFileSystem::write_opened(const InodePtr& inode, std::uint64_t offset,
                                                  std::span<const char> bytes, WriteOrigin origin,
                                                  bool may_store) {
  MutexLock changing(inode->object_mutex);
  make_room(*inode, bytes.size());
  const std::uint64_t at = place_of(*inode, offset, origin);
  const Range range{at, at + bytes.size()};
  const auto wants_to_store = [] { return Error{EAGAIN, "the file must be stored first"}; };
  if (!may_store && lacks(*inode, range)) return wants_to_store();
  const Status whole = upload_to_read_back(inode, range);
  if (!whole) return whole.error();
  if (const Status wanted = still_wanted(); !wanted) return wanted.error();
  Status written = write_local(*inode, at, bytes, origin.appends);
  if (!written && written.error().err == ENOSPC) {
    if (!may_store) return wants_to_store();
    if (free_local(inode)) written = write_local(*inode, at, bytes, origin.appends);
  }
  if (!written) return written.error();
  wrote(*inode, {offset, offset + bytes.size()}, at, origin);
  bool begin = false;
  {
    MutexLock lock(inode->content_mutex);
    begin = uploader_.worth_beginning(*inode->content);
  }
  if (!begin) return bytes.size();
  // Not while the file or a directory above it is being renamed: the upload would go to the old
  // name.
  const auto path = inodes_.path(inode);
  std::optional<PathLocks::Hold> held;
  if (!may_store && path) held = paths_.try_change(*path);
  if (may_store || (held && inodes_.path(inode) == path)) uploader_.begin_early(inode);
  return bytes.size();
}

void PosixFileSystem::drop_set_ids(Inode& inode, const Caller& caller) {
  if (caller.uid == 0) return;
  {
    MutexLock lock(inode.content_mutex);
    if ((inode.content->stat().mode & (S_ISUID | S_ISGID)) == 0) return;
  }
  MutexLock changing(inode.object_mutex);
  MutexLock lock(inode.content_mutex);
  drop_set_ids(*inode.content, caller);
}

void PosixFileSystem::drop_set_ids(FileContent& content, const Caller& caller) {
  const Stat& stat = content.stat();
  const mode_t mode = mode_after_write(stat.mode, stat.gid, caller);
  if (mode != stat.mode) content.change_mode(mode);
}

void PosixFileSystem::make_room(Inode& inode, std::uint64_t bytes) {
  if (write_memory_.has_room(bytes)) return;
  std::shared_ptr<PartStream> stream;
  {
    MutexLock lock(inode.content_mutex);
    stream = inode.content->stream();
  }
  if (!stream) return;
  // Beyond this number bytes go to the disk instead, so that other requests find a thread.
  const bool may_wait = waiting_writers_.fetch_add(1) < kMostWaitingWriters;
  stream->make_room(may_wait ? kPatience : std::chrono::milliseconds::zero());
  --waiting_writers_;
}

bool PosixFileSystem::lacks(Inode& inode, Range range) {
  MutexLock lock(inode.content_mutex);
  return inode.content && inode.content->lacks(range);
}

Status PosixFileSystem::upload_to_read_back(const InodePtr& inode, Range range) {
  return lacks(*inode, range) ? uploader_.store(inode) : Status();
}

Status PosixFileSystem::write_local(Inode& inode, std::uint64_t offset, std::span<const char> bytes,
                                    bool appends) {
  const Range range{offset, offset + bytes.size()};
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  const std::uint64_t size = content.stat().size;
  if (range.end > size) {
    const std::uint64_t hole_end = range.begin > size ? range.begin : 0;
    if (Status possible = check_growth(content, range.end, hole_end); !possible) return possible;
  }
  return content.write(offset, bytes, space_, clock_.wall(), appends);
}

bool PosixFileSystem::free_local(const InodePtr& inode) {
  {
    MutexLock lock(inode->content_mutex);
    const FileContent& content = *inode->content;
    // Too few bytes to be worth storing an incomplete file.
    const std::uint64_t part = store_.limits().smallest_part;
    if (!content.local() || content.local()->present().total() < part) return false;
  }
  const Status stored = uploader_.store(inode);
  if (!stored) {
    log_error(stored.error());
    return false;
  }
  MutexLock lock(inode->content_mutex);
  return inode->content->give_up_local();
}

}  // namespace pailfs::fs
