// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/upload_cache.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Writers that wait for the store to take what memory holds.
constexpr unsigned kMostWaitingWriters = 16;
constexpr std::chrono::seconds kPatience{10};
/// How often a version of our own may come between an open and its question.
constexpr int kMostTries = 5;

/// The kernel has found the name before it opened it, so it finds out that there is none by looking
/// again: only then may it make a new file of that name.
Error not_there_any_more(Error error) {
  if (error.err == ENOENT) error.err = ESTALE;
  return error;
}

/// Refusals that no later attempt will turn into success: the application was told by close(), and
/// the name must show again what the store has. Keys that were refused may yet be replaced.
bool is_final(const Error& error) {
  switch (error.err) {
    case EPERM:
    case EACCES:
      return error.s3_code == "AccessDenied";
    case EFBIG:
    case ENAMETOOLONG:
    case ESTALE:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::shared_ptr<OpenFile>> PosixFileSystem::find_file(HandleId handle) {
  auto file = files_.find(handle);
  if (!file) return Error{EBADF, "unknown file handle"};
  return file;
}

void PosixFileSystem::acquire_content(const InodePtr& inode, ContentPtr fresh, bool writer) {
  inodes_.pin(inode);
  MutexLock lock(inode->content_mutex);
  if (!inode->content) inode->content = std::move(fresh);
  inode->content->add_user(writer);
}

bool PosixFileSystem::acquire_if(const InodePtr& inode, bool writer,
                                 bool (*wanted)(const FileContent&)) {
  inodes_.pin(inode);
  {
    MutexLock lock(inode->content_mutex);
    if (inode->content && wanted(*inode->content)) {
      inode->content->add_user(writer);
      return true;
    }
  }
  inodes_.unpin(inode);
  return false;
}

bool PosixFileSystem::acquire_unstored(const InodePtr& inode, bool writer) {
  return acquire_if(inode, writer, [](const FileContent& content) {
    return content.is_dirty() || !content.is_stored();
  });
}

bool PosixFileSystem::acquire_removed(const InodePtr& inode, bool writer) {
  return acquire_if(inode, writer, [](const FileContent& content) {
    return content.is_orphaned() && !content.is_stored();
  });
}

void PosixFileSystem::release_content(const InodePtr& inode, bool writer) {
  int unpins = 1;  // the user's own
  ContentPtr closed;
  {
    MutexLock lock(inode->content_mutex);
    FileContent& content = *inode->content;
    content.remove_user(writer);
    if (!content.has_users()) {
      const bool unstored = content.must_be_stored();
      const bool lost_cause = content.failures() > 0 && !content.is_being_stored() &&
                              (is_final(content.last_failure()) || content.is_lost());
      if (unstored && lost_cause) {
        log_critical("what was written is discarded, it can no longer be stored: " +
                     content.last_failure().text);
      }
      if (unstored && !lost_cause) {
        // Stays, pinned once, until a later flush or the unmount stores it, or it is removed.
        if (content.keep_unstored()) unpins = 0;
      } else {
        if (content.is_kept_unstored()) ++unpins;
        // The kernel has pages of what is given up.
        if (unstored) inode->paged_version = {};
        closed = std::move(inode->content);
      }
    }
  }
  if (closed) keep_bytes(inode, *closed);
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

HandleId PosixFileSystem::add_handle(const InodePtr& inode, bool writable, bool created) {
  auto file = std::make_shared<OpenFile>(inode, writable, fetcher_, clock_);
  file->created = created;
  {
    MutexLock lock(file->inode->content_mutex);
    file->failures_heard = file->inode->content->failures();
  }
  return files_.add(std::move(file));
}

store::ETag PosixFileSystem::paged_version(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  return inode.paged_version;
}

Result<Node> PosixFileSystem::fresh_node_to_read(const InodePtr& inode, const std::string& path) {
  nodes_.opened(path);
  const auto known = is_fresh(path) ? std::nullopt : known_.find(path);
  const bool small = known && known->form == Form::file && known->info.size > 0 &&
                     known->info.size <= kSmallObject;
  // The kernel is likely to have the bytes that somebody has read.
  if (!small || paged_version(*inode) == known->info.etag) return fresh_node(path);
  auto node = nodes_.fetch_to_read(path, *known);
  return node ? node : fresh_node(path);
}

Result<std::string> PosixFileSystem::acquire_current(const InodePtr& inode, bool writable) {
  for (int tries = 0;; ++tries) {
    auto path = path_of(inode);
    if (!path) return acquire_removed(inode, writable) ? Result(std::string()) : path;
    if (!acquire_unstored(inode, writable)) {
      const auto before = clean_version(*inode);
      // Again: the answer before was older than what we have done since.
      const auto node = tries > 0  ? resolver_.ask(*path)
                        : writable ? fresh_node(*path)
                                   : fresh_node_to_read(inode, *path);
      const bool is_file = node && node->form == Form::file;
      const bool gone = node ? !is_file : node.error().err == ENOENT;
      if (gone && tries < kMostTries) {
        const auto renamed = renamed_meanwhile(inode, *path);
        if (!renamed) return renamed.error();
        if (*renamed) continue;
      }
      if (!node) return not_there_any_more(node.error());
      if (!is_file) return Error{ESTALE, printable(*path) + ": is a directory now"};
      acquire_content(inode, FileContent::of_stored(*node), writable);
      auto now = clean_version(*inode);
      if (now && *now != node->info.etag) {
        release_content(inode, writable);
        const auto renamed = renamed_meanwhile(inode, *path);
        if (!renamed) return renamed.error();
        if (*renamed && tries < kMostTries) continue;
        now = clean_version(*inode);
        // What we have stored or opened ourselves since we asked is no other's version.
        if (now != before && tries < kMostTries) continue;
        // Handles of the old version stay with it; the kernel looks the name up again and gets an
        // inode of its own for the new one.
        inodes_.detach(inode);
        return Error{ESTALE, printable(*path) + ": changed while open"};
      }
    }
    const auto path_now = inodes_.path(inode);
    bool stays = path_now.has_value();
    {
      MutexLock lock(inode->content_mutex);
      stays = stays && !inode->being_removed && !inode->content->is_orphaned();
    }
    if (stays && path_now == *path) return path;
    release_content(inode, writable);
    // The content may be of the version that the inode's former name led to.
    if (stays) continue;
    // Waits for the removal that holds the mutex; the next round sees its result.
    MutexLock changing(inode->object_mutex);
  }
}

std::optional<store::ETag> PosixFileSystem::clean_version(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  if (!inode.content || !inode.content->is_stored() || inode.content->is_dirty()) {
    return std::nullopt;
  }
  return inode.content->base();
}

Result<OpenResult> PosixFileSystem::open(InodeId ino, int flags) {
  const auto found = find_inode(ino);
  if (!found) return found.error();
  const InodePtr& inode = *found;
  if (inode->directory) return Error{EISDIR, "is a directory"};
  const bool writable = (flags & O_ACCMODE) != O_RDONLY;
  if (config_.read_only && (writable || (flags & O_TRUNC) != 0)) {
    return Error{EROFS, "mounted read-only"};
  }
  const auto path = acquire_current(inode, writable);
  if (!path) return path.error();
  if ((flags & O_TRUNC) != 0) {
    const Status cut = truncate_opened(inode);
    if (!cut) {
      release_content(inode, writable);
      return cut.error();
    }
  }
  OpenResult result;
  const Status told = tell_kernel(inode, (flags & O_TRUNC) != 0, result);
  if (!told) {
    release_content(inode, writable);
    return told.error();
  }
  result.handle = add_handle(inode, writable, false);
  MutexLock lock(inode->content_mutex);
  const store::ETag& version = inode->content->base();
  if (has_whole_files() && !path->empty()) {
    result.whole =
        fetcher_.whole({file_key(config_.prefix, *path), version, inode->content->base_size()});
  }
  result.keep_page_cache = !version.empty() && inode->paged_version == version;
  inode->paged_version = version;
  return result;
}

Status PosixFileSystem::truncate_opened(const InodePtr& inode) {
  MutexLock changing(inode->object_mutex);
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  MutexLock lock(inode->content_mutex);
  return inode->content->empty(clock_.wall());
}

Result<ReadBytes> PosixFileSystem::read_once(OpenFile& file, Range range, bool& moved) {
  std::shared_ptr<char[]> own;  // bytes that no block holds: written ones, and zeros
  std::vector<Range> gaps;      // what the stored version has
  Version version;
  {
    MutexLock lock(file.inode->content_mutex);
    const FileContent& content = *file.inode->content;
    if (content.lacks(range)) {
      moved = true;
      return Error{EAGAIN, "bytes that are in an upload which is not complete yet"};
    }
    range.end = std::min(range.end, std::max(content.stat().size, range.begin));
    if (range.empty()) return ReadBytes();
    gaps = content.only_in_base(range);
    if (gaps.empty() || gaps.front() != range) {
      own = std::make_shared_for_overwrite<char[]>(range.size());
      const std::span<char> out(own.get(), range.size());
      const Status read = content.local() ? content.local()->read(range.begin, out) : Status();
      if (!read) return read.error();
      if (!content.local()) std::fill(out.begin(), out.end(), '\0');
    }
    version.etag = content.base();
    version.size = content.base_size();
  }
  const auto path =
      gaps.empty() ? std::optional<std::string>(std::string()) : inodes_.path(file.inode);
  if (!path)
    return Error{ESTALE,
                 "the file was removed, and these bytes of it were not kept: it has more "
                 "than 1 GiB, or was replaced elsewhere before"};
  version.key = file_key(config_.prefix, *path);
  ReadBytes bytes;
  const auto add_own = [&](Range part) {
    if (!part.empty()) bytes.add({own.get() + (part.begin - range.begin), part.size()}, own);
  };
  std::uint64_t at = range.begin;
  for (const Range& gap : gaps) {
    add_own({at, gap.begin});
    at = gap.end;
    auto read = file.reader.read(version, gap);
    if (!read) {
      // Stored or renamed by ourselves meanwhile: look again where the bytes are.
      const bool renamed = inodes_.path(file.inode) != path;
      MutexLock lock(file.inode->content_mutex);
      moved = renamed || file.inode->content->base() != version.etag;
      return read.error();
    }
    bytes.append(std::move(*read));
  }
  add_own({at, range.end});
  return bytes;
}

Result<ReadBytes> PosixFileSystem::read(HandleId handle, std::uint64_t offset, std::size_t size) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  const InodePtr& inode = (*file)->inode;
  bool waited = false;
  for (;;) {
    bool moved = false;
    auto bytes = read_once(**file, {offset, offset + size}, moved);
    if (bytes) return bytes;
    const int err = bytes.error().err;
    if (moved && err == EAGAIN) {
      const auto held = hold(inode);
      if (!held) return held.error();
      MutexLock changing(inode->object_mutex);
      const Status whole = upload_to_read_back(inode, {offset, offset + size});
      if (!whole) return whole.error();
    }
    if (moved) continue;
    const bool gone = err == ENOENT || err == ESTALE || err == ERANGE;
    if (gone && !waited) {
      // Perhaps a rename of ours is half done; when it is over, the bytes are where it says.
      waited = true;
      const auto held = hold(inode);
      if (!held) return held.error();
      MutexLock changing(inode->object_mutex);
      if (const auto path = inodes_.path(inode)) uploader_.find_own_version(*inode, *path);
      continue;
    }
    if (!gone) return bytes;
    // The object is gone or another version: for this handle both mean the same, and who opens the
    // name again is not to get what is gone.
    if (const auto path = inodes_.path(inode)) {
      MutexLock lock(inode->content_mutex);
      known_.denied(*path, inode->content->base());
    }
    Error stale = bytes.error();
    stale.err = ESTALE;
    return stale;
  }
}

Result<std::size_t> PosixFileSystem::write(HandleId handle, std::uint64_t offset,
                                           std::span<const char> bytes, WriteOrigin origin) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  if (!(*file)->writable) return Error{EBADF, "not open for writing"};
  const InodePtr& inode = (*file)->inode;
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
  Status written = write_local(*inode, at, bytes);
  if (!written && written.error().err == ENOSPC) {
    if (!may_store) return wants_to_store();
    if (free_local(inode)) written = write_local(*inode, at, bytes);
  }
  if (!written) return written.error();
  wrote(*inode, {offset, offset + bytes.size()}, at, origin);
  bool begin = false;
  {
    MutexLock lock(inode->content_mutex);
    begin = uploader_.worth_beginning(*inode->content);
  }
  if (!begin) return bytes.size();
  // Not while it is being renamed, or a directory above it: it would go to the old name.
  const auto path = inodes_.path(inode);
  std::optional<PathLocks::Hold> held;
  if (!may_store && path) held = paths_.try_change(*path);
  if (may_store || (held && inodes_.path(inode) == path)) uploader_.begin_early(inode);
  return bytes.size();
}

void PosixFileSystem::make_room(Inode& inode, std::uint64_t bytes) {
  if (write_memory_.has_room(bytes)) return;
  std::shared_ptr<PartStream> stream;
  {
    MutexLock lock(inode.content_mutex);
    stream = inode.content->stream();
  }
  if (!stream) return;
  // Others must find a thread: beyond these, bytes go to the disk instead of waiting.
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

Status PosixFileSystem::write_local(Inode& inode, std::uint64_t offset,
                                    std::span<const char> bytes) {
  const Range range{offset, offset + bytes.size()};
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  const std::uint64_t size = content.stat().size;
  if (range.end > size) {
    const std::uint64_t hole_end = range.begin > size ? range.begin : 0;
    if (Status possible = check_growth(content, range.end, hole_end); !possible) return possible;
  }
  return content.write(offset, bytes, space_, clock_.wall());
}

bool PosixFileSystem::free_local(const InodePtr& inode) {
  {
    MutexLock lock(inode->content_mutex);
    const FileContent& content = *inode->content;
    // Less than a part is not worth an object that is not complete yet.
    if (!content.local() || content.local()->present().total() < kMinPart) return false;
  }
  const Status stored = uploader_.store(inode);
  if (!stored) {
    log_error(stored.error());
    return false;
  }
  MutexLock lock(inode->content_mutex);
  return inode->content->give_up_local();
}

Status PosixFileSystem::store_for(OpenFile& file) {
  const auto held = hold(file.inode);
  if (!held) return held.error();
  MutexLock changing(file.inode->object_mutex);
  const Status stored = uploader_.store(file.inode);
  MutexLock lock(file.inode->content_mutex);
  const FileContent& content = *file.inode->content;
  // A failure that another handle's flush met is this handle's failure too, once.
  const bool missed = stored && file.failures_heard != content.failures();
  file.failures_heard = content.failures();
  return missed ? Status(content.last_failure()) : stored;
}

Status PosixFileSystem::flush(HandleId handle) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  return (*file)->writable || (*file)->created ? store_for(**file) : Status();
}

std::optional<std::uint64_t> PosixFileSystem::still_empty(HandleId handle) {
  const auto file = find_file(handle);
  if (!file || !(*file)->writable) return std::nullopt;
  OpenFile& opened = **file;
  MutexLock lock(opened.inode->content_mutex);
  const FileContent& content = *opened.inode->content;
  // A failure must be told.
  const bool told = opened.failures_heard == content.failures();
  if (!told || !content.has_unstored_bytes() || content.stat().size != 0) return std::nullopt;
  return opened.inode->id;
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
  // What was acknowledged at other handles' flushes too: they all hear of it.
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
  release_content(file->inode, file->writable);
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
