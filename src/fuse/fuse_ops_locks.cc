// SPDX-License-Identifier: Apache-2.0
// Advisory locks, where the file system keeps them (locks=bucket).
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "pailfs/fuse/request_counts.h"

#include "fuse_ops.h"
#include "fuse_reply.h"
#include "lock_waits.h"

namespace pailfs::fuse {
namespace {

fs::Lock record_of(const struct flock& asked, const fuse_file_info& info) {
  fs::Lock lock;
  lock.kind = fs::LockKind::record;
  lock.type = asked.l_type == F_RDLCK ? fs::LockType::shared : fs::LockType::exclusive;
  lock.range.first = static_cast<std::uint64_t>(asked.l_start);
  // libfuse has turned an end into a length, 0 for all.
  if (asked.l_len > 0) {
    lock.range.last = lock.range.first + static_cast<std::uint64_t>(asked.l_len) - 1;
  }
  lock.owner = info.lock_owner;
  lock.pid = asked.l_pid;
  return lock;
}

struct flock told(const fs::Lock& lock) {
  struct flock told {};
  told.l_type = lock.type == fs::LockType::shared ? F_RDLCK : F_WRLCK;
  told.l_whence = SEEK_SET;
  told.l_start = static_cast<off_t>(lock.range.first);
  const bool all = lock.range.last == fs::LockRange::kEnd;
  told.l_len = all ? 0 : static_cast<off_t>(lock.range.last - lock.range.first + 1);
  told.l_pid = lock.pid;
  return told;
}

void getlk(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info, struct flock* asked) {
  Reply reply(request, "getlk", ino);
  if (!reply.begins()) return;
  const auto found = reply.files().find_lock(info->fh, record_of(*asked, *info));
  if (!found) return reply.fail(found.error());
  struct flock answer = *asked;
  answer.l_type = F_UNLCK;
  if (const auto& other = *found) answer = told(*other);
  reply.lock(answer);
}

void take(std::shared_ptr<Reply> reply, fuse_ino_t ino, const fuse_file_info& info,
          const fs::Lock& wanted, bool waits) {
  LockWait wait;
  wait.reply = std::move(reply);
  wait.ino = ino;
  wait.handle = info.fh;
  wait.wanted = wanted;
  LockWaits& all = *wait.reply->adapter().lock_waits;
  if (waits) return all.begin(std::move(wait));
  if (LockWaits::attempt(wait)) return;
  wait.reply->fail(Error(EAGAIN, "locked"));
}

void give_back(Reply& reply, fuse_ino_t ino, const fuse_file_info& info, const fs::Lock& lock) {
  reply.status(reply.files().unlock(info.fh, lock));
  reply.adapter().lock_waits->wake(ino);
}

void setlk(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info, struct flock* asked,
           int waits) {
  auto reply = std::make_shared<Reply>(request, Verb("setlk"), ino);
  if (!reply->begins()) return;
  const fs::Lock lock = record_of(*asked, *info);
  if (asked->l_type == F_UNLCK) return give_back(*reply, ino, *info, lock);
  take(std::move(reply), ino, *info, lock, waits != 0);
}

void flock(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info, int operation) {
  auto reply = std::make_shared<Reply>(request, Verb("flock"), ino);
  if (!reply->begins()) return;
  fs::Lock lock;
  lock.kind = fs::LockKind::whole;
  const int what = operation & ~LOCK_NB;
  lock.type = what == LOCK_SH ? fs::LockType::shared : fs::LockType::exclusive;
  if (what == LOCK_UN) return give_back(*reply, ino, *info, lock);
  take(std::move(reply), ino, *info, lock, (operation & LOCK_NB) == 0);
}

}  // namespace

void add_lock_operations(fuse_lowlevel_ops& table) {
  table.getlk = guarded<getlk>;
  table.setlk = guarded<setlk>;
  table.flock = guarded<flock>;
}

}  // namespace pailfs::fuse
