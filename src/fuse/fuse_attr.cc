// SPDX-License-Identifier: Apache-2.0
#include "fuse_attr.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace pailfs::fuse {
namespace {

constexpr blksize_t kBlockSize = 4096;  // as in s3fs
constexpr std::uint64_t kStatBlock = 512;

}  // namespace

struct timespec to_timespec(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  struct timespec result {};
  result.tv_sec = static_cast<time_t>(seconds.count());
  result.tv_nsec = static_cast<decltype(result.tv_nsec)>((since - seconds).count());
  return result;
}

WallTime to_wall_time(const struct timespec& time) {
  // Nanoseconds since 1970 fit 64 bits from 1677 to 2262; times beyond become the nearest of these.
  constexpr std::int64_t kLimit = 9'223'372'035;
  const std::int64_t seconds = std::clamp<std::int64_t>(time.tv_sec, -kLimit, kLimit);
  const long nanoseconds = seconds == time.tv_sec ? time.tv_nsec : 0;
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

struct stat to_stat(const fs::Attr& attr) {
  struct stat result {};
  result.st_ino = attr.ino;
  result.st_mode = attr.mode;
  result.st_nlink = attr.nlink;
  result.st_uid = attr.uid;
  result.st_gid = attr.gid;
  result.st_rdev = attr.rdev;
  result.st_size = static_cast<off_t>(attr.size);
  result.st_blksize = kBlockSize;
  result.st_blocks =
      static_cast<blkcnt_t>(attr.size / kStatBlock + (attr.size % kStatBlock != 0 ? 1 : 0));
  result.st_atim = to_timespec(attr.atime);
  result.st_mtim = to_timespec(attr.mtime);
  result.st_ctim = to_timespec(attr.ctime);
  return result;
}

struct statvfs to_statvfs(const fs::StatFs& numbers) {
  struct statvfs result {};
  result.f_bsize = numbers.block_size;
  result.f_frsize = numbers.block_size;
  result.f_blocks = numbers.blocks;
  result.f_bfree = numbers.blocks;
  result.f_bavail = numbers.blocks;
  result.f_files = numbers.files;
  result.f_ffree = numbers.files;
  result.f_favail = numbers.files;
  result.f_namemax = numbers.name_max;
  return result;
}

fuse_entry_param to_entry(const fs::Attr& attr, const KernelTimes& times) {
  fuse_entry_param entry{};
  entry.ino = attr.ino;
  entry.generation = attr.generation;
  entry.attr = to_stat(attr);
  // With no time to live the kernel asks for attributes before it uses any.
  entry.attr_timeout = attr.complete ? times.attributes.load() : 0;
  entry.entry_timeout = times.entries;
  return entry;
}

fs::SetAttr to_set_attr(const struct stat& attr, int which, WallTime now) {
  fs::SetAttr change;
  if ((which & FUSE_SET_ATTR_MODE) != 0) change.mode = attr.st_mode & 07777U;
  if ((which & FUSE_SET_ATTR_UID) != 0) change.uid = attr.st_uid;
  if ((which & FUSE_SET_ATTR_GID) != 0) change.gid = attr.st_gid;
  if ((which & FUSE_SET_ATTR_SIZE) != 0) change.size = static_cast<std::uint64_t>(attr.st_size);
  // The kernel sets the plain bit beside the _NOW bit; then its own idea of the time is only a
  // hint.
  if ((which & FUSE_SET_ATTR_ATIME) != 0) change.atime = to_wall_time(attr.st_atim);
  if ((which & FUSE_SET_ATTR_ATIME_NOW) != 0) change.atime = now;
  if ((which & FUSE_SET_ATTR_MTIME) != 0) change.mtime = to_wall_time(attr.st_mtim);
  if ((which & FUSE_SET_ATTR_MTIME_NOW) != 0) change.mtime = now;
  return change;
}

bool is_member(fuse_req_t request, gid_t group) {
  std::vector<gid_t> groups(64);
  for (;;) {
    const int count = fuse_req_getgroups(request, static_cast<int>(groups.size()), groups.data());
    if (count < 0) return false;
    if (static_cast<std::size_t>(count) > groups.size()) {
      groups.resize(static_cast<std::size_t>(count));
      continue;
    }
    const auto end = groups.begin() + count;
    return std::find(groups.begin(), end, group) != end;
  }
}

}  // namespace pailfs::fuse
