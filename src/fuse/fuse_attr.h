// SPDX-License-Identifier: Apache-2.0
// The file system's values in the kernel's words. Pure functions.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fuse_lowlevel.h>

#include "pailfs/fs/file_system.h"
#include "pailfs/fuse/kernel_caches.h"

namespace pailfs::fuse {

struct timespec to_timespec(WallTime time);
WallTime to_wall_time(const struct timespec& time);
struct stat to_stat(const fs::Attr& attr);
struct statvfs to_statvfs(const fs::StatFs& numbers);
fuse_entry_param to_entry(const fs::Attr& attr, const KernelTimes& times);
/// `which` are libfuse's FUSE_SET_ATTR_ bits; `now` stands for UTIME_NOW.
fs::SetAttr to_set_attr(const struct stat& attr, int which, WallTime now);
/// Whether the group is among the caller's supplementary groups; reads /proc.
bool is_member(fuse_req_t request, gid_t group);

}  // namespace pailfs::fuse
