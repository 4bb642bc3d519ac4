// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/disk_blocks.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/cache/block_memory.h"

#include "support/catch.h"
#include "support/scratch_directory.h"

namespace pailfs::cache {
namespace {

using test::ScratchDirectory;

constexpr std::uint64_t kMuch = 1U << 30U;

DiskBlocks::Config config(const std::string& directory, std::uint64_t limit = kMuch) {
  // Whatever the machine has: 10 % of its file system is less than this.
  return {directory, "store", limit, {0, 0, std::uint64_t{1} << 60U}, 65536};
}

std::string block_of(char letter) {
  return std::string(kBlockSize, letter);
}

/// The block, "" when it is not kept.
std::string read(DiskBlocks& disk, const DiskBlocks::Identity& identity, std::uint64_t index) {
  std::string bytes(std::min(kBlockSize, identity.size - index * kBlockSize), '\0');
  const auto version = disk.find(identity);
  return version && version->read(index, bytes.data()) ? bytes : "";
}

void write(DiskBlocks& disk, const DiskBlocks::Identity& identity, std::uint64_t index,
           const std::string& bytes) {
  const auto version = disk.make(identity);
  REQUIRE(version);
  version->write(index, bytes.data());
}

/// The files of versions.
std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (name != "usage" && name != "lock") files.push_back(entry.path().string());
  }
  return files;
}

/// The one file of the directory whose name ends with .index, or does not.
std::string file_in(const std::string& directory, bool index) {
  for (const std::string& file : files_in(directory)) {
    if (file.ends_with(".index") == index) return file;
  }
  return {};
}

const DiskBlocks::Identity kThree{"key\n\"etag\"", 2 * kBlockSize + 5};

TEST_CASE("what was forgotten is not brought back by who had it open or fetched it before") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path()));
  const auto old = disk.make(kThree);
  REQUIRE(old);
  old->write(0, block_of('o').data());
  disk.forget(kThree);
  CHECK_FALSE(disk.make(kThree, [] { return false; }));
  CHECK(files_in(scratch.path()).empty());
  write(disk, kThree, 1, block_of('n'));
  write(disk, kThree, 2, "12345");
  // Of files that are gone: it counts for nothing that is there now.
  old->write(0, block_of('o').data());
  std::string bytes(kBlockSize, '\0');
  static_cast<void>(old->read(0, bytes.data()));
  CHECK(read(disk, kThree, 0).empty());
  CHECK_FALSE(disk.whole(kThree));
  write(disk, kThree, 0, block_of('n'));
  CHECK(disk.whole(kThree));
}

TEST_CASE("a block kept on disk is there for the next mount, and only for its version") {
  const ScratchDirectory scratch;
  {
    DiskBlocks disk(config(scratch.path()));
    CHECK(read(disk, kThree, 0).empty());
    write(disk, kThree, 1, block_of('b'));
    write(disk, kThree, 2, "12345");
    CHECK(read(disk, kThree, 1) == block_of('b'));
  }
  DiskBlocks disk(config(scratch.path()));
  CHECK(read(disk, kThree, 0).empty());
  CHECK(read(disk, kThree, 1) == block_of('b'));
  CHECK(read(disk, kThree, 2) == "12345");
  CHECK(read(disk, {"key\n\"other\"", kThree.size}, 1).empty());
  CHECK(read(disk, {kThree.text, kThree.size + 1}, 1).empty());
}

TEST_CASE("the files of kept blocks are nobody else's to read") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path()));
  write(disk, kThree, 0, block_of('a'));
  const auto files = files_in(scratch.path());
  CHECK(files.size() == 2);
  for (const std::string& file : files) {
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
  }
}

TEST_CASE("what is damaged on disk is missing, and can be kept again") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path()));
  write(disk, kThree, 0, block_of('a'));
  write(disk, kThree, 1, block_of('b'));
  const std::string data = file_in(scratch.path(), false);
  const std::string index = file_in(scratch.path(), true);
  const auto overwrite = [](const std::string& file, std::uint64_t at, const std::string& bytes) {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(write_fully(fd.get(), bytes, at));
  };

  SECTION("one byte of a block") {
    overwrite(data, 77, "x");
    CHECK(read(disk, kThree, 0).empty());
    CHECK(read(disk, kThree, 1) == block_of('b'));
  }
  SECTION("a block at another's place, with its checksum") {
    const auto bytes = read_file(index, 1U << 20U);
    REQUIRE(bytes);
    overwrite(data, 0, block_of('b'));
    overwrite(index, 4096, bytes->substr(4096 + 8, 8));
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("bytes that never reached the disk") {
    REQUIRE(::truncate(data.c_str(), 100) == 0);
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("a hole where a block was") {
    REQUIRE(::truncate(data.c_str(), 0) == 0);
    REQUIRE(::truncate(data.c_str(), static_cast<off_t>(kThree.size)) == 0);
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("checksums that never reached the disk") {
    REQUIRE(::truncate(index.c_str(), 4096) == 0);
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("an index that is another's") {
    overwrite(index, 30, "?");
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("an index that is empty") {
    REQUIRE(::truncate(index.c_str(), 0) == 0);
    CHECK(read(disk, kThree, 0).empty());
  }
  SECTION("no bytes") {
    REQUIRE(::unlink(data.c_str()) == 0);
    CHECK(read(disk, kThree, 0).empty());
  }
  write(disk, kThree, 0, block_of('n'));
  CHECK(read(disk, kThree, 0) == block_of('n'));
}

TEST_CASE("the versions used longest ago make room for others, in the next mount too") {
  const ScratchDirectory scratch;
  // Two blocks and two indexes fit, a third does not.
  constexpr std::uint64_t kLimit = 2 * kBlockSize + kBlockSize / 2;
  const std::array<DiskBlocks::Identity, 4> ids{
      {{"a", kBlockSize}, {"b", kBlockSize}, {"c", kBlockSize}, {"d", kBlockSize}}};
  {
    DiskBlocks disk(config(scratch.path(), kLimit));
    write(disk, ids[0], 0, block_of('a'));
    write(disk, ids[1], 0, block_of('b'));
    CHECK(read(disk, ids[0], 0) == block_of('a'));  // b is the oldest now
    write(disk, ids[2], 0, block_of('c'));
    CHECK(read(disk, ids[1], 0).empty());
    CHECK(read(disk, ids[0], 0) == block_of('a'));
    CHECK(disk.size() <= kLimit);
  }
  DiskBlocks disk(config(scratch.path(), kLimit));
  CHECK(read(disk, ids[2], 0) == block_of('c'));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a tick of the kernel's file times
  CHECK(read(disk, ids[0], 0) == block_of('a'));               // the last one used
  write(disk, ids[3], 0, block_of('d'));
  CHECK(read(disk, ids[2], 0).empty());
  CHECK(read(disk, ids[0], 0) == block_of('a'));
  CHECK(disk.size() <= kLimit);
}

TEST_CASE("a version larger than the bound keeps what came first") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path(), 2 * kBlockSize + kBlockSize / 2));
  const DiskBlocks::Identity large{"large", 9 * kBlockSize};
  for (std::uint64_t i = 0; i < 9; ++i) write(disk, large, i, block_of('l'));
  std::string kept;
  for (std::uint64_t i = 0; i < 9; ++i) kept += read(disk, large, i).empty() ? '-' : 'l';
  CHECK(kept == "ll-------");
}

TEST_CASE("no more versions are kept than allowed") {
  const ScratchDirectory scratch;
  DiskBlocks::Config few = config(scratch.path());
  few.most_versions = 3;
  DiskBlocks disk(few);
  for (int i = 0; i < 10; ++i) write(disk, {std::to_string(i), 4}, 0, "four");
  CHECK(files_in(scratch.path()).size() == 6);
  CHECK(read(disk, {"9", 4}, 0) == "four");
}

TEST_CASE("nothing is kept where a tenth of the disk, at most 10 GiB, is not free") {
  const ScratchDirectory scratch;
  struct statvfs info {};
  REQUIRE(::statvfs(scratch.path().c_str(), &info) == 0);
  const std::uint64_t stays_free =
      std::min<std::uint64_t>(info.f_blocks * info.f_frsize / 10, std::uint64_t{10} << 30U);
  const bool enough = GENERATE(false, true);
  INFO(enough);
  DiskBlocks::Config full = config(scratch.path());
  full.room.pretended_free = stays_free + (enough ? kBlockSize : kBlockSize - 1);
  DiskBlocks disk(full);
  write(disk, kThree, 0, block_of('a'));
  CHECK(read(disk, kThree, 0).empty() != enough);
  CHECK(disk.without_room() == (enough ? 0 : 1));
}

TEST_CASE("a version is given as a file when each of its blocks was seen to be right") {
  const ScratchDirectory scratch;
  {
    DiskBlocks disk(config(scratch.path()));
    write(disk, kThree, 0, block_of('a'));
    write(disk, kThree, 2, "12345");
    CHECK_FALSE(disk.whole(kThree));
    write(disk, kThree, 1, block_of('b'));
    CHECK(disk.whole(kThree));
  }
  DiskBlocks disk(config(scratch.path()));
  CHECK_FALSE(disk.whole(kThree));
  for (std::uint64_t i = 0; i < 3; ++i) CHECK_FALSE(read(disk, kThree, i).empty());
  const UniqueFd whole = disk.whole(kThree);
  REQUIRE(whole);
  std::string bytes(3 * kBlockSize, '?');
  const auto size = read_fully(whole.get(), bytes, 0);
  REQUIRE(size);
  CHECK(bytes.substr(0, *size) == block_of('a') + block_of('b') + "12345");
}

TEST_CASE("a disk that others have filled costs nothing that is kept") {
  const ScratchDirectory scratch;
  struct statvfs info {};
  REQUIRE(::statvfs(scratch.path().c_str(), &info) == 0);
  const DiskBlocks::Identity first{"first", kBlockSize};
  const DiskBlocks::Identity second{"second", kBlockSize};
  const DiskBlocks::Identity third{"third", kBlockSize};
  {
    DiskBlocks disk(config(scratch.path()));
    write(disk, first, 0, block_of('a'));
    write(disk, second, 0, block_of('b'));
  }
  auto full = config(scratch.path());
  full.room.keep_free = info.f_blocks * info.f_frsize;  // more than a tenth
  const std::uint64_t lacking = GENERATE(as<std::uint64_t>{}, 1, 100) * kBlockSize;
  full.room.pretended_free = full.room.keep_free + kBlockSize - lacking;
  DiskBlocks disk(full);
  write(disk, third, 0, block_of('c'));
  const bool others = lacking > 3 * kBlockSize;
  const auto is_there = [&](const auto& version) { return read(disk, version, 0).empty() ? 0 : 1; };
  CHECK(is_there(first) + is_there(second) == (others ? 2 : 1));
  CHECK(is_there(third) == (others ? 0 : 1));
}

TEST_CASE("two mounts keep blocks of one directory, within one bound, and each bucket its own") {
  const ScratchDirectory scratch;
  constexpr std::uint64_t kLimit = 3 * kBlockSize + kBlockSize / 2;
  DiskBlocks one(config(scratch.path(), kLimit));
  DiskBlocks two(config(scratch.path(), kLimit));
  auto elsewhere = config(scratch.path(), kLimit);
  elsewhere.store = "another store";
  DiskBlocks other(elsewhere);
  write(one, {"a", kBlockSize}, 0, block_of('a'));
  CHECK(read(two, {"a", kBlockSize}, 0) == block_of('a'));
  CHECK(read(other, {"a", kBlockSize}, 0).empty());
  write(other, {"a", kBlockSize}, 0, block_of('o'));
  CHECK(read(one, {"a", kBlockSize}, 0) == block_of('a'));
  write(two, {"b", kBlockSize}, 0, block_of('b'));
  CHECK(one.size() <= kLimit);
  CHECK(one.size() == two.size());
  // The one used longest ago goes, also when the other mount has written it.
  write(one, {"c", kBlockSize}, 0, block_of('c'));
  CHECK(read(one, {"a", kBlockSize}, 0).empty() != read(other, {"a", kBlockSize}, 0).empty());
  CHECK(read(two, {"c", kBlockSize}, 0) == block_of('c'));
  CHECK(two.size() <= kLimit);

  other.clear();
  CHECK(read(other, {"a", kBlockSize}, 0).empty());
  CHECK(read(one, {"c", kBlockSize}, 0) == block_of('c'));
  one.forget({"c", kBlockSize});
  CHECK(read(two, {"c", kBlockSize}, 0).empty());
}

TEST_CASE("a file that another mount has removed and made anew is not taken for whole") {
  const ScratchDirectory scratch;
  DiskBlocks one(config(scratch.path()));
  DiskBlocks two(config(scratch.path()));
  for (std::uint64_t i = 0; i < 2; ++i) write(one, kThree, i, block_of('a'));
  write(one, kThree, 2, "12345");
  CHECK(one.whole(kThree));
  two.forget(kThree);
  CHECK_FALSE(one.whole(kThree));
  write(two, kThree, 2, "12345");
  CHECK_FALSE(one.whole(kThree));
  CHECK_FALSE(two.whole(kThree));
}

TEST_CASE("one of several fetches a block, the others hear when it has ended") {
  const ScratchDirectory scratch;
  DiskBlocks one(config(scratch.path()));
  DiskBlocks two(config(scratch.path()));
  auto first = one.make(kThree);
  CHECK(first->claim(0, 2));
  const auto second = two.make(kThree);
  CHECK_FALSE(second->claim(1, 2));
  CHECK(second->claim(2, 1));
  const auto third = one.make(kThree);
  CHECK_FALSE(third->claim(0, 1));
  first.reset();
  CHECK(third->claim(0, 2));
}

TEST_CASE("processes that are killed while they keep blocks harm no other and no byte") {
  const ScratchDirectory scratch;
  constexpr std::uint64_t kLimit = 40 * kBlockSize;
  const auto letter_of = [](std::uint64_t file, std::uint64_t index) {
    return static_cast<char>('a' + (file * 7 + index) % 26);
  };
  // A child reads and keeps blocks of ten versions until it is killed; 1 if it sees a wrong byte.
  const auto work = [&](unsigned seed) {
    DiskBlocks disk(config(scratch.path(), kLimit));
    std::string bytes(kBlockSize, '\0');
    for (std::uint64_t i = seed;; i = i * 6364136223846793005ULL + 1442695040888963407ULL) {
      const std::uint64_t file = (i >> 33U) % 10;
      const std::uint64_t index = (i >> 40U) % 8;
      const DiskBlocks::Identity id{"file" + std::to_string(file), 8 * kBlockSize};
      const std::string right(kBlockSize, letter_of(file, index));
      if (const auto version = disk.find(id); version && version->read(index, bytes.data())) {
        if (bytes != right) ::_exit(1);
      } else if (const auto made = disk.make(id); made && made->claim(index, 1)) {
        made->write(index, right.data());
      }
      if (const UniqueFd whole = disk.whole(id)) {
        for (std::uint64_t at = 0; at < 8; ++at) {
          const auto got = read_fully(whole.get(), bytes, at * kBlockSize);
          if (!got || bytes != std::string(kBlockSize, letter_of(file, at))) ::_exit(1);
        }
      }
    }
  };
  std::vector<pid_t> children;
  const auto start = [&](unsigned seed) {
    const pid_t child = ::fork();
    if (child == 0) work(seed);
    children.push_back(child);
  };
  for (unsigned i = 0; i < 4; ++i) start(i + 1);
  for (unsigned round = 0; round < 40; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const pid_t victim = children.at(round % children.size());
    ::kill(victim, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(victim, &status, 0) == victim);
    CHECK(WIFSIGNALED(status));
    std::erase(children, victim);
    start(round + 100);
  }
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }
  DiskBlocks disk(config(scratch.path(), kLimit));
  CHECK(disk.size() <= kLimit);
  const auto version = disk.make({"file0", 8 * kBlockSize});
  CHECK(version->claim(0, 8));
  version->write(0, block_of(letter_of(0, 0)).data());
  CHECK(read(disk, {"file0", 8 * kBlockSize}, 0) == block_of(letter_of(0, 0)));
}

TEST_CASE("an identity too long for its index and an empty object are not kept") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path()));
  CHECK_FALSE(disk.make({std::string(5000, 'k'), 10}));
  CHECK_FALSE(disk.make({"k", 0}));
  CHECK(files_in(scratch.path()).empty());
}

TEST_CASE("threads that keep, read and push each other out never see a wrong byte") {
  const ScratchDirectory scratch;
  DiskBlocks disk(config(scratch.path(), 20 * kBlockSize));
  std::atomic<int> wrong = 0;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::string bytes(kBlockSize, '\0');
      for (unsigned i = 0; i < 200; ++i) {
        const char letter = static_cast<char>('a' + (i * 7 + t) % 5);
        const std::uint64_t index = (i + t) % 6;
        const DiskBlocks::Identity id{std::string(1, letter), 6 * kBlockSize};
        const std::string mine(kBlockSize, static_cast<char>(letter + static_cast<char>(index)));
        if (const auto version = disk.find(id); version && version->read(index, bytes.data())) {
          (bytes == mine ? right : wrong) += 1;
        } else if (const auto made = disk.make(id)) {
          made->write(index, mine.data());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(right > 0);
}

}  // namespace
}  // namespace pailfs::cache
