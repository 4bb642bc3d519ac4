// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"
#include "pailfs/util/text.h"

#include "fs/format/posix_acl.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

const Error kSwitchedOff{ENOTSUP, "extended attributes are off: mount with -o use_xattr"};

/// Extended attributes in those of the object at `path`, which is for messages.
Result<Xattrs> xattrs_in(const store::ObjectAttributes& attributes,
                         const std::optional<std::string>& path) {
  const std::string* header = find_metadata(attributes, "xattr");
  if (header == nullptr) return Xattrs{};
  auto xattrs = decode_xattrs(*header);
  if (xattrs) return xattrs;
  return xattrs.error().with(path ? printable(*path) : "a removed file");
}

Status no_lists() {
  return Error{ENOTSUP, "access control lists are off: umask= says who may do what"};
}

/// The kernel's rule for who may keep set-group-id when an access list changes.
bool keeps_set_gid(const Caller& caller, gid_t group) {
  return caller.uid == 0 || caller.gid == group || (caller.in_group && caller.in_group(group));
}

Status set_acl(bool is_access, std::string_view value, const Caller& caller, Xattrs& xattrs,
               Stat& stat) {
  if (is_access) {
    const Status set = set_access_acl(value, xattrs, stat.mode);
    if (set && !keeps_set_gid(caller, stat.gid)) stat.mode &= ~static_cast<mode_t>(S_ISGID);
    return set;
  }
  if (!S_ISDIR(stat.mode)) return Error{EACCES, "only a directory has a default list"};
  const auto acl = decode_acl(value);
  if (!acl) return acl.error();
  xattrs.erase(std::string(kDefaultAcl));
  if (!acl->empty()) xattrs[std::string(kDefaultAcl)] = encode_acl(*acl);
  return {};
}

}  // namespace

Result<Xattrs> PosixFileSystem::xattrs_of(const InodePtr& inode) {
  if (!config_.use_xattr) return kSwitchedOff;
  const auto node = node_of(inode);
  if (!node) return node.error();
  return xattrs_in(node->info.attributes, inodes_.path(inode));
}

Status PosixFileSystem::change_xattrs(const InodePtr& inode, const ChangeXattrs& change) {
  if (!config_.use_xattr) return kSwitchedOff;
  if (read_only_) return Error{EROFS, "mounted read-only"};
  // For messages; asked before the content is locked, which is inside the table's lock.
  const auto name = inodes_.path(inode);
  const auto changed = [&](store::ObjectAttributes& attributes, Stat& stat) -> Status {
    auto xattrs = xattrs_in(attributes, name);
    if (!xattrs) return xattrs.error();
    const Status done = change(*xattrs, stat);
    if (done) put_xattrs(*xattrs, attributes);
    return done;
  };
  const auto held = hold(inode);
  if (!held) return held.error();
  if (!inode->directory) {
    return change_file(
        inode,
        [&](FileContent& content) -> Status {
          store::ObjectAttributes attributes = content.attributes();
          Stat stat = content.stat();
          if (const Status done = changed(attributes, stat); !done) return done;
          stat.ctime = clock_.wall();
          content.change_attributes(stat, std::move(attributes), false);
          return {};
        },
        true);
  }
  MutexLock changing(inode->object_mutex);
  const auto path = path_of(inode);
  if (!path) return path.error();
  auto node = fresh_node(*path);
  if (!node) return node.error();
  const Status done = changed(node->info.attributes, node->stat);
  if (!done) return done;
  const auto contents = add_contents_change(*path, node->stat);
  node->stat.ctime = clock_.wall();
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  const Status written = write_directory(*path, *node);
  if (written && contents) directory_times_.stored(*path, *contents);
  return written;
}

Result<std::string> PosixFileSystem::getxattr(InodeId ino, std::string_view name) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (is_acl(name) && config_.use_xattr && !config_.obeys_acls()) return no_lists().error();
  const auto xattrs = xattrs_of(*inode);
  if (!xattrs) return xattrs.error();
  const auto found = xattrs->find(std::string(name));
  if (found == xattrs->end()) return Error{ENODATA, printable(name) + ": no such attribute"};
  return found->second;
}

Result<std::vector<std::string>> PosixFileSystem::listxattr(InodeId ino) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  const auto xattrs = xattrs_of(*inode);
  if (!xattrs) return xattrs.error();
  std::vector<std::string> names;
  for (const auto& [name, value] : *xattrs) {
    if (!is_acl(name) || config_.obeys_acls()) names.push_back(name);
  }
  return names;
}

Status PosixFileSystem::setxattr(InodeId ino, std::string_view name, std::string_view value,
                                 XattrMode mode, const Caller& caller) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  if (is_acl(name) && config_.use_xattr && !config_.obeys_acls()) return no_lists();
  return change_xattrs(*inode, [&](Xattrs& xattrs, Stat& stat) -> Status {
    const bool exists = xattrs.contains(std::string(name));
    if (exists && mode == XattrMode::create) return Error{EEXIST, "attribute exists"};
    if (!exists && mode == XattrMode::replace) return Error{ENODATA, "no such attribute"};
    if (is_acl(name)) return set_acl(name == kAccessAcl, value, caller, xattrs, stat);
    xattrs[std::string(name)] = std::string(value);
    return {};
  });
}

Status PosixFileSystem::removexattr(InodeId ino, std::string_view name) {
  const auto inode = find_inode(ino);
  if (!inode) return inode.error();
  // On local file systems it is success to remove a list that does not exist, and tar relies on it.
  if (is_acl(name)) {
    const auto xattrs = xattrs_of(*inode);
    if (!xattrs) return xattrs.error();
    if (!xattrs->contains(std::string(name))) return {};
  }
  return change_xattrs(*inode, [&](Xattrs& xattrs, Stat& /*stat*/) -> Status {
    if (xattrs.erase(std::string(name)) == 0) return Error{ENODATA, "no such attribute"};
    return {};
  });
}

}  // namespace pailfs::fs
