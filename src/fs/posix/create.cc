// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "pailfs/util/errand.h"
#include "pailfs/util/text.h"

#include "fs/format/paths.h"
#include "fs/format/posix_acl.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

Making making_of(int flags) {
  if ((flags & O_EXCL) != 0) return Making::exclusive;
  return (flags & O_TRUNC) != 0 ? Making::emptied : Making::shared;
}

}  // namespace

Result<PosixFileSystem::NewEntry> PosixFileSystem::new_entry(InodeId parent, std::string_view name,
                                                             mode_t mode, const Caller& caller) {
  auto held = hold_place(parent, name);
  if (!held) return held.error();
  Place& place = held->place;
  const Status free = check_new_name(place, name, S_ISDIR(mode));
  if (!free) return free.error();
  auto above = node_of(place.parent);
  if (!above) return above.error();
  Stat stat;
  stat.mode = mode;
  stat.uid = caller.uid;
  stat.gid = caller.gid;
  if ((above->stat.mode & S_ISGID) != 0) {
    stat.gid = above->stat.gid;
    if (S_ISDIR(mode)) stat.mode |= S_ISGID;
  }
  stat.atime = stat.mtime = stat.ctime = clock_.wall();
  NewEntry entry{std::move(place), std::move(held->hold), std::move(*above), stat};
  inherit_acl(entry, caller.umask);
  return entry;
}

void PosixFileSystem::inherit_acl(NewEntry& entry, mode_t umask) const {
  mode_t& mode = entry.stat.mode;
  if (S_ISLNK(mode)) return;
  const Acl acl = config_.obeys_acls() ? default_acl(entry.above.info.attributes) : Acl();
  if (acl.empty()) {
    mode &= ~umask;
    return;
  }
  const Inherited inherited = inherit(acl, mode);
  mode = inherited.mode;
  if (inherited.access) entry.xattrs[std::string(kAccessAcl)] = encode_acl(*inherited.access);
  if (S_ISDIR(mode)) entry.xattrs[std::string(kDefaultAcl)] = encode_acl(acl);
}

Result<Node> PosixFileSystem::put_new(const Place& place, const Stat& stat,
                                      const store::ObjectAttributes& attributes,
                                      std::string_view body) {
  const bool directory = S_ISDIR(stat.mode);
  const store::Key key =
      directory ? directory_key(config_.prefix, place.path) : file_key(config_.prefix, place.path);
  if (const Status wanted = still_wanted(); !wanted) return wanted.error();
  MemorySource source(body);
  store::PutRequest request{key, attributes, {.absent = true}};
  request.at_once = config_.exclusive_in_store;
  const auto etag = store_.put(request, source);
  if (!etag) {
    // Where another client was first, the name was wrongly believed to be free.
    const bool wrong = etag.error().in_doubt || etag.error().err == EEXIST;
    if (wrong) known_.nodes.doubted(place.path);
    return etag.error();
  }
  if (is_shared_lock(place.path)) forget_guarded(parent_path(place.path));

  Node node;
  node.form = directory ? Form::directory_marker : Form::file;
  node.stat = stat;
  node.stat.size = directory ? kDirectorySize : body.size();
  node.info.size = body.size();
  node.info.etag = *etag;
  node.info.attributes = attributes;
  known_.nodes.stored(place.path, node);
  // The directory did not exist a moment ago, so it is empty.
  if (directory) {
    known_.nodes.made_directory(place.path);
    directory_times_.forget(place.path);
  }
  contents_changed(place.parent);
  return node;
}

void PosixFileSystem::forget_guarded(const std::string& directory) {
  known_.nodes.refresh_names(directory);
  store_.refresh(directory.empty() ? config_.prefix : directory_key(config_.prefix, directory));
}

Result<Attr> PosixFileSystem::make_object(const Place& place, std::string_view name,
                                          const Stat& stat,
                                          const store::ObjectAttributes& attributes,
                                          std::string_view body) {
  const auto node = put_new(place, stat, attributes, body);
  if (!node) return node.error();
  return told(inodes_.reference(place.parent, name, S_ISDIR(stat.mode), 1), node->stat);
}

Result<Attr> PosixFileSystem::mknod(InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                                    const Caller& caller) {
  if ((mode & S_IFMT) == 0) mode |= S_IFREG;
  auto entry = new_entry(parent, name, mode, caller);
  if (!entry) return entry.error();
  entry->stat.rdev = rdev;
  store::ObjectAttributes attributes = uploader_.new_attributes(entry->place.path, entry->stat);
  put_xattrs(entry->xattrs, attributes);
  return make_object(entry->place, name, entry->stat, attributes, "");
}

Result<Attr> PosixFileSystem::mkdir(InodeId parent, std::string_view name, mode_t mode,
                                    const Caller& caller) {
  const auto entry = new_entry(parent, name, S_IFDIR | (mode & 07777), caller);
  if (!entry) return entry.error();
  store::ObjectAttributes base;
  base.content_type = kDirectoryType;
  // Without type bits a mode of 0 would be read as no mode.
  const bool with_type_bits = (entry->stat.mode & 0777) == 0;
  store::ObjectAttributes attributes = encode(entry->stat, std::move(base), with_type_bits);
  put_xattrs(entry->xattrs, attributes);
  return make_object(entry->place, name, entry->stat, attributes, "");
}

Result<Attr> PosixFileSystem::symlink(std::string_view target, InodeId parent,
                                      std::string_view name, const Caller& caller) {
  const auto entry = new_entry(parent, name, S_IFLNK | 0777, caller);
  if (!entry) return entry.error();
  return make_object(entry->place, name, entry->stat,
                     uploader_.new_attributes(entry->place.path, entry->stat), target);
}

Result<CreateResult> PosixFileSystem::create(InodeId parent, std::string_view name, mode_t mode,
                                             int flags, const Caller& caller) {
  auto created = create_new(parent, name, mode, flags, caller);
  const bool exists = !created && created.error().err == EEXIST;
  if (!exists || (flags & O_EXCL) != 0) return created;
  // Another client has made the file since the kernel looked. Without O_EXCL this is an open.
  const auto attr = lookup(parent, name);
  if (!attr) return attr.error();
  const auto opened = open(attr->ino, flags, caller);
  if (!opened) {
    forget(attr->ino, 1);
    return opened.error();
  }
  return CreateResult{*attr, opened->handle};
}

Result<CreateResult> PosixFileSystem::create_new(InodeId parent, std::string_view name, mode_t mode,
                                                 int flags, const Caller& caller) {
  const auto entry = new_entry(parent, name, S_IFREG | (mode & 07777), caller);
  if (!entry) return entry.error();

  store::ObjectAttributes taken;
  taken.content_type = mime_.type_of(entry->place.path);
  store::ObjectAttributes attributes = taken;
  put_xattrs(entry->xattrs, attributes);
  ContentPtr content =
      FileContent::of_new_file(entry->stat, attributes, std::move(taken), making_of(flags));
  if (config_.exclusive_in_store && (flags & O_EXCL) != 0) {
    store::ObjectAttributes encoded = uploader_.new_attributes(entry->place.path, entry->stat);
    put_xattrs(entry->xattrs, encoded);
    const auto stored = put_new(entry->place, entry->stat, encoded, "");
    if (!stored) return stored.error();
    content->became_stored(stored->info.etag, encoded);
  }

  // A stale inode of that name, of a file that is gone, must not lend its number to the new one.
  const InodePtr& directory = entry->place.parent;
  if (const InodePtr old = inodes_.child(directory, name)) inodes_.detach(old);
  const InodePtr inode = inodes_.reference(directory, name, false, 1);
  CreateResult result;
  const bool writable = (flags & O_ACCMODE) != O_RDONLY;
  acquire_content(inode, std::move(content), writable);
  result.handle = add_handle(inode, flags, true);
  result.attr = told(inode, entry->stat);
  contents_changed(directory);
  return result;
}

}  // namespace pailfs::fs
