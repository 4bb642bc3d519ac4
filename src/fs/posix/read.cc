// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "posix_file_system.h"

namespace pailfs::fs {

Result<ReadBytes> PosixFileSystem::read_once(OpenFile& file, Range range, bool& moved) {
  std::shared_ptr<char[]> own;  // bytes that no block holds: written ones, and zeros
  std::vector<Range> gaps;      // ranges that only the stored version has
  Version version;
  {
    MutexLock lock(file.inode->content_mutex);
    FileContent& content = *file.inode->content;
    if (content.lacks(range)) {
      moved = true;
      return Error{EAGAIN, "bytes that are in an upload which is not complete yet"};
    }
    range.end = std::min(range.end, std::max(content.stat().size, range.begin));
    if (range.empty()) return ReadBytes();
    content.shown().show(range, content.stat().size);
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
  if (!path) {
    return Error{ESTALE,
                 "the file was removed, and these bytes of it were not kept: it has more "
                 "than 1 GiB, or was replaced elsewhere before"};
  }
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
      // If we have stored or renamed the file meanwhile, read again from the new version or key.
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
  if (const Status held = check_locks(*inode); !held) return held.error();
  const auto is_at_end = [&](InodeId /*ino*/, std::uint64_t end) {
    return std::optional<bool>(offset >= end);
  };
  if (const Status followed = follow(inode, is_at_end); !followed) return followed.error();
  bool waited = false;
  for (;;) {
    bool moved = false;
    auto bytes = read_once(**file, {offset, offset + size}, moved);
    if (bytes) {
      // They may have been long on their way.
      const Status held = check_locks(*inode);
      return held ? std::move(bytes) : held.error();
    }
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
      // A rename of ours may be under way; when it is over, the bytes are under the new name.
      waited = true;
      const auto held = hold(inode);
      if (!held) return held.error();
      MutexLock changing(inode->object_mutex);
      if (const auto path = inodes_.path(inode)) uploader_.find_own_version(*inode, *path);
      continue;
    }
    if (!gone) return bytes;
    // The object is gone or is another version. For this handle both mean the same, and the cache
    // must not give the old version to the next open of the name.
    if (const auto path = inodes_.path(inode)) {
      MutexLock lock(inode->content_mutex);
      known_.nodes.denied(*path, inode->content->base());
    }
    Error stale = bytes.error();
    stale.err = ESTALE;
    return stale;
  }
}

}  // namespace pailfs::fs
