// SPDX-License-Identifier: Apache-2.0
// Names and attributes: everything that needs no open file.
#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <chrono>
#include <span>

#include "pailfs/fuse/greetings.h"
#include "pailfs/fuse/kernel_caches.h"

#include "caller_descriptors.h"
#include "fuse_attr.h"
#include "fuse_ops.h"
#include "fuse_reply.h"

namespace pailfs::fuse {
namespace {

/// The answer of every verb that makes or finds a name: the kernel owns one lookup count more, or,
/// when it did not take the answer, the count goes back.
void answer_entry(Reply& reply, const Result<fs::Attr>& attr) {
  if (!attr) return reply.fail(attr.error());
  Adapter& adapter = reply.adapter();
  if (!reply.entry(to_entry(*attr, adapter.times))) adapter.files.forget(attr->ino, 1);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Reply reply(request, "lookup", parent, name);
  if (!reply.begins()) return;
  Adapter& adapter = reply.adapter();
  Greetings* const greetings = adapter.instruments.greetings;
  if (greetings != nullptr && parent == FUSE_ROOT_ID && greetings->take(name)) {
    return reply.fail(Error(ENOENT, "a greeting"));
  }
  const Result<fs::Attr> attr = adapter.files.lookup(parent, name);
  if (!attr && attr.error().err == ENOENT && adapter.times.absences > 0) {
    fuse_entry_param absent{};
    absent.entry_timeout = adapter.times.absences;
    if (adapter.instruments.caches != nullptr) adapter.instruments.caches->told_absent();
    // A negative entry hands over no lookup count, so none is taken back.
    static_cast<void>(reply.entry(absent));
    return;
  }
  answer_entry(reply, attr);
}

void forget(fuse_req_t request, fuse_ino_t ino, std::uint64_t count) {
  Reply reply(request, "forget", ino);
  reply.files().forget(ino, count);
  reply.none();
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  Reply reply(request, "forget", 0);
  for (const fuse_forget_data& one : std::span(forgets, count)) {
    reply.files().forget(one.ino, one.nlookup);
  }
  reply.none();
}

void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info* /*info*/) {
  Reply reply(request, "getattr", ino);
  if (!reply.begins()) return;
  CallerDescriptors* const descriptors = reply.adapter().descriptors;
  const auto at_end = [&](std::uint64_t file, std::uint64_t size) {
    return descriptors != nullptr ? descriptors->reads_at_end(reply.caller().pid, file, size)
                                  : std::nullopt;
  };
  const Result<fs::Attr> attr = reply.files().getattr(ino, at_end);
  if (!attr) return reply.fail(attr.error());
  reply.attr(to_stat(*attr), reply.adapter().times.attributes);
}

void setattr(fuse_req_t request, fuse_ino_t ino, struct stat* wanted, int which,
             fuse_file_info* info) {
  Reply reply(request, "setattr", ino);
  if (!reply.begins()) return;
  fs::SetAttr change = to_set_attr(*wanted, which, std::chrono::system_clock::now());
  change.by_handle = info != nullptr;
  if (change.size) change.by = reply.caller();
  const Result<fs::Attr> attr = reply.files().setattr(ino, change);
  if (!attr) return reply.fail(attr.error());
  reply.attr(to_stat(*attr), reply.adapter().times.attributes);
}

void readlink(fuse_req_t request, fuse_ino_t ino) {
  Reply reply(request, "readlink", ino);
  if (!reply.begins()) return;
  const Result<std::string> target = reply.files().readlink(ino);
  if (!target) return reply.fail(target.error());
  reply.link_target(target->c_str());
}

void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev) {
  Reply reply(request, "mknod", parent, name);
  if (!reply.begins()) return;
  answer_entry(reply, reply.files().mknod(parent, name, mode, rdev, reply.caller()));
}

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  Reply reply(request, "mkdir", parent, name);
  if (!reply.begins()) return;
  answer_entry(reply, reply.files().mkdir(parent, name, mode, reply.caller()));
}

void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  Reply reply(request, "symlink", parent, name);
  if (!reply.begins()) return;
  answer_entry(reply, reply.files().symlink(target, parent, name, reply.caller()));
}

void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Reply reply(request, "unlink", parent, name);
  if (!reply.begins()) return;
  reply.status(reply.files().unlink(parent, name));
}

void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Reply reply(request, "rmdir", parent, name);
  if (!reply.begins()) return;
  reply.status(reply.files().rmdir(parent, name));
}

void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags) {
  Reply reply(request, "rename", parent, name);
  if (!reply.begins()) return;
  if ((flags & ~unsigned{RENAME_NOREPLACE}) != 0) {
    return reply.fail(Error(EINVAL, "rename flags other than RENAME_NOREPLACE"));
  }
  reply.status(
      reply.files().rename(parent, name, new_parent, new_name, (flags & RENAME_NOREPLACE) != 0));
}

void link(fuse_req_t request, fuse_ino_t ino, fuse_ino_t /*new_parent*/, const char* new_name) {
  // Without this verb the answer would be ENOSYS; s3fs says EOPNOTSUPP, which tools know.
  Reply reply(request, "link", ino, new_name);
  if (!reply.begins()) return;
  reply.fail(Error(EOPNOTSUPP, "hard links cannot be stored"));
}

void statfs(fuse_req_t request, fuse_ino_t ino) {
  Reply reply(request, "statfs", ino);
  if (!reply.begins()) return;
  reply.statfs(to_statvfs(reply.files().statfs()));
}

}  // namespace

void add_node_operations(fuse_lowlevel_ops& table) {
  table.lookup = guarded<lookup>;
  table.forget = guarded<forget>;
  table.forget_multi = guarded<forget_multi>;
  table.getattr = guarded<getattr>;
  table.setattr = guarded<setattr>;
  table.readlink = guarded<readlink>;
  table.mknod = guarded<mknod>;
  table.mkdir = guarded<mkdir>;
  table.symlink = guarded<symlink>;
  table.unlink = guarded<unlink>;
  table.rmdir = guarded<rmdir>;
  table.rename = guarded<rename>;
  table.link = guarded<link>;
  table.statfs = guarded<statfs>;
}

}  // namespace pailfs::fuse
