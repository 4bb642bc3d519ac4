// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <random>
#include <string>

#include "pailfs/cache/disk_room.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::cache;

TEST_CASE("a local file reads as what was written, holes as zeros") {
  std::mt19937 random(7);
  // For three blocks there is memory; what does not fit goes to the disk.
  BlockMemory memory;
  WriteMemory share(memory, 3 * kBlockSize);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  constexpr std::size_t kMost = 6 * kBlockSize;
  std::string model;
  for (int round = 0; round < 500; ++round) {
    const std::size_t at = random() % (5 * kBlockSize);
    if (random() % 8 == 0) {
      model.resize(at, '\0');
      REQUIRE(file.truncate(at));
    } else {
      const std::string bytes(random() % (round % 3 == 0 ? kBlockSize : 700),
                              static_cast<char>('a' + random() % 26));
      if (model.size() < at + bytes.size()) model.resize(at + bytes.size(), '\0');
      model.replace(at, bytes.size(), bytes);
      REQUIRE(file.write(at, bytes));
    }
    std::string read(kMost, 'x');
    REQUIRE(file.read(0, read));
    std::string expected = model;
    expected.resize(kMost, '\0');
    REQUIRE(read == expected);
  }
  CHECK_FALSE(share.has_room(3 * kBlockSize));
}

TEST_CASE("dropped bytes are missed where they were and nowhere else") {
  BlockMemory memory;
  WriteMemory share(memory, 2 * kBlockSize);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  REQUIRE(file.write(0, std::string(4 * kBlockSize, 'a')));
  file.drop({kBlockSize, 3 * kBlockSize});
  CHECK(share.has_room(kBlockSize));
  CHECK(file.lacks_any());
  CHECK(file.lacks({2 * kBlockSize, 2 * kBlockSize + 1}));
  CHECK_FALSE(file.lacks({0, kBlockSize}));
  CHECK(file.present().front() == 4 * kBlockSize);
  std::string read(kBlockSize, 'x');
  CHECK_FALSE(file.read(kBlockSize, read));
  REQUIRE(file.read(3 * kBlockSize, read));
  CHECK(read == std::string(kBlockSize, 'a'));
}

TEST_CASE("without memory and without room on the disk a write is refused") {
  const LocalSpace space{"/tmp", DiskRoom{0, 0, 0}, nullptr};
  BlockFile file(space);
  const Status written = file.write(0, std::string_view("x"));
  REQUIRE_FALSE(written);
  CHECK(written.error().err == ENOSPC);
  CHECK(file.present().empty());
}

TEST_CASE("what is present is what was written and not cut off") {
  const LocalSpace space{"/tmp", {}, nullptr};
  BlockFile file(space);
  REQUIRE(file.write(10, std::string(20, 'a')));
  REQUIRE(file.truncate(15));
  CHECK(file.present().present({0, 1000}) == std::vector<Range>{{10, 15}});
  REQUIRE(file.truncate(100));
  CHECK(file.present().present({0, 1000}) == std::vector<Range>{{10, 15}});
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
