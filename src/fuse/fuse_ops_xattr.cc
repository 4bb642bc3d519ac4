// SPDX-License-Identifier: Apache-2.0
#include <sys/xattr.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/fuse/kernel_caches.h"

#include "fuse_attr.h"
#include "fuse_ops.h"
#include "fuse_reply.h"

namespace pailfs::fuse {
namespace {

constexpr std::string_view kStatusName = "user.pailfs.status";
constexpr std::string_view kRefreshName = "user.pailfs.refresh";
/// The status may grow between the caller's question for its size and the one with a buffer.
constexpr std::size_t kStatusSlack = 1024;

/// Both reading verbs: size 0 asks how much there is.
void answer(Reply& reply, std::string_view value, std::size_t size) {
  if (size == 0) return reply.xattr_size(value.size());
  if (value.size() > size) return reply.fail(Error(ERANGE, "the caller's buffer is too small"));
  reply.bytes(value);
}

/// An access control list that the kernel does not check by must not be taken or shown.
bool is_unenforced_acl(const Reply& reply, std::string_view name) {
  return name.starts_with("system.posix_acl_") && !reply.adapter().kernel_obeys_acls;
}
const Error kUnenforced(EOPNOTSUPP, "access control lists are not in force in this mount");

void getxattr(fuse_req_t request, fuse_ino_t ino, const char* name, std::size_t size) {
  Reply reply(request, "getxattr", ino, name);
  if (!reply.begins()) return;
  const Instruments& instruments = reply.adapter().instruments;
  if (ino == FUSE_ROOT_ID && name == kStatusName && instruments.status) {
    const std::string status = instruments.status();
    if (size == 0) return reply.xattr_size(status.size() + kStatusSlack);
    return answer(reply, status, size);
  }
  if (is_unenforced_acl(reply, name)) return reply.fail(kUnenforced);
  const Result<std::string> value = reply.files().getxattr(ino, name);
  if (!value) return reply.fail(value.error());
  answer(reply, *value, size);
}

void listxattr(fuse_req_t request, fuse_ino_t ino, std::size_t size) {
  Reply reply(request, "listxattr", ino);
  if (!reply.begins()) return;
  const Result<std::vector<std::string>> names = reply.files().listxattr(ino);
  if (!names) return reply.fail(names.error());
  std::string joined;
  for (const std::string& name : *names) joined.append(name).push_back('\0');
  answer(reply, joined, size);
}

/// The value is not looked at, and nothing is stored.
void refresh(Reply& reply, fuse_ino_t ino) {
  KernelCaches* const caches = reply.adapter().instruments.caches;
  if (caches == nullptr) return reply.fail(Error(EOPNOTSUPP, "this mount cannot be refreshed"));
  const auto refreshed = caches->refresh_at_once(reply.files(), ino);
  reply.status(refreshed ? Status() : Status(refreshed.error()));
}

void setxattr(fuse_req_t request, fuse_ino_t ino, const char* name, const char* value,
              std::size_t size, int flags) {
  Reply reply(request, "setxattr", ino, name);
  if (!reply.begins()) return;
  if (name == kRefreshName) return refresh(reply, ino);
  // Not ENOSYS, after which the kernel would never ask again.
  if (!reply.adapter().config.use_xattr)
    return reply.fail(Error(EOPNOTSUPP, "extended attributes are off"));
  if (is_unenforced_acl(reply, name)) return reply.fail(kUnenforced);
  fs::XattrMode mode = fs::XattrMode::any;
  if ((flags & XATTR_CREATE) != 0) mode = fs::XattrMode::create;
  if ((flags & XATTR_REPLACE) != 0) mode = fs::XattrMode::replace;
  reply.status(
      reply.files().setxattr(ino, name, std::string_view(value, size), mode, reply.caller()));
}

void removexattr(fuse_req_t request, fuse_ino_t ino, const char* name) {
  Reply reply(request, "removexattr", ino, name);
  if (!reply.begins()) return;
  reply.status(reply.files().removexattr(ino, name));
}

}  // namespace

void add_refresh_operation(fuse_lowlevel_ops& table) {
  table.setxattr = guarded<setxattr>;
}

void add_xattr_operations(fuse_lowlevel_ops& table) {
  add_refresh_operation(table);
  table.getxattr = guarded<getxattr>;
  table.listxattr = guarded<listxattr>;
  table.removexattr = guarded<removexattr>;
}

}  // namespace pailfs::fuse
