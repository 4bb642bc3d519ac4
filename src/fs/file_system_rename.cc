// SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "posix_file_system.h"
#include "tree_rename.h"

namespace pailfs::fs {

Status PosixFileSystem::rename(InodeId parent, std::string_view name, InodeId new_parent,
                               std::string_view new_name, bool no_replace) {
  if (config_.read_only) return Error{EROFS, "mounted read-only"};
  const auto from = place_of(parent, name);
  if (!from) return from.error();
  const auto to = place_of(new_parent, new_name);
  if (!to) return to.error();
  if (new_name.size() > kNameMax) return Error{ENAMETOOLONG, "longer than 255 bytes"};
  if (directory_key(config_.prefix, to->path).size() > kKeyMax) {
    return Error{ENAMETOOLONG, printable(to->path) + ": longer than a key of 1024 bytes"};
  }
  const auto source = node_at(*from, name);
  if (!source) return source.error();
  const auto target = node_at(*to, new_name);
  if (!target && target.error().err != ENOENT) return target.error();
  if (target && no_replace) return Error{EEXIST, printable(to->path) + ": exists"};
  if (from->path == to->path) return {};

  const bool moves_directory = is_directory(source->form);
  if (target && is_directory(target->form)) {
    if (!moves_directory) return Error{EISDIR, printable(to->path) + ": is a directory"};
    const auto empty = resolver_.is_empty_directory(to->path);
    if (!empty) return empty.error();
    const InodePtr replaced = inodes_.child(to->parent, new_name);
    if (!*empty || (replaced && has_unstored_below(replaced))) {
      return Error{ENOTEMPTY, printable(to->path) + ": not empty"};
    }
  } else if (target && moves_directory) {
    return Error{ENOTDIR, printable(to->path) + ": not a directory"};
  }
  if (!moves_directory) {
    const std::shared_lock tree(tree_);
    return rename_file(*from, name, *source, *to, new_name);
  }
  if (to->path.starts_with(from->path + "/")) {
    return Error{EINVAL, "a directory cannot be moved into itself"};
  }
  const std::unique_lock tree(tree_);
  return rename_directory(*from, name, *source, *to, new_name);
}

Status PosixFileSystem::rename_file(const Place& from, std::string_view name, const Node& source,
                                    const Place& to, std::string_view new_name) {
  const InodePtr inode = inodes_.reference(from.parent, name, false, 0);
  const InodePtr replaced = inodes_.child(to.parent, new_name);
  if (!replaced) {
    MutexLock flush(inode->flush);
    return rename_locked(inode, from, source, to, new_name);
  }
  // No upload may put the replaced file back while its name changes hands.
  const bool in_order = inode->id < replaced->id;
  MutexLock first(in_order ? inode->flush : replaced->flush);
  MutexLock second(in_order ? replaced->flush : inode->flush);
  const auto kept = keep_bytes_of_open_file(replaced, to.path);
  if (!kept) return kept.error();
  const Status renamed = rename_locked(inode, from, source, to, new_name);
  if (renamed) orphan(replaced, *kept);
  return renamed;
}

Status PosixFileSystem::rename_locked(const InodePtr& inode, const Place& from, Node source,
                                      const Place& to,
                                      std::string_view new_name) NO_THREAD_SAFETY_ANALYSIS {
  const WallTime now = clock_.wall();
  bool only_here = false;
  bool dirty = false;
  {
    MutexLock lock(inode->state);
    if (inode->content) {
      only_here = !inode->content->stored;
      dirty = inode->content->dirty();
    }
  }
  if (only_here) {
    // The store has never seen it: it will appear there under its new name.
    const auto there = resolver_.resolve(to.path);
    if (!there && there.error().err != ENOENT) return there.error();
    MutexLock lock(inode->state);
    Content& content = *inode->content;
    content.stat.ctime = now;
    content.attributes.content_type = mime_.type_of(to.path);
    content.hides_object = there.has_value();
    lock.unlock();
    inodes_.move(inode, to.parent, new_name);
    known_.removed(from.path);
    return {};
  }
  if (dirty) {
    const Status stored = storer_.store(inode);
    if (!stored) return stored;
    const auto now_stored = content_node(inode);
    if (now_stored) source = *now_stored;
  }

  source.stat.ctime = now;
  s3::ObjectAttributes attributes = encode(source.stat, source.info.attributes);
  if (S_ISREG(source.stat.mode)) attributes.content_type = mime_.type_of(to.path);
  ObjectCopier copier(config_, store_, pool_);
  CopyJob job;
  job.source = file_key(config_.prefix, from.path);
  job.destination = file_key(config_.prefix, to.path);
  job.version = source.info.etag;
  job.size = source.info.size;
  job.attributes = attributes;
  const auto etag = copier.copy(job, config_.no_copy_api || config_.no_rename_api);
  if (!etag) {
    // Somebody else's version: what we knew of it is out of date.
    if (etag.error().err == ESTALE || etag.error().err == ENOENT) known_.erase(from.path);
    return etag.error();
  }
  source.info.etag = *etag;
  source.info.attributes = attributes;
  known_.stored(to.path, source);
  const Status removed = store_.remove(job.source);
  if (!removed) return removed.error().with("remove the old name after copying");
  known_.removed(from.path);
  {
    MutexLock lock(inode->state);
    if (inode->content) {
      inode->content->base = *etag;
      inode->content->stat.ctime = now;
      inode->content->attributes = attributes;
    }
    inode->paged_version = *etag;
  }
  inodes_.move(inode, to.parent, new_name);
  return {};
}

Status PosixFileSystem::store_files_below(const InodePtr& directory) {
  for (const InodePtr& file : inodes_.files_below(directory)) {
    MutexLock flush(file->flush);
    bool changed = false;
    {
      MutexLock lock(file->state);
      changed = file->content && file->content->stored && file->content->dirty();
    }
    if (!changed) continue;
    const Status stored = storer_.store(file);
    if (!stored) return stored;
  }
  return {};
}

Status PosixFileSystem::rename_directory(const Place& from, std::string_view name,
                                         const Node& source, const Place& to,
                                         std::string_view new_name) {
  const InodePtr inode = inodes_.reference(from.parent, name, true, 0);
  const Status stored = store_files_below(inode);
  if (!stored) return stored;

  Node moved_node = source;
  moved_node.stat.ctime = clock_.wall();
  moved_node.form = Form::directory_marker;
  moved_node.info.attributes = encode(moved_node.stat, source.info.attributes);
  moved_node.info.attributes.content_type = kDirectoryType;
  TreeRename rename(config_, store_, pool_);
  const auto moved = rename.run(directory_key(config_.prefix, from.path),
                                directory_key(config_.prefix, to.path), moved_node.info.attributes);
  known_.erase_below(from.path);
  known_.erase_below(to.path);
  if (!moved) return moved.error();
  if (source.form == Form::directory_object) {
    const Status removed = store_.remove(file_key(config_.prefix, from.path));
    if (!removed) return removed.error().with("remove the directory's old object");
  }
  known_.removed(from.path);
  known_.stored(to.path, moved_node);
  inodes_.move(inode, to.parent, new_name);

  // Files that are open go on reading from where their bytes are now.
  std::unordered_map<std::string, s3::ETag> versions;
  for (const MovedObject& object : *moved) versions.emplace(object.destination, object.etag);
  for (const InodePtr& file : inodes_.files_below(inode)) {
    const auto path = inodes_.path(file);
    const auto version = path ? versions.find(file_key(config_.prefix, *path)) : versions.end();
    MutexLock lock(file->state);
    if (version == versions.end() || !file->content) continue;
    file->content->base = version->second;
    file->paged_version = version->second;
  }
  return {};
}

}  // namespace pailfs::fs
