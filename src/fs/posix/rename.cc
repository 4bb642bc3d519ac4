// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/upload_cache.h"
#include "fs/rename/interrupted_rename.h"
#include "fs/rename/tree_rename.h"
#include "lock_name.h"
#include "posix_file_system.h"

namespace pailfs::fs {

Status PosixFileSystem::rename(InodeId parent, std::string_view name, InodeId new_parent,
                               std::string_view new_name, bool no_replace) {
  if (read_only_) return Error{EROFS, "mounted read-only"};
  // A lock that gets the name of what it guarded (git) shows what was stored under it.
  if (config_.exclusive_in_store && is_lock_name(name)) {
    if (const Status settled = store_.settle({}); !settled) return settled;
  }
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

Result<Node> PosixFileSystem::node_at_target(const HeldPlaces& held, std::string_view new_name,
                                             bool moves_directory) {
  auto target = node_at(held.to, new_name, &held.hold);
  const bool absent = !target && target.error().err == ENOENT;
  // An absence may be a second old; what another client has put there since must not be replaced.
  return absent && moves_directory ? resolver_.ask_absent(held.to.path) : target;
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
  const bool moves_directory = is_directory(source->form);
  const std::size_t slash = moves_directory ? 1 : 0;
  const std::size_t length = file_key(config_.prefix, to.path).size() + slash;
  if (const Status fits = store::check_length(length, to.path, store_.limits()); !fits)
    return fits.error();
  const auto target = node_at_target(held, new_name, moves_directory);
  if (!target && target.error().err != ENOENT) return target.error();
  if (target && no_replace) return Error{EEXIST, printable(to.path) + ": exists"};
  Renaming what{from, to, *source, name, new_name};
  what.no_replace = no_replace;
  what.condition.absent = no_replace || (config_.conflict_fails && !target);
  if (!target || from.path == to.path) return what;
  what.replaced = target->stat;
  what.replaced_version = target->info.etag;
  if (config_.conflict_fails) what.condition = {.version = what.replaced_version, .foreign = true};
  if (is_directory(target->form)) {
    if (!moves_directory) return Error{EISDIR, printable(to.path) + ": is a directory"};
    if (const Status may = check_target_directory(what); !may) return may.error();
  } else if (moves_directory) {
    return Error{ENOTDIR, printable(to.path) + ": not a directory"};
  }
  return what;
}

Status PosixFileSystem::check_target_directory(Renaming& what) {
  const std::string& to = what.to.path;
  const auto empty = resolver_.is_empty_directory(to);
  if (!empty) return empty.error();
  const InodePtr replaced = inodes_.child(what.to.parent, what.new_name);
  const bool unstored = replaced && has_unstored_below(replaced);
  Result<bool> leftover = false;
  if (!*empty && !unstored) {
    leftover =
        is_interrupted_rename(config_, store_, pool_, directory_key(config_.prefix, what.from.path),
                              directory_key(config_.prefix, to));
  }
  if (!leftover) return leftover.error();
  what.into_copies = !*empty;
  const bool may = !unstored && (*empty || *leftover);
  return may ? Status() : Error{ENOTEMPTY, printable(to) + ": not empty"};
}

Status PosixFileSystem::rename_file(const Renaming& what) {
  // Counted as looked up, so that the table does not drop it while its name changes.
  const InodePtr inode = inodes_.reference(what.from.parent, what.name, false, 1);
  const Status moved = rename_inode(inode, what);
  inodes_.forget(inode->id, 1);
  return moved;
}

Status PosixFileSystem::rename_inode(const InodePtr& inode, const Renaming& what) {
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
  store::Removal hidden(file_key(config_.prefix, what.from.path));
  {
    MutexLock lock(inode->content_mutex);
    const FileContent& content = *inode->content;
    hides_object = content.hides_object();
    if (!content.doubt()) hidden.version = content.succession().replaced();
  }
  // The object that the file had replaced under its old name must not show again.
  const Status removed = hides_object ? store_.remove(hidden) : Status();
  const bool stays = !removed && removed.error().err == ESTALE;
  if (!removed && !stays) return removed;
  end_early_upload(*inode);
  inodes_.move(inode, what.to.parent, what.new_name);
  note_left(what, stays);
  MutexLock lock(inode->content_mutex);
  inode->content->renamed_unstored(clock_.wall(), mime_.type_of(what.to.path),
                                   there ? &there->info.etag : nullptr, what.no_replace);
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

  store::Removal old(file_key(config_.prefix, what.from.path), source.info.etag);
  old.seen = seen_version(source.info);
  source.stat.ctime = clock_.wall();
  store::ObjectAttributes attributes = encode(source.stat, source.info.attributes);
  if (S_ISREG(source.stat.mode)) attributes.content_type = mime_.type_of(what.to.path);
  ObjectCopier copier(config_, store_, pool_);
  CopyJob job;
  job.source = old.key;
  job.destination = file_key(config_.prefix, what.to.path);
  job.version = source.info.etag;
  job.size = source.info.size;
  job.attributes = attributes;
  job.condition = what.condition;
  if (const Status may = check_replaced(job); !may) return may;
  const auto etag = copier.copy(job, config_.no_copy_api || config_.no_rename_api);
  if (!etag) {
    // The store has another version, so the cached node is out of date.
    if (etag.error().err == ESTALE || etag.error().err == ENOENT)
      known_.nodes.erase(what.from.path);
    if (etag.error().in_doubt || etag.error().err == EEXIST) known_.nodes.doubted(what.to.path);
    return etag.error();
  }
  fetcher_.forget({job.destination, *etag, job.size});
  fetcher_.forget({job.destination, what.replaced_version, job.size});
  keep_copied(fetcher_, {job.source, job.version, job.size}, {job.destination, *etag, job.size});
  source.info.etag = *etag;
  source.info.attributes = attributes;
  const Status removed = store_.remove(old);
  const bool stays = !removed && removed.error().err == ESTALE;
  if (!removed && !stays) {
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
  note_left(what, stays);
  return {};
}

void PosixFileSystem::note_left(const Renaming& what, bool stays) {
  if (!stays) return known_.nodes.removed_file(what.from.path);
  log_warning(printable(what.from.path) +
              ": another client has changed it while it was renamed to " + printable(what.to.path) +
              "; its new version keeps the old name");
  known_.nodes.doubted(what.from.path);
}

Status PosixFileSystem::check_replaced(const CopyJob& job) {
  const store::Condition& wanted = job.condition;
  const store::Obedience obeys = store_.obedience();
  const bool decides = (wanted.absent ? obeys.copy_absent : obeys.copy) == store::Obeys::yes;
  if (!config_.conflict_fails || wanted.empty() || decides) return {};
  const auto there = store_.head(job.destination);
  if (!there && there.error().err != ENOENT) return there.error();
  const bool holds = wanted.absent ? !there : there && there->etag == wanted.version;
  if (holds) return {};
  return Error{wanted.absent ? EEXIST : ESTALE,
               printable(job.destination) + ": another client has changed it (conflict=fail)"};
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

Result<MovedTree> PosixFileSystem::move_tree(const Renaming& what,
                                             const store::ObjectAttributes& marker) {
  TreeMove move{directory_key(config_.prefix, what.from.path),
                directory_key(config_.prefix, what.to.path), marker};
  if (what.replaced)
    move.target = what.into_copies ? TreeMove::Target::copies : TreeMove::Target::empty;
  auto moved = TreeRename(config_, store_, pool_).run(move);
  if (!moved) {
    Error error = moved.error();
    if (what.no_replace && error.err == ENOTEMPTY) error.err = EEXIST;
    return error;
  }
  if (what.source.form == Form::directory_object && what.source.info.size == 0) {
    const store::Removal old(file_key(config_.prefix, what.from.path), what.source.info.etag);
    const Status removed = store_.remove(old);
    if (!removed && removed.error().err != ESTALE)
      return removed.error().with("remove the directory's old object");
    if (!removed) moved->stay.push_back(old.key);
  }
  if (compat_directories_) {
    const Status removed = compat_directories_->remove_remains(move.from);
    if (!removed) return removed.error().with("remove the directory's old object");
  }
  return moved;
}

Status PosixFileSystem::rename_directory(const Renaming& what) {
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  const Place& from = what.from;
  const Place& to = what.to;
  const Node& source = what.source;
  const InodePtr inode = inodes_.reference(from.parent, what.name, true, 0);
  const Status stored = store_files_below(inode);
  if (!stored) return stored;

  if (source.form == Form::directory_object && source.info.size > 0) {
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
  const auto moved = move_tree(what, moved_node.info.attributes);
  if (!moved) {
    known_.nodes.erase_below(from.path);
    known_.nodes.erase_below(to.path);
    known_.nodes.doubted(from.path);
    known_.nodes.doubted(to.path);
    return moved.error();
  }
  known_.nodes.erase_inside(from.path);
  known_.nodes.erase_inside(to.path);
  if (moved->stay.empty()) {
    known_.nodes.removed(from.path);
  } else {
    known_.nodes.doubted(from.path);  // it is a directory as long as they are there
  }
  known_.nodes.stored(to.path, moved_node);
  if (const InodePtr gone = inodes_.child(to.parent, what.new_name)) detach(gone, what.replaced);
  inodes_.move(inode, to.parent, what.new_name);
  if (contents) directory_times_.stored(from.path, *contents);
  directory_times_.moved(from.path, to.path);
  moved_below(inode, moved->objects);
  return {};
}

void PosixFileSystem::moved_below(const InodePtr& directory,
                                  const std::vector<MovedObject>& moved) {
  // Open files go on reading under the new key, unless another version was moved: then theirs does
  // not exist any more (law L5).
  std::unordered_map<std::string, const MovedObject*> objects;
  for (const MovedObject& object : moved) {
    fetcher_.forget({object.destination, object.etag, object.size});
    objects.emplace(object.destination, &object);
  }
  for (const InodePtr& file : inodes_.pinned_files_below(directory)) {
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
}

}  // namespace pailfs::fs
