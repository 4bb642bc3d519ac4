// SPDX-License-Identifier: Apache-2.0
// Open files. The handle number travels in fuse_file_info::fh.
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "caller_descriptors.h"
#include "fuse_attr.h"
#include "fuse_ops.h"
#include "fuse_reply.h"
#include "lock_waits.h"

namespace pailfs::fuse {
namespace {

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
void pass_through(Reply& reply, fuse_ino_t ino, const UniqueFd& whole, fuse_file_info& info) {
  Passthrough::Begin begin;
  if (whole) {
    begin = [&] {
      int backing = 0;
      reply.with_request(
          [&](fuse_req_t request) { backing = fuse_passthrough_open(request, whole.get()); });
      return backing;
    };
  }
  info.backing_id = reply.adapter().passthrough.opened(ino, begin);
  // The kernel refuses keep_cache together with a backing file, for which it has no pages.
  if (info.backing_id > 0) info.keep_cache = 0;
}
void pass_no_longer(Reply& reply, fuse_ino_t ino) {
  reply.adapter().passthrough.released(ino, [&](int backing) {
    reply.with_request([&](fuse_req_t request) { fuse_passthrough_close(request, backing); });
  });
}
#else
void pass_through(Reply&, fuse_ino_t, const UniqueFd&, fuse_file_info&) {}
void pass_no_longer(Reply&, fuse_ino_t) {}
#endif

void open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Reply reply(request, "open", ino);
  if (!reply.begins()) return;
  Adapter& adapter = reply.adapter();
  const mount::Config& config = adapter.config;
  fs::FileSystem& files = adapter.files;
  adapter.read_ahead.settle();
  const Result<fs::OpenResult> opened = files.open(ino, info->flags, reply.caller());
  if (!opened) return reply.fail(opened.error());
  info->fh = opened->handle;
  // With kernel_cache the kernel itself drops pages of a file that shows another size or time.
  const bool keeps = config.kernel_cache && !opened->attributes_changed;
  info->keep_cache = opened->keep_page_cache || keeps ? 1U : 0U;
  info->direct_io = config.direct_io ? 1U : 0U;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 11)
  // A handle through which nothing can change has nothing to flush: one request less per file.
  // But each close ends record locks.
  const bool changes_nothing =
      (info->flags & O_ACCMODE) == O_RDONLY && (info->flags & O_TRUNC) == 0 && !files.keeps_locks();
  info->noflush = changes_nothing ? 1U : 0U;
#endif
  pass_through(reply, ino, opened->whole, *info);
  if (opened->attributes_changed) invalidate_attributes(adapter, ino);
  if (reply.opened(*info)) return;
  adapter.passthrough.unanswered(ino);
  files.release(opened->handle);
}

void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode,
            fuse_file_info* info) {
  Reply reply(request, "create", parent, name);
  if (!reply.begins()) return;
  Adapter& adapter = reply.adapter();
  const Result<fs::CreateResult> created =
      adapter.files.create(parent, name, mode, info->flags, reply.caller());
  if (!created) return reply.fail(created.error());
  info->fh = created->handle;
  info->direct_io = adapter.config.direct_io ? 1U : 0U;
  if (reply.created(to_entry(created->attr, adapter.times), *info)) return;
  adapter.files.release(created->handle);
  adapter.files.forget(created->attr.ino, 1);
}

void read(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset,
          fuse_file_info* info) {
  Reply reply(request, "read", ino);
  if (!reply.begins()) return;
  const Result<fs::ReadBytes> bytes =
      reply.files().read(info->fh, static_cast<std::uint64_t>(offset), size);
  if (!bytes) return reply.fail(bytes.error());
  reply.bytes(*bytes);
}

fs::WriteOrigin origin_of(const fuse_file_info& info, const fs::Caller& caller) {
  // The kernel writes pages of a mapping through any handle, at their own place in the file.
  if (info.writepage != 0) return {};
  return {.appends = (info.flags & O_APPEND) != 0,
          .direct = (info.flags & O_DIRECT) != 0,
          .by = &caller};
}

// write_buf would save nothing: without splice libfuse has the bytes in memory already.
void write(fuse_req_t request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* info) {
  Reply reply(request, "write", ino);
  if (!reply.begins()) return;
  const fs::Caller caller = reply.caller();
  const fs::WriteOrigin origin = origin_of(*info, caller);
  if (origin.by == nullptr) reply.concerns_others();
  const Result<std::size_t> count = reply.files().write(
      info->fh, static_cast<std::uint64_t>(offset), std::span(bytes, size), origin);
  if (!count) return reply.fail(count.error());
  // After an asynchronous direct write the kernel would keep older pages and times.
  if (origin.direct) invalidate_attributes(reply.adapter(), ino);
  reply.written(*count);
}

void fallocate(fuse_req_t request, fuse_ino_t ino, int mode, off_t offset, off_t length,
               fuse_file_info* info) {
  Reply reply(request, "fallocate", ino);
  if (!reply.begins()) return;
  constexpr int kZero = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((mode & ~(kZero | FALLOC_FL_KEEP_SIZE)) != 0)
    return reply.fail(Error(EOPNOTSUPP, "no such change of a file's bytes"));
  fs::Allocation what;
  what.offset = static_cast<std::uint64_t>(offset);
  what.size = static_cast<std::uint64_t>(length);
  what.zero = (mode & kZero) != 0;
  what.grows = (mode & FALLOC_FL_KEEP_SIZE) == 0;
  reply.status(reply.files().allocate(info->fh, what, reply.caller()));
}

void flush(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Reply reply(request, "flush", ino);
  if (!reply.begins()) return;
  CallerDescriptors* const descriptors = reply.adapter().descriptors;
  const auto has_another_open = [&](std::uint64_t file) {
    return descriptors != nullptr && descriptors->has_another_open(reply.caller().pid, file);
  };
  fs::FileSystem& files = reply.files();
  Status flushed = files.flush(info->fh, has_another_open);
  if (files.keeps_locks()) {
    Status ended = files.end_locks(info->fh, info->lock_owner);
    if (flushed) flushed = std::move(ended);
    reply.adapter().lock_waits->wake(ino);
  }
  reply.status(flushed);
}

void fsync(fuse_req_t request, fuse_ino_t ino, int /*data_only*/, fuse_file_info* info) {
  Reply reply(request, "fsync", ino);
  if (!reply.begins()) return;
  reply.status(reply.files().fsync(info->fh));
}

void release(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Reply reply(request, "release", ino);
  if (!reply.begins()) return;
  pass_no_longer(reply, ino);
  reply.files().release(info->fh);
  if (LockWaits* const waits = reply.adapter().lock_waits) waits->wake(ino);
  reply.done();
}

}  // namespace

void add_file_operations(fuse_lowlevel_ops& table) {
  table.open = guarded<open>;
  table.create = guarded<create>;
  table.read = guarded<read>;
  table.write = guarded<write>;
  table.fallocate = guarded<fallocate>;
  table.flush = guarded<flush>;
  table.fsync = guarded<fsync>;
  table.release = guarded<release>;
}

}  // namespace pailfs::fuse
