// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <random>
#include <string>

#include "pailfs/cache/disk_room.h"

#include "support/catch.h"

using namespace pailfs;
using pailfs::cache::BlockFile;

TEST_CASE("a local file reads as what was written, holes as zeros") {
  std::mt19937 random(7);
  auto file = BlockFile::create("/tmp");
  REQUIRE(file);
  std::string model;
  for (int round = 0; round < 500; ++round) {
    const std::size_t at = random() % 5000;
    if (random() % 8 == 0) {
      model.resize(at, '\0');
      REQUIRE((*file)->truncate(at));
    } else {
      const std::string bytes(random() % 700, static_cast<char>('a' + random() % 26));
      if (model.size() < at + bytes.size()) model.resize(at + bytes.size(), '\0');
      model.replace(at, bytes.size(), bytes);
      REQUIRE((*file)->write(at, bytes));
    }
    std::string read(6000, 'x');
    REQUIRE((*file)->read(0, read));
    std::string expected = model;
    expected.resize(6000, '\0');
    REQUIRE(read == expected);
  }
}

TEST_CASE("what is present is what was written and not cut off") {
  auto file = BlockFile::create("/tmp");
  REQUIRE(file);
  REQUIRE((*file)->write(10, std::string(20, 'a')));
  REQUIRE((*file)->truncate(15));
  CHECK((*file)->present().all() == std::vector<Range>{{10, 15}});
  REQUIRE((*file)->truncate(100));
  CHECK((*file)->present().all() == std::vector<Range>{{10, 15}});
}

TEST_CASE("room on the disk is what is free beyond what is to be kept") {
  using pailfs::cache::DiskRoom;
  using pailfs::cache::leaves_room;
  CHECK(leaves_room({}, 10, 100, 10));
  CHECK_FALSE(leaves_room({}, 10, 100, 11));
  CHECK(leaves_room(DiskRoom{4, 0, {}}, 10, 100, 6));
  CHECK_FALSE(leaves_room(DiskRoom{4, 0, {}}, 10, 100, 7));
  CHECK_FALSE(leaves_room(DiskRoom{11, 0, {}}, 10, 100, 0));
  CHECK(leaves_room(DiskRoom{0, 5, {}}, 10, 100, 5));
  CHECK_FALSE(leaves_room(DiskRoom{0, 5, {}}, 10, 100, 6));
  CHECK(leaves_room(DiskRoom{4, 0, 1000}, 10, 100, 996));
  CHECK_FALSE(leaves_room(DiskRoom{0, 0, 0}, 10, 100, 1));
  CHECK_FALSE(DiskRoom{}.limited());
  CHECK(DiskRoom{0, 0, 0}.limited());
}
