// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <atomic>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "pailfs/cache/disk_room.h"

#include "support/beside.h"
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

TEST_CASE("what a refused write has taken is given back") {
  BlockMemory memory;
  WriteMemory share(memory, 3 * kBlockSize);
  const LocalSpace space{"/tmp", DiskRoom{0, 0, 0}, &share};
  BlockFile file(space);
  REQUIRE(file.write(10, std::string(20, 'a')));
  CHECK_FALSE(file.write(100, std::string(4 * kBlockSize, 'b')));
  CHECK(share.has_room(2 * kBlockSize));
  CHECK(file.present().present({0, UINT64_MAX}) == std::vector<Range>{{10, 30}});
  std::string read(200, 'x');
  REQUIRE(file.read(0, read));
  CHECK(read == std::string(10, '\0') + std::string(20, 'a') + std::string(170, '\0'));
}

TEST_CASE("what is forgotten leaves what was written around it") {
  const bool in_memory = GENERATE(true, false);
  BlockMemory memory;
  WriteMemory share(memory, in_memory ? 4 * kBlockSize : 0);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  REQUIRE(file.write(0, std::string(4 * kBlockSize, 'a')));
  file.forget({100, 3 * kBlockSize});
  if (in_memory) CHECK(share.has_room(2 * kBlockSize));
  const std::vector<Range> left{{0, 100}, {3 * kBlockSize, 4 * kBlockSize}};
  CHECK(file.present().present({0, UINT64_MAX}) == left);
  std::string read(4 * kBlockSize, 'x');
  REQUIRE(file.read(0, read));
  CHECK((read == std::string(100, 'a') + std::string(3 * kBlockSize - 100, '\0') +
                     std::string(kBlockSize, 'a')));
  REQUIRE(file.write(kBlockSize, std::string(10, 'c')));
  REQUIRE(file.read(kBlockSize, std::span(read).first(20)));
  CHECK(read.substr(0, 20) == std::string(10, 'c') + std::string(10, '\0'));
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

TEST_CASE("what is in memory is shown where it lies, and anything else in the scratch") {
  BlockMemory memory;
  WriteMemory share(memory, kBlockSize);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  REQUIRE(file.write(0, std::string(kBlockSize, 'm') + std::string(kBlockSize, 'd')));
  REQUIRE(file.write(4 * kBlockSize, "end"));
  std::string scratch(3 * kBlockSize, 'x');
  struct Row {
    std::uint64_t offset;
    std::string shown;
    bool in_place;
  };
  const std::vector<Row> rows{
      {0, std::string(kBlockSize, 'm'), true},
      {kBlockSize - 7, std::string(7, 'm'), true},
      {kBlockSize + 1, std::string(kBlockSize - 1, 'd'), false},
      {2 * kBlockSize, std::string(kBlockSize, '\0'), false},
  };
  for (const Row& row : rows) {
    std::string shown;
    bool in_place = false;
    const auto got = file.show(row.offset, scratch, [&](std::span<const char> bytes) {
      shown.assign(bytes.begin(), bytes.end());
      in_place = bytes.data() != scratch.data();
    });
    REQUIRE(got);
    CHECK(*got == row.shown.size());
    CHECK(shown == row.shown);
    CHECK(in_place == row.in_place);
  }
  file.drop({kBlockSize, 2 * kBlockSize});
  bool looked = false;
  CHECK_FALSE(file.show(kBlockSize, scratch, [&](std::span<const char>) { looked = true; }));
  CHECK_FALSE(looked);
}

TEST_CASE("whoever changes, cuts or drops a block waits while somebody looks at it") {
  BlockMemory memory;
  WriteMemory share(memory, 4 * kBlockSize);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  REQUIRE(file.write(0, std::string(2 * kBlockSize, 'a')));
  const std::vector<std::function<void()>> changes{
      [&] { static_cast<void>(file.write(10, "bbb")); },
      [&] { static_cast<void>(file.truncate(5)); },
      [&] {
        file.drop({0, kBlockSize});
      },
  };
  std::string scratch(kBlockSize, 'x');
  for (const auto& change : changes) {
    bool same_bytes = false;
    std::optional<test::Beside> other;
    REQUIRE(file.show(0, scratch, [&](std::span<const char> bytes) {
      const std::string before(bytes.begin(), bytes.end());
      other.emplace([&] {
        change();
        return true;
      });
      same_bytes = other->waits() && std::string(bytes.begin(), bytes.end()) == before;
    }));
    REQUIRE(other);
    CHECK(other->ends());
    CHECK(same_bytes);
  }
  CHECK(share.has_room(4 * kBlockSize));
}

TEST_CASE("what was written is looked at by several while more is written and some is dropped") {
  BlockMemory memory;
  WriteMemory share(memory, 64 * kBlockSize);
  const LocalSpace space{"/tmp", {}, &share};
  BlockFile file(space);
  constexpr std::uint64_t kBlocks = 400;
  std::atomic<std::uint64_t> written = 0;
  std::atomic<std::uint64_t> read = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      std::string scratch(kBlockSize, 'x');
      for (std::uint64_t block = 0; (block = read++) < kBlocks;) {
        while (written <= block) std::this_thread::yield();
        const char expected = static_cast<char>('a' + block % 26);
        const auto got = file.show(block * kBlockSize, scratch, [&](std::span<const char> bytes) {
          for (const char byte : bytes) wrong += byte != expected ? 1 : 0;
        });
        if (!got || *got != kBlockSize) ++wrong;
        file.drop({block * kBlockSize, (block + 1) * kBlockSize});
      }
    });
  }
  for (std::uint64_t block = 0; block < kBlocks; ++block) {
    const std::string bytes(kBlockSize, static_cast<char>('a' + block % 26));
    if (!file.write(block * kBlockSize, bytes)) ++wrong;
    ++written;
  }
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(share.has_room(64 * kBlockSize));
}
