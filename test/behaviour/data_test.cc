// SPDX-License-Identifier: Apache-2.0
// Bytes: what is written is read, here and in the bucket, whatever the order of the calls.
#include <fcntl.h>

#include <algorithm>

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

constexpr std::size_t kMiB = 1U << 20U;

TEST_CASE("what is written is read back before, at and after the close") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string text = pattern(300'000);
  const auto fd = posix.open("f", O_RDWR | O_CREAT, 0644);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, text)) == 0);
  CHECK((*posix.pread(*fd, 1'000, 5'000) == text.substr(1'000, 5'000)));
  CHECK(posix.fstat(*fd)->size == text.size());
  CHECK(posix.stat("f")->size == text.size());
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((file_text(posix, "f") == text));
  CHECK((object(*world, "f")->bytes == text));
  world->remount();
  CHECK((file_text(world->posix(), "f") == text));
}

TEST_CASE("a read ends at the end of the file") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "f", pattern(10'000)) == 0);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  CHECK(posix.pread(*fd, 9'990, 100)->size() == 10);
  CHECK(posix.pread(*fd, 10'000, 100)->empty());
  CHECK(posix.pread(*fd, 1'000'000, 100)->empty());
  CHECK(posix.pread(*fd, 0, 10'000)->size() == 10'000);
  CHECK(err(posix.close(*fd)) == 0);
}

TEST_CASE("fsync stores what has been written so far") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_WRONLY | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "first")) == 0);
  REQUIRE(err(posix.fsync(*fd)) == 0);
  CHECK(object(*world, "f")->bytes == "first");
  REQUIRE(err(posix.pwrite(*fd, 5, " second")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(object(*world, "f")->bytes == "first second");
}

TEST_CASE("two handles of one file see each other's writes") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "f", "0123456789") == 0);
  const auto a = posix.open("f", O_RDWR);
  const auto b = posix.open("f", O_RDWR);
  REQUIRE(err(a) == 0);
  REQUIRE(err(b) == 0);
  REQUIRE(err(posix.pwrite(*a, 2, "AA")) == 0);
  CHECK(*posix.pread(*b, 0, 10) == "01AA456789");
  REQUIRE(err(posix.pwrite(*b, 6, "BBBBBB")) == 0);
  CHECK(*posix.pread(*a, 0, 20) == "01AA45BBBBBB");
  CHECK(posix.fstat(*a)->size == 12);
  REQUIRE(err(posix.close(*a)) == 0);
  CHECK(object(*world, "f")->bytes == "01AA45BBBBBB");
  REQUIRE(err(posix.close(*b)) == 0);
  CHECK(object(*world, "f")->bytes == "01AA45BBBBBB");
}

TEST_CASE("O_APPEND writes at the end, O_TRUNC empties, both seen in the bucket") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "f", "base") == 0);
  auto fd = posix.open("f", O_WRONLY | O_APPEND);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.write(*fd, "+one")) == 0);
  REQUIRE(err(posix.write(*fd, "+two")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(object(*world, "f")->bytes == "base+one+two");
  CHECK(file_text(posix, "f") == "base+one+two");
  SECTION("truncated and written") {
    REQUIRE(write_file(posix, "f", "new") == 0);
    CHECK(object(*world, "f")->bytes == "new");
  }
  SECTION("truncated and closed") {
    fd = posix.open("f", O_WRONLY | O_TRUNC);
    REQUIRE(err(fd) == 0);
    CHECK(posix.fstat(*fd)->size == 0);
    REQUIRE(err(posix.close(*fd)) == 0);
    CHECK(object(*world, "f")->bytes.empty());
    CHECK(posix.stat("f")->size == 0);
  }
}

TEST_CASE("truncate shortens, and extends with zeros") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string text = pattern(50'000);
  REQUIRE(put_object(*world, "f", text) == 0);
  const std::uint64_t size = GENERATE(0U, 1U, 49'999U, 50'000U, 50'001U, 200'000U);
  CAPTURE(size);
  std::string expected = text;
  expected.resize(size);
  SECTION("by path: stored when the call returns") {
    REQUIRE(err(posix.truncate("f", size)) == 0);
    CHECK((object(*world, "f")->bytes == expected));
  }
  SECTION("on an open file: stored at close") {
    const auto fd = posix.open("f", O_RDWR);
    REQUIRE(err(fd) == 0);
    REQUIRE(err(posix.ftruncate(*fd, size)) == 0);
    CHECK(posix.fstat(*fd)->size == size);
    REQUIRE(err(posix.close(*fd)) == 0);
    CHECK((object(*world, "f")->bytes == expected));
  }
  CHECK(posix.stat("f")->size == size);
  CHECK((file_text(posix, "f") == expected));
}

TEST_CASE("bytes cut off by truncate do not come back when the file grows again") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "f", "0123456789") == 0);
  const auto fd = posix.open("f", O_RDWR);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.ftruncate(*fd, 4)) == 0);
  REQUIRE(err(posix.ftruncate(*fd, 8)) == 0);
  CHECK((*posix.pread(*fd, 0, 100) == std::string("0123\0\0\0\0", 8)));
  REQUIRE(err(posix.pwrite(*fd, 9, "x")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((object(*world, "f")->bytes == std::string("0123\0\0\0\0\0x", 10)));
}

TEST_CASE("a hole is read and stored as zeros") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_RDWR | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 100'000, "end")) == 0);
  REQUIRE(err(posix.pwrite(*fd, 10, "start")) == 0);
  std::string expected(100'003, '\0');
  expected.replace(10, 5, "start");
  expected.replace(100'000, 3, "end");
  CHECK((*posix.pread(*fd, 0, 200'000) == expected));
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((object(*world, "f")->bytes == expected));
}

TEST_CASE("a write into the middle of a small object keeps the rest") {
  const auto world = open_world();
  Driver& posix = world->posix();
  std::string expected = pattern(100'000);
  REQUIRE(put_object(*world, "f", expected, {"text/x-own", {{"own", "1"}}, {}}) == 0);
  const auto fd = posix.open("f", O_WRONLY);
  REQUIRE(err(fd) == 0);
  for (const std::size_t at : {70'000U, 3U, 99'999U}) {
    REQUIRE(err(posix.pwrite(*fd, at, "###")) == 0);
    expected.replace(at, 3, "###");
  }
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((object(*world, "f")->bytes == expected));
  CHECK(meta(*world, "f", "own") == "1");
}

TEST_CASE("large files are written in parts, in any order") {
  WorldOptions options;
  options.multipart_size = 5 * kMiB;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  const std::string text = pattern(12 * kMiB + 345);
  const auto fd = posix.open("f", O_WRONLY | O_CREAT, 0600);
  REQUIRE(err(fd) == 0);
  SECTION("from the start") {
    REQUIRE(err(posix.pwrite(*fd, 0, text)) == 0);
  }
  SECTION("from the end, in pieces that are not parts") {
    constexpr std::size_t kPiece = 700'001;
    for (std::size_t at = (text.size() - 1) / kPiece * kPiece;; at -= kPiece) {
      REQUIRE(err(posix.pwrite(*fd, at, std::string_view(text).substr(at, kPiece))) == 0);
      if (at == 0) break;
    }
  }
  SECTION("twice, with an fsync in between") {
    REQUIRE(err(posix.pwrite(*fd, 0, std::string(text.size(), 'x'))) == 0);
    REQUIRE(err(posix.fsync(*fd)) == 0);
    REQUIRE(err(posix.pwrite(*fd, 0, text)) == 0);
  }
  SECTION("with the head changed at the end") {
    REQUIRE(err(posix.pwrite(*fd, 0, "wrong head")) == 0);
    REQUIRE(err(posix.pwrite(*fd, 10, std::string_view(text).substr(10))) == 0);
    REQUIRE(err(posix.pwrite(*fd, 0, std::string_view(text).substr(0, 10))) == 0);
  }
  REQUIRE(err(posix.close(*fd)) == 0);
  const auto stored = object(*world, "f");
  REQUIRE(stored);
  CHECK((stored->bytes == text));
  CHECK(meta(*world, "f", "mode") == "33152");
  CHECK((file_text(posix, "f") == text));
  const auto uploads = world->bucket().list_uploads("", {});
  REQUIRE(err(uploads) == 0);
  CHECK(uploads->uploads.empty());
}

TEST_CASE("overwriting the middle of a large object keeps everything around it") {
  WorldOptions options;
  options.multipart_size = 5 * kMiB;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  std::string expected = pattern(23 * kMiB);
  REQUIRE(put_object(*world, "f", expected, {"", {{"mode", "33188"}, {"own", "1"}}, {}}) == 0);
  struct Write {
    std::size_t at;
    std::size_t size;
  };
  std::vector<Write> writes;
  SECTION("a few bytes") {
    writes = {{11 * kMiB, 16}};
  }
  SECTION("the first and the last byte") {
    writes = {{0, 1}, {23 * kMiB - 1, 1}};
  }
  SECTION("across a part's edge") {
    writes = {{10 * kMiB - 5, 10}};
  }
  SECTION("many places") {
    writes = {{1, 1}, {6 * kMiB, 7}, {6 * kMiB + 9, 2}, {22 * kMiB, 100}};
  }
  SECTION("an append") {
    writes = {{23 * kMiB, 100}};
  }
  const auto fd = posix.open("f", O_RDWR);
  REQUIRE(err(fd) == 0);
  for (const Write& write : writes) {
    const std::string bytes = pattern(write.size, write.at);
    REQUIRE(err(posix.pwrite(*fd, write.at, bytes)) == 0);
    expected.resize(std::max(expected.size(), write.at + write.size));
    expected.replace(write.at, write.size, bytes);
  }
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((object(*world, "f")->bytes == expected));
  CHECK(meta(*world, "f", "own") == "1");
  CHECK((file_text(posix, "f") == expected));
}

TEST_CASE("a large object is read right from any place") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string text = pattern(17 * kMiB + 1);
  REQUIRE(put_object(*world, "f", text) == 0);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  for (const std::size_t at : {16 * kMiB, 0 * kMiB, 5 * kMiB - 1, 8 * kMiB, 17 * kMiB, 3 * kMiB}) {
    CAPTURE(at);
    CHECK((*posix.pread(*fd, at, 100'000) == text.substr(at, 100'000)));
  }
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK((file_text(posix, "f") == text));
}

}  // namespace
}  // namespace pailfs::test
