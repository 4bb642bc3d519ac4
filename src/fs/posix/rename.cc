// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/upload_cache.h"
#include "fs/rename/interrupted_rename.h"
#include "fs/rename/tree_rename.h"
#include "posix_file_system.h"

namespace pailfs::fs {

Status PosixFileSystem::rename(InodeId parent, std::string_view name, InodeId new_parent,
                               std::string_view new_name, bool no_replace) {
  if (config_.read_only) return Error{EROFS, "mounted read-only"};
  const auto held = hold_places(parent, name, new_parent, new_name);
  if (!held) return held.error();
  const auto what = plan_rename(*held, name, new_name, no_replace);
  if (!what) return what.error();
  const std::string& from = what->from.path;
  const std::string& to = what->to.path;
  if (from == to) return {};
  if (!is_directory(what->source.form)) return renamed(rename_file(*what), *what);
  if (is_at_or_below(to, from)) return Error{EINVAL, "a directory cannot be moved into itself"};
  return renamed(rename_directory(*what), *what);
}

Status PosixFileSystem::renamed(Status result, const Renaming& what) {
  if (!result) return result;
  contents_changed(what.from.parent);
  if (what.to.parent != what.from.parent) contents_changed(what.to.parent);
  return result;
}

Result<PosixFileSystem::Renaming> PosixFileSystem::plan_rename(const HeldPlaces& held,
                                                               std::string_view name,
                                                               std::string_view new_name,
                                                               bool no_replace) {
  const Place& from = held.from;
  const Place& to = held.to;
  if (const Status spelling = check_spelling(new_name); !spelling) return spelling.error();
  const auto source = node_at(from, name, &held.hold);
  if (!source) return source.error();
  const std::size_t slash = is_directory(source->form) ? 1 : 0;
  const std::size_t length = file_key(config_.prefix, to.path).size() + slash;
  if (const Status fits = store::check_length(length, to.path, store_.limits()); !fits)
    return fits.error();
  const auto target = node_at(to, new_name, &held.hold);
  if (!target && target.error().err != ENOENT) return target.error();
  if (target && no_replace) return Error{EEXIST, printable(to.path) + ": exists"};
  Renaming what{from, to, *source, name, new_name};
  what.no_replace = no_replace;
  if (target) {
    what.replaced = target->stat;
    what.replaced_version = target->info.etag;
  }
  if (from.path == to.path) return what;
  const bool moves_directory = is_directory(source->form);
  if (target && is_directory(target->form)) {
    if (!moves_directory) return Error{EISDIR, printable(to.path) + ": is a directory"};
    const auto empty = resolver_.is_empty_directory(to.path, {});
    if (!empty) return empty.error();
    const InodePtr replaced = inodes_.child(to.parent, new_name);
    const bool unstored = replaced && has_unstored_below(replaced);
    Result<bool> leftover = false;
    if (!*empty && !unstored) {
      leftover =
          is_interrupted_rename(config_, store_, pool_, directory_key(config_.prefix, from.path),
                                directory_key(config_.prefix, to.path));
    }
    if (!leftover) return leftover.error();
    if (unstored || (!*empty && !*leftover)) {
      return Error{ENOTEMPTY, printable(to.path) + ": not empty"};
    }
    what.into_copies = !*empty;
  } else if (target && moves_directory) {
    return Error{ENOTDIR, printable(to.path) + ": not a directory"};
  }
  return what;
}

Status PosixFileSystem::rename_file(const Renaming& what) {
  const InodePtr inode = inodes_.reference(what.from.parent, what.name, false, 0);
  const InodePtr replaced = inodes_.child(what.to.parent, what.new_name);
  if (!replaced) {
    MutexLock changing(inode->object_mutex);
    return rename_locked(inode, what);
  }
  // No upload may put the replaced file back while its name changes hands.
  if (inode->id < replaced->id) {
    MutexLock changing(inode->object_mutex);
    MutexLock replacing(replaced->object_mutex);
    return rename_over(inode, replaced, what);
  }
  MutexLock replacing(replaced->object_mutex);
  MutexLock changing(inode->object_mutex);
  return rename_over(inode, replaced, what);
}

Status PosixFileSystem::rename_over(const InodePtr& inode, const InodePtr& replaced,
                                    const Renaming& what) {
  const BeingRemoved being_removed(*replaced);
  if (const Status kept = fetch_before_unlink(replaced, what.to.path); !kept) return kept;
  const Status renamed = rename_locked(inode, what);
  if (renamed) orphan(replaced, what.replaced);
  return renamed;
}

Status PosixFileSystem::rename_unstored(const InodePtr& inode, const Renaming& what) {
  const auto there = resolver_.resolve(what.to.path);
  if (!there && there.error().err != ENOENT) return there.error();
  bool hides_object = false;
  {
    MutexLock lock(inode->content_mutex);
    hides_object = inode->content->hides_object();
  }
  if (hides_object) {
    // The object that the file had replaced under its old name must not show again.
    const Status removed = store_.remove(file_key(config_.prefix, what.from.path));
    if (!removed) return removed;
  }
  end_early_upload(*inode);
  inodes_.move(inode, what.to.parent, what.new_name);
  known_.nodes.removed_file(what.from.path);
  MutexLock lock(inode->content_mutex);
  inode->content->renamed_unstored(clock_.wall(), mime_.type_of(what.to.path), there.has_value(),
                                   what.no_replace);
  return {};
}

Status PosixFileSystem::rename_locked(const InodePtr& inode, const Renaming& what) {
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  // The last close of a file whose storing has failed for good gives its content up, and takes no
  // lock that a rename holds: the rename is a user of the content itself.
  inodes_.pin(inode);
  bool uses_content = false;
  {
    MutexLock lock(inode->content_mutex);
    uses_content = inode->content != nullptr;
    if (uses_content) inode->content->add_user(false);
  }
  const Status renamed = rename_held(inode, what);
  if (uses_content) {
    release_content(inode, false);
  } else {
    inodes_.unpin(inode);
  }
  return renamed;
}

Status PosixFileSystem::rename_held(const InodePtr& inode, const Renaming& what) {
  bool unstored = false;
  bool dirty = false;
  {
    MutexLock lock(inode->content_mutex);
    unstored = inode->content && !inode->content->is_stored() && inode->content->is_all_here();
    dirty = inode->content && inode->content->is_dirty();
  }
  // The file was never stored: it will be stored under its new name.
  if (unstored) return rename_unstored(inode, what);
  Node source = what.source;
  if (dirty) {
    const Status stored = uploader_.store(inode);
    if (!stored) return stored;
    if (const auto now_stored = content_node(inode)) source = *now_stored;
  }

  source.stat.ctime = clock_.wall();
  store::ObjectAttributes attributes = encode(source.stat, source.info.attributes);
  if (S_ISREG(source.stat.mode)) attributes.content_type = mime_.type_of(what.to.path);
  ObjectCopier copier(config_, store_, pool_);
  CopyJob job;
  job.source = file_key(config_.prefix, what.from.path);
  job.destination = file_key(config_.prefix, what.to.path);
  job.version = source.info.etag;
  job.size = source.info.size;
  job.attributes = attributes;
  job.condition = what.condition();
  const auto etag = copier.copy(job, config_.no_copy_api || config_.no_rename_api);
  if (!etag) {
    // The store has another version, so the cached node is out of date.
    if (etag.error().err == ESTALE || etag.error().err == ENOENT)
      known_.nodes.erase(what.from.path);
    if (etag.error().in_doubt) known_.nodes.doubted(what.to.path);
    return etag.error();
  }
  fetcher_.forget({job.destination, *etag, job.size});
  fetcher_.forget({job.destination, what.replaced_version, job.size});
  keep_copied(fetcher_, {job.source, job.version, job.size}, {job.destination, *etag, job.size});
  source.info.etag = *etag;
  source.info.attributes = attributes;
  const Status removed = store_.remove({job.source, job.version});
  const bool stays = !removed && removed.error().err == ESTALE;
  if (stays) {
    log_warning(printable(what.from.path) +
                ": another client has changed it while it was renamed to " +
                printable(what.to.path) + "; its new version keeps the old name");
  } else if (!removed) {
    known_.nodes.stored(what.to.path, source);
    if (removed.error().in_doubt) known_.nodes.doubted(what.from.path);
    return removed.error().with("remove the old name after copying");
  }
  {
    MutexLock lock(inode->content_mutex);
    inode->page_cache_follows(job.version, *etag);
    if (inode->content) inode->content->renamed(*etag, source.stat.ctime, attributes);
  }
  // The inode first: a lookup in between must not take it for a file that was replaced elsewhere.
  inodes_.move(inode, what.to.parent, what.new_name);
  known_.nodes.stored(what.to.path, source);
  if (stays) {
    known_.nodes.doubted(what.from.path);
  } else {
    known_.nodes.removed_file(what.from.path);
  }
  return {};
}

Status PosixFileSystem::store_files_below(const InodePtr& directory) {
  for (const InodePtr& file : inodes_.pinned_files_below(directory)) {
    MutexLock changing(file->object_mutex);
    bool changed = false;
    {
      MutexLock lock(file->content_mutex);
      changed = file->content && file->content->is_dirty() &&
                (file->content->is_stored() || !file->content->is_all_here());
    }
    if (changed) {
      const Status stored = uploader_.store(file);
      if (!stored) return stored;
    }
    end_early_upload(*file);
  }
  return {};
}

void PosixFileSystem::end_early_upload(Inode& inode) {
  {
    MutexLock lock(inode.content_mutex);
    if (!inode.content || !inode.content->stream() || !inode.content->is_all_here()) return;
    inode.content->drop_stream();
  }
  uploader_.begin_sweep();
}

Status PosixFileSystem::rename_directory(const Renaming& what) {
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  const auto& [from, to, source, name, new_name, replaced, into_copies, replaced_version,
               no_replace] = what;
  const InodePtr inode = inodes_.reference(from.parent, name, true, 0);
  const Status stored = store_files_below(inode);
  if (!stored) return stored;

  const bool has_old_object = source.form == Form::directory_object;
  const bool keeps_bytes = has_old_object && source.info.size > 0;
  if (keeps_bytes) {
    // The bytes then move with the marker.
    const Status renewed = write_directory(from.path, source);
    if (!renewed) return renewed;
  }
  Node moved_node = source;
  const auto contents = add_contents_change(from.path, moved_node.stat);
  moved_node.stat.ctime = clock_.wall();
  moved_node.form = Form::directory_marker;
  moved_node.info.attributes = encode(moved_node.stat, source.info.attributes);
  moved_node.info.attributes.content_type = kDirectoryType;
  TreeRename rename(config_, store_, pool_);
  const auto moved =
      rename.run(directory_key(config_.prefix, from.path), directory_key(config_.prefix, to.path),
                 moved_node.info.attributes, into_copies);
  Status removed;
  if (moved && has_old_object && !keeps_bytes) {
    removed = store_.remove(file_key(config_.prefix, from.path));
  }
  if (moved && removed && compat_directories_) {
    removed = compat_directories_->remove_remains(directory_key(config_.prefix, from.path));
  }
  if (!moved || !removed) {
    known_.nodes.erase_below(from.path);
    known_.nodes.erase_below(to.path);
    known_.nodes.doubted(from.path);
    known_.nodes.doubted(to.path);
    return moved ? removed.error().with("remove the directory's old object") : moved.error();
  }
  known_.nodes.erase_inside(from.path);
  known_.nodes.erase_inside(to.path);
  known_.nodes.removed(from.path);
  known_.nodes.stored(to.path, moved_node);
  if (const InodePtr gone = inodes_.child(to.parent, new_name)) detach(gone, replaced);
  inodes_.move(inode, to.parent, new_name);
  if (contents) directory_times_.stored(from.path, *contents);
  directory_times_.moved(from.path, to.path);

  // Open files go on reading under the new key, unless another version was moved: then theirs does
  // not exist any more (law L5).
  std::unordered_map<std::string, const MovedObject*> objects;
  for (const MovedObject& object : *moved) {
    fetcher_.forget({object.destination, object.etag, object.size});
    objects.emplace(object.destination, &object);
  }
  for (const InodePtr& file : inodes_.pinned_files_below(inode)) {
    const auto path = inodes_.path(file);
    const auto object = path ? objects.find(file_key(config_.prefix, *path)) : objects.end();
    if (object == objects.end()) continue;
    const MovedObject& version = *object->second;
    MutexLock lock(file->content_mutex);
    file->page_cache_follows(version.source_etag, version.etag);
    if (file->content && file->content->base() == version.source_etag) {
      file->content->base_became(version.etag);
    }
  }
  return {};
}

}  // namespace pailfs::fs
