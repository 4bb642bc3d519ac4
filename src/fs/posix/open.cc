// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <utility>

#include "pailfs/util/errand.h"
#include "pailfs/util/text.h"

#include "fs/tree/listed_node.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// Retries when an upload of our own has changed the version between an open and its question.
constexpr int kMostTries = 5;

/// The kernel has looked the name up before this open. ESTALE makes it look again, which it must do
/// before it makes a new file of that name.
Error not_there_any_more(Error error) {
  if (error.err == ENOENT) error.err = ESTALE;
  return error;
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

HandleId PosixFileSystem::add_handle(const InodePtr& inode, int flags, bool created) {
  const bool writable = (flags & O_ACCMODE) != O_RDONLY;
  const bool bound = (flags & O_ACCMODE) != O_WRONLY || (flags & O_APPEND) == 0;
  const auto end = [this, bound](OpenFile* ended) {
    if (bound && !closing_) {
      MutexLock lock(ended->inode->content_mutex);
      ended->inode->content->remove_bound_handle(ended->writable);
    }
    if (!closing_) release_content(ended->inode, ended->writable);
    delete ended;  // NOLINT(cppcoreguidelines-owning-memory): of the pointer below
  };
  std::shared_ptr<OpenFile> file(
      new OpenFile(inode, writable, fetcher_, read_ahead_, clock_),  // NOLINT(*-owning-memory)
      end);
  file->created = created;
  {
    MutexLock lock(file->inode->content_mutex);
    file->failures_heard = file->inode->content->failures();
    if (bound) file->inode->content->add_bound_handle(writable);
  }
  return files_.add(std::move(file));
}

store::ETag PosixFileSystem::paged_version(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  return inode.paged_version;
}

Result<Node> PosixFileSystem::fresh_node_to_read(const InodePtr& inode, const std::string& path) {
  walks_.on_open(path);
  auto known = is_fresh(path) ? std::nullopt : known_.nodes.find(path);
  if (!known && config_.attributes == AttributeSource::listing && !is_fresh(path)) {
    if (const auto listed = resolver_.listed(path); listed && listed->file)
      known = listed_node(*listed, config_);
  }
  const bool small = known && known->form == Form::file && known->info.size > 0 &&
                     known->info.size <= kSmallObject;
  // The kernel probably has the pages of a version that was opened before.
  if (!small || paged_version(*inode) == known->info.etag) return fresh_node(path);
  auto node = nodes_.fetch_to_read(path, *known);
  return node ? node : fresh_node(path);
}

std::optional<store::ETag> PosixFileSystem::clean_version(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  if (!inode.content || !inode.content->is_stored() || inode.content->is_dirty()) {
    return std::nullopt;
  }
  return inode.content->base();
}

Result<std::string> PosixFileSystem::acquire_current(const InodePtr& inode, bool writable) {
  for (int tries = 0;; ++tries) {
    auto path = path_of(inode);
    if (!path) return acquire_removed(inode, writable) ? Result(std::string()) : path;
    if (!acquire_unstored(inode, writable)) {
      const auto before = clean_version(*inode);
      // On a second try ask the store, because the first answer was older than our own change.
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
      if (const Status same = check_type(inode, node->stat); !same) return same.error();
      acquire_content(inode, FileContent::of_stored(*node), writable);
      auto now = clean_version(*inode);
      if (now && *now != node->info.etag) {
        release_content(inode, writable);
        if (before && tries < kMostTries && follows_to(inode, *path, *before, *node)) continue;
        const auto renamed = renamed_meanwhile(inode, *path);
        if (!renamed) return renamed.error();
        if (*renamed && tries < kMostTries) continue;
        now = clean_version(*inode);
        // We have stored or opened another version since we asked: try again.
        if (now != before && tries < kMostTries) continue;
        if (follow(inode, *node)) continue;
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

Result<OpenResult> PosixFileSystem::open(InodeId ino, int flags, const Caller& caller) {
  const auto found = find_inode(ino);
  if (!found) return found.error();
  const InodePtr& inode = *found;
  if (inode->directory) return Error{EISDIR, "is a directory"};
  const bool writable = (flags & O_ACCMODE) != O_RDONLY;
  if (read_only_ && (writable || (flags & O_TRUNC) != 0)) {
    return Error{EROFS, "mounted read-only"};
  }
  const auto path = acquire_current(inode, writable);
  if (!path) return path.error();
  if ((flags & O_TRUNC) != 0) {
    const Status cut = truncate_opened(inode, caller);
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
  result.handle = add_handle(inode, flags, false);
  MutexLock lock(inode->content_mutex);
  const store::ETag& version = inode->content->base();
  if (has_whole_files() && !path->empty()) {
    result.whole = fetcher_.disk().whole(
        {file_key(config_.prefix, *path), version, inode->content->base_size()});
  }
  // With locks it is to be known whether a handle has shown anything: follow_held().
  result.keep_page_cache = !locks_ && !version.empty() && inode->paged_version == version;
  inode->paged_version = version;
  Shown& shown = inode->content->shown();
  // Its program may see pages of which no read tells us.
  const std::uint64_t size = inode->content->stat().size;
  if (result.keep_page_cache) shown.show({0, size}, size);
  shown.confirm(clock_.now());
  return result;
}

Status PosixFileSystem::truncate_opened(const InodePtr& inode, const Caller& caller) {
  MutexLock changing(inode->object_mutex);
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  MutexLock lock(inode->content_mutex);
  const Status emptied = inode->content->empty(clock_.wall());
  if (emptied) drop_set_ids(*inode->content, caller);
  return emptied;
}

}  // namespace pailfs::fs
