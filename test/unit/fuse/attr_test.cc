// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <functional>

#include "fuse/fuse_attr.h"
#include "support/catch.h"

namespace pailfs::fuse {

using namespace std::chrono_literals;

TEST_CASE("moments survive the way to the kernel and back, also before 1970", "[mount][attr]") {
  for (const std::chrono::nanoseconds since :
       {0ns, 1ns, 1'700'000'000'123'456'789ns, -1ns, -1'500'000'000ns}) {
    const struct timespec time = to_timespec(WallTime(since));
    CHECK(time.tv_nsec >= 0);
    CHECK(time.tv_nsec < 1'000'000'000);
    CHECK(to_wall_time(time) == WallTime(since));
  }
}

TEST_CASE("moments beyond what is kept become the nearest one that is", "[mount][attr]") {
  struct timespec time {};
  time.tv_sec = 32'503'680'000;  // the year 3000
  time.tv_nsec = 5;
  CHECK(to_timespec(to_wall_time(time)).tv_sec == 9'223'372'035);
  time.tv_sec = -time.tv_sec;
  CHECK(to_timespec(to_wall_time(time)).tv_sec == -9'223'372'035);
}

TEST_CASE("stat shows blocks of 512 bytes rounded up", "[mount][attr]") {
  for (const auto& [size, blocks] : {std::pair{0U, 0}, {1U, 1}, {512U, 1}, {513U, 2}}) {
    fs::Attr attr;
    attr.size = size;
    CHECK(to_stat(attr).st_blocks == blocks);
  }
}

TEST_CASE("an entry carries the configured times to live", "[mount][attr]") {
  mount::Config config;
  config.attribute_seconds = 3;
  config.entry_seconds = 4;
  fs::Attr attr;
  attr.ino = 9;
  attr.mode = S_IFREG | 0640;
  const fuse_entry_param entry = to_entry(attr, KernelTimes(config));
  CHECK(entry.ino == 9);
  CHECK(entry.attr.st_mode == (S_IFREG | 0640));
  CHECK(entry.attr_timeout == 3);
  CHECK(entry.entry_timeout == 4);
}

TEST_CASE("only the attributes that the kernel names are changed", "[mount][attr]") {
  struct stat wanted {};
  wanted.st_mode = S_IFREG | 04755;
  wanted.st_uid = 5;
  wanted.st_gid = 6;
  wanted.st_size = 7;
  wanted.st_atim.tv_sec = 8;
  wanted.st_mtim.tv_sec = 9;
  const WallTime now(100s);

  const fs::SetAttr none = to_set_attr(wanted, 0, now);
  CHECK_FALSE((none.mode || none.uid || none.gid || none.size || none.atime || none.mtime));

  struct Row {
    int bit;
    std::function<void(fs::SetAttr&)> set;  ///< what is expected to be named
  };
  const Row rows[] = {
      {FUSE_SET_ATTR_MODE, [](fs::SetAttr& c) { c.mode = 04755; }},
      {FUSE_SET_ATTR_UID, [](fs::SetAttr& c) { c.uid = 5; }},
      {FUSE_SET_ATTR_GID, [](fs::SetAttr& c) { c.gid = 6; }},
      {FUSE_SET_ATTR_SIZE, [](fs::SetAttr& c) { c.size = 7; }},
      {FUSE_SET_ATTR_ATIME, [](fs::SetAttr& c) { c.atime = WallTime(8s); }},
      {FUSE_SET_ATTR_MTIME, [](fs::SetAttr& c) { c.mtime = WallTime(9s); }},
      {FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW,
       [](fs::SetAttr& c) { c.atime = WallTime(100s); }},
      {FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW,
       [](fs::SetAttr& c) { c.mtime = WallTime(100s); }},
      {FUSE_SET_ATTR_MTIME_NOW, [](fs::SetAttr& c) { c.mtime = WallTime(100s); }},
      {FUSE_SET_ATTR_CTIME, [](fs::SetAttr&) {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bit);
    const fs::SetAttr change = to_set_attr(wanted, row.bit, now);
    fs::SetAttr expected;
    row.set(expected);
    CHECK(change.mode == expected.mode);
    CHECK(change.uid == expected.uid);
    CHECK(change.gid == expected.gid);
    CHECK(change.size == expected.size);
    CHECK((change.atime == expected.atime));
    CHECK((change.mtime == expected.mtime));
  }
}

TEST_CASE("statfs shows everything free", "[mount][attr]") {
  const struct statvfs shown =
      to_statvfs({.block_size = 4096, .blocks = 10, .files = 11, .name_max = 255});
  CHECK(shown.f_bsize == 4096);
  CHECK(shown.f_frsize == 4096);
  CHECK(shown.f_blocks == 10);
  CHECK(shown.f_bavail == 10);
  CHECK(shown.f_ffree == 11);
  CHECK(shown.f_namemax == 255);
}

}  // namespace pailfs::fuse
