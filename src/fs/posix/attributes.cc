// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/text.h"

#include "fs/format/posix_acl.h"
#include "posix_file_system.h"
#include "set_ids.h"

namespace pailfs::fs {
namespace {

void apply(const SetAttr& change, WallTime now, Stat& stat) {
  if (change.mode) stat.mode = (stat.mode & S_IFMT) | (*change.mode & 07777);
  if (change.uid) stat.uid = *change.uid;
  if (change.gid) stat.gid = *change.gid;
  if (change.atime) stat.atime = *change.atime;
  if (change.mtime) stat.mtime = *change.mtime;
  stat.ctime = now;
}

}  // namespace

Result<Attr> PosixFileSystem::setattr(InodeId ino, const SetAttr& change) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (read_only_) return Error{EROFS, "mounted read-only"};
  const auto held = hold(*inode);
  if (!held) return held.error();
  if (const auto attr = setattr_removed(*inode, change)) return *attr;
  return (*inode)->directory ? setattr_directory(*inode, change) : setattr_file(*inode, change);
}

std::optional<Attr> PosixFileSystem::setattr_removed(const InodePtr& inode, const SetAttr& change) {
  Stat stat;
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->removed || inode->content) return std::nullopt;
    apply(change, clock_.wall(), *inode->removed);
    stat = *inode->removed;
  }
  return told(inode, stat);
}

Result<Attr> PosixFileSystem::setattr_file(const InodePtr& inode, const SetAttr& change) {
  const WallTime now = clock_.wall();
  const auto path = inodes_.path(inode);
  const auto change_content = [&](FileContent& content) -> Status {
    if (path && !change.size && content.is_stored() && !content.is_dirty()) {
      Stat wanted = content.stat();
      apply(change, now, wanted);
      if (says_already(content.attributes(), wanted) &&
          known_.nodes.set_ctime_if_known(*path, now)) {
        content.confirm_attributes(wanted);
        return {};
      }
    }
    if (change.size) {
      const Status done = resize(content, *change.size);
      if (!done) return done;
    }
    Stat stat = content.stat();
    if (change.size) stat.mtime = now;
    apply(change, now, stat);
    store::ObjectAttributes attributes = content.attributes();
    if (change.mode) follow_mode(attributes, stat.mode);
    if (change.size) stat.mode = mode_after_write(stat.mode, stat.gid, change.by);
    content.change_attributes(stat, std::move(attributes), change.atime || change.mtime);
    return {};
  };
  const bool may_wait = !change.size || change.by_handle;
  const Status changed = change_file(inode, change_content, may_wait, change.size.has_value());
  if (!changed) return changed.error();
  if (change.size) {
    MutexLock lock(inode->content_mutex);
    inode->kernel.resized(*change.size);
  }
  return attr_of(inode);
}

Status PosixFileSystem::change_file(const InodePtr& inode,
                                    const std::function<Status(FileContent&)>& change,
                                    bool may_wait, bool resizes) {
  MutexLock changing(inode->object_mutex);
  if (!acquire_unstored(inode, false)) {
    // The file is open and unchanged, or not open at all. The change starts from this node unless a
    // handle still shares its content.
    auto node = content_node(inode);
    if (!node) {
      const auto path = path_of(inode);
      if (!path) return path.error();
      auto found = fresh_node(*path);
      if (!found) return found.error();
      if (found->form != Form::file)
        return Error{ESTALE, printable(*path) + ": is a directory now"};
      if (const Status same = check_type(inode, found->stat); !same) return same;
      node = std::move(*found);
    }
    acquire_content(inode, FileContent::of_stored(*node), false);
  }
  const Status whole = resizes ? upload_to_read_back(inode, {0, UINT64_MAX}) : Status();
  const Status changed = whole ? change_acquired(inode, change, may_wait) : whole;
  release_content(inode, false);
  return changed;
}

Status PosixFileSystem::change_acquired(const InodePtr& inode,
                                        const std::function<Status(FileContent&)>& change,
                                        bool may_wait) {
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  FileContent::Before before;
  bool was_dirty = false;
  bool bytes_first = false;
  {
    MutexLock lock(inode->content_mutex);
    FileContent& content = *inode->content;
    before = content.before_change();
    was_dirty = content.is_dirty();
    if (const Status changed = change(content); !changed) return changed;
    // While a writer has the file open and unstored, the change is stored with its bytes, unless
    // the store may refuse it: then the program that makes the change must get the error, not the
    // one that closes the file.
    const bool fits = surely_fit(content.attributes());
    const bool rides = content.has_writers() && (was_dirty || content.has_unstored_bytes());
    if (may_wait && rides && fits) return {};
    bytes_first = may_wait && was_dirty && !fits;
    if (bytes_first) content.take_back_attributes(before);
  }
  const Status stored = uploader_.store(inode);
  if (bytes_first) return stored ? change_acquired(inode, change, false) : stored;
  if (!stored && !was_dirty) {
    // Nothing was acknowledged, so the file is again as before, equal to the stored version.
    MutexLock lock(inode->content_mutex);
    inode->content->take_back(before);
  }
  return stored;
}

Status PosixFileSystem::resize(FileContent& content, std::uint64_t size) const {
  if (size > content.stat().size) {
    if (const Status possible = check_growth(content, size, size); !possible) return possible;
  }
  return content.truncate(size);
}

Result<Attr> PosixFileSystem::setattr_directory(const InodePtr& inode, const SetAttr& change) {
  if (change.size) return Error{EISDIR, "is a directory"};
  MutexLock changing(inode->object_mutex);
  const auto path = path_of(inode);
  if (!path) return path.error();
  auto node = fresh_node(*path);
  if (!node) return node.error();
  if (!is_directory(node->form)) return Error{ESTALE, printable(*path) + ": is a file now"};
  const auto contents = add_contents_change(*path, node->stat);
  apply(change, clock_.wall(), node->stat);
  const bool acl_follows = change.mode && follow_mode(node->info.attributes, node->stat.mode);
  const bool so_already = !acl_follows && node->form == Form::directory_marker &&
                          says_already(node->info.attributes, node->stat) &&
                          known_.nodes.set_ctime_if_known(*path, node->stat.ctime);
  if (const Status wanted = still_wanted(); !wanted) return wanted.error();
  const Status written = so_already ? Status() : write_directory(*path, *node);
  if (written && contents) directory_times_.stored(*path, *contents);
  changing.unlock();
  if (!written) return written.error();
  return attr_of(inode);
}

Status PosixFileSystem::write_directory(const std::string& path, Node node) {
  const store::Key key = directory_key(config_.prefix, path);
  store::ObjectAttributes attributes = encode(node.stat, node.info.attributes);
  if (node.form != Form::directory_marker) attributes.content_type = kDirectoryType;
  Result<store::ETag> etag = Error{};
  const bool has_object =
      node.form == Form::directory_marker || node.form == Form::directory_object;
  if (has_object && node.info.size > 0) {
    // The copy keeps the bytes that a program has put into a directory's object.
    const store::Key source =
        node.form == Form::directory_marker ? key : file_key(config_.prefix, path);
    ObjectCopier copier(config_, store_, pool_);
    etag =
        copier.copy({source, key, node.info.etag, node.info.size, attributes}, config_.no_copy_api);
  } else {
    MemorySource nothing("");
    etag = store_.put({.key = key, .attributes = attributes}, nothing);
  }
  if (!etag && etag.error().in_doubt) known_.nodes.doubted(path);
  if (!etag) return etag.error();
  if (node.form == Form::directory_object) {
    const Status removed = store_.remove(file_key(config_.prefix, path));
    if (!removed) return removed.error().with("remove the directory's old object");
  }
  node.form = Form::directory_marker;
  node.info.etag = *etag;
  node.info.attributes = attributes;
  known_.nodes.stored(path, node);
  return {};
}

}  // namespace pailfs::fs
