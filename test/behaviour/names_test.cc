// SPDX-License-Identifier: Apache-2.0
// Making, removing and renaming names.
#include <fcntl.h>

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("names that are in the way or missing give the errors of POSIX") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(write_file(posix, "d/f", "x") == 0);
  REQUIRE(err(posix.mkdir("empty")) == 0);
  CHECK(err(posix.mkdir("d")) == EEXIST);
  CHECK(err(posix.mkdir("d/f")) == EEXIST);
  CHECK(err(posix.rmdir("d")) == ENOTEMPTY);
  CHECK(err(posix.rmdir("d/f")) == ENOTDIR);
  CHECK(err(posix.rmdir("none")) == ENOENT);
  CHECK(err(posix.unlink("d")) == EISDIR);
  CHECK(err(posix.unlink("none")) == ENOENT);
  CHECK(err(posix.stat("none")) == ENOENT);
  CHECK(err(posix.stat("none/deeper")) == ENOENT);
  CHECK(err(posix.stat("d/f/deeper")) == ENOTDIR);
  CHECK(err(posix.open("d/f", O_WRONLY | O_CREAT | O_EXCL)) == EEXIST);
  CHECK(err(posix.open("d", O_WRONLY)) == EISDIR);
  CHECK(err(posix.open("none", O_RDONLY)) == ENOENT);
  CHECK(err(posix.symlink("t", "d")) == EEXIST);
  CHECK(err(posix.readlink("d/f")) == EINVAL);
  CHECK(err(posix.rename("none", "x")) == ENOENT);
  CHECK(err(posix.rename("d/f", "empty")) == EISDIR);
  CHECK(err(posix.rename("empty", "d/f")) == ENOTDIR);
  CHECK(err(posix.rename("empty", "d")) == ENOTEMPTY);
  CHECK(err(posix.rename("d", "d/sub")) == EINVAL);
  CHECK(err(posix.mkdir("none/d")) == ENOENT);
  CHECK(err(posix.mkdir(std::string(1'025, 'n'))) == ENAMETOOLONG);
  CHECK(keys(*world) == Names{"d/", "d/f", "empty/"});
}

TEST_CASE("a name of 256 bytes is too long to be made, and when it is missing to be asked for") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string good(255, 'n');
  const std::string bad(256, 'n');
  REQUIRE(write_file(posix, good, "x") == 0);
  CHECK(write_file(posix, bad, "x") == ENAMETOOLONG);
  CHECK(err(posix.mkdir(bad)) == ENAMETOOLONG);
  CHECK(err(posix.symlink("t", bad)) == ENAMETOOLONG);
  CHECK(err(posix.mknod(bad, S_IFIFO | 0600)) == ENAMETOOLONG);
  CHECK(err(posix.rename(good, bad)) == ENAMETOOLONG);
  CHECK(err(posix.stat(bad)) == ENAMETOOLONG);
  CHECK(err(posix.unlink(bad)) == ENAMETOOLONG);
  CHECK(err(posix.rmdir(bad)) == ENAMETOOLONG);
  CHECK(err(posix.rename(good, std::string(255, 'm'))) == 0);
  CHECK(keys(*world) == Names{std::string(255, 'm')});
}

TEST_CASE("a path whose key has more than 1024 bytes is refused as too long") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string part(200, 'p');
  std::string path = part;
  for (int depth = 1; depth < 5; ++depth) {
    REQUIRE(err(posix.mkdir(path)) == 0);
    path += "/" + part;
  }
  REQUIRE(err(posix.mkdir(path)) == 0);  // 1004 bytes and a slash
  CHECK(write_file(posix, path + "/" + std::string(18, 'f'), "x") == 0);
  CHECK(write_file(posix, path + "/" + std::string(20, 'f'), "x") == ENAMETOOLONG);
  CHECK(err(posix.mkdir(path + "/" + std::string(19, 'd'))) == ENAMETOOLONG);
}

TEST_CASE("rmdir and unlink take the object away") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(write_file(posix, "d/f", "x") == 0);
  REQUIRE(err(posix.symlink("t", "d/l")) == 0);
  REQUIRE(err(posix.unlink("d/l")) == 0);
  REQUIRE(err(posix.unlink("d/f")) == 0);
  CHECK(names_in(posix, "d").empty());
  REQUIRE(err(posix.rmdir("d")) == 0);
  CHECK(err(posix.stat("d")) == ENOENT);
  CHECK(keys(*world).empty());
}

TEST_CASE("rmdir does not remove a directory that somebody else has just filled") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  CHECK(names_in(posix, "d").empty());
  REQUIRE(put_object(*world, "d/foreign", "x") == 0);
  world->let_caches_expire();
  CHECK(err(world->posix().rmdir("d")) == ENOTEMPTY);
  CHECK(object(*world, "d/foreign"));
}

TEST_CASE("a file that is unlinked while open lives until it is closed and is not stored again") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_RDWR | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "before")) == 0);
  SECTION("never stored") {}
  SECTION("stored before") {
    REQUIRE(err(posix.fsync(*fd)) == 0);
  }
  REQUIRE(err(posix.unlink("f")) == 0);
  CHECK(err(posix.stat("f")) == ENOENT);
  CHECK(names_in(posix, "").empty());
  REQUIRE(err(posix.pwrite(*fd, 6, " after")) == 0);
  CHECK(*posix.pread(*fd, 0, 100) == "before after");
  SECTION("the name can be used again at once") {
    REQUIRE(write_file(posix, "f", "another") == 0);
    CHECK(err(posix.close(*fd)) == 0);
    CHECK(object(*world, "f")->bytes == "another");
    CHECK(file_text(posix, "f") == "another");
    return;
  }
  CHECK(err(posix.close(*fd)) == 0);
  CHECK(keys(*world).empty());
}

TEST_CASE("an object that is unlinked while open for reading gives its own bytes or an error") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const std::string text = pattern(20U << 20U);
  REQUIRE(put_object(*world, "f", text) == 0);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  CHECK((*posix.pread(*fd, 0, 4'096) == text.substr(0, 4'096)));
  REQUIRE(err(posix.unlink("f")) == 0);
  for (std::size_t at = 0; at < text.size(); at += 1U << 20U) {
    const auto piece = posix.pread(*fd, at, 4'096);
    CHECK((!piece || *piece == text.substr(at, 4'096)));
  }
  CHECK(err(posix.close(*fd)) == 0);
}

TEST_CASE(
    "a renamed file keeps content, mode, owner and times, and gets the type of its new name") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "a.txt", "content",
                     {"text/plain",
                      {{"mode", "33152"}, {"uid", "5"}, {"mtime", "1000000000"}, {"own", "1"}},
                      {}}) == 0);
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(err(posix.rename("a.txt", "d/b.jpg")) == 0);
  CHECK(keys(*world) == Names{"d/", "d/b.jpg"});
  const auto stored = object(*world, "d/b.jpg");
  REQUIRE(stored);
  CHECK(stored->bytes == "content");
  CHECK(stored->info.attributes.content_type == "image/jpeg");
  CHECK(meta(*world, "d/b.jpg", "mode") == "33152");
  CHECK(meta(*world, "d/b.jpg", "uid") == "5");
  CHECK(meta(*world, "d/b.jpg", "mtime") == "1000000000");
  CHECK(meta(*world, "d/b.jpg", "own") == "1");
  CHECK(err(posix.stat("a.txt")) == ENOENT);
  CHECK(posix.stat("d/b.jpg")->mtime == at_second(1'000'000'000));
  CHECK(file_text(posix, "d/b.jpg") == "content");
}

TEST_CASE("a rename replaces an existing file unless told not to") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "from", "new") == 0);
  REQUIRE(write_file(posix, "to", "old") == 0);
  CHECK(err(posix.rename("from", "to", true)) == EEXIST);
  CHECK(file_text(posix, "to") == "old");
  REQUIRE(err(posix.rename("from", "to")) == 0);
  CHECK(file_text(posix, "to") == "new");
  CHECK(keys(*world) == Names{"to"});
  REQUIRE(err(posix.rename("to", "fresh", true)) == 0);
  CHECK(keys(*world) == Names{"fresh"});
  CHECK(err(posix.rename("fresh", "fresh")) == 0);
  CHECK(file_text(posix, "fresh") == "new");
}

TEST_CASE("a directory of 200 files and its own metadata is renamed as a whole") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "old/", "", {"application/x-directory", {{"mode", "448"}}, {}}) == 0);
  for (int i = 0; i < 190; ++i) {
    REQUIRE(put_object(*world, "old/f" + std::to_string(i), std::to_string(i),
                       {"", {{"mode", "33152"}, {"n", std::to_string(i)}}, {}}) == 0);
  }
  for (int i = 0; i < 10; ++i) {
    REQUIRE(put_object(*world, "old/implicit/deep/" + std::to_string(i), "d") == 0);
  }
  REQUIRE(put_object(*world, "old-neighbour", "n") == 0);
  REQUIRE(put_object(*world, "old/timed", "t",
                     {"", {{"atime", "1"}, {"mtime", "2.5"}, {"ctime", "3"}}, {}}) == 0);
  REQUIRE(err(posix.rename("old", "new")) == 0);
  int wrong = 0;
  for (int i = 0; i < 190; ++i) {
    const std::string key = "new/f" + std::to_string(i);
    const auto stored = object(*world, key);
    wrong +=
        stored && stored->bytes == std::to_string(i) && meta(*world, key, "n") == std::to_string(i)
            ? 0
            : 1;
  }
  CHECK(wrong == 0);
  // Only the directory itself has changed.
  CHECK(meta(*world, "new/timed", "ctime") == "3");
  CHECK(posix.stat("new/timed")->atime == at_second(1));
  CHECK(posix.stat("new/timed")->mtime == at_second(2, 500'000'000));
  CHECK(posix.stat("new/timed")->ctime == at_second(3));
  CHECK(meta(*world, "new/", "ctime") != "(absent)");
  CHECK(meta(*world, "new/", "mode") != "(absent)");
  CHECK((posix.stat("new")->mode & 07777U) == 0700U);
  int left = 0;
  for (const std::string& key : keys(*world)) left += key.starts_with("old/") ? 1 : 0;
  CHECK(left == 0);
  CHECK(object(*world, "old-neighbour")->bytes == "n");
  CHECK(names_in(posix, "new/implicit/deep").size() == 10);
  CHECK(names_in(posix, "") == Names{"new", "old-neighbour"});
  CHECK(err(posix.stat("old/f0")) == ENOENT);
  world->remount();
  CHECK(names_in(world->posix(), "new").size() == 192);
}

TEST_CASE("a directory may be renamed over an empty one") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("a")) == 0);
  REQUIRE(err(posix.mkdir("b")) == 0);
  REQUIRE(write_file(posix, "a/f", "x") == 0);
  REQUIRE(err(posix.rename("a", "b")) == 0);
  CHECK(keys(*world) == Names{"b/", "b/f"});
  CHECK(file_text(posix, "b/f") == "x");
}

TEST_CASE("an open file goes with its renamed name, dirty bytes and all") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  const auto fd = posix.open("d/f", O_RDWR | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "one")) == 0);
  SECTION("the file itself is renamed") {
    REQUIRE(err(posix.rename("d/f", "d/g")) == 0);
  }
  SECTION("its directory is renamed") {
    REQUIRE(err(posix.rename("d", "e")) == 0);
    REQUIRE(err(posix.rename("e/f", "e/g")) == 0);
    REQUIRE(err(posix.rename("e", "d")) == 0);
  }
  CHECK(err(posix.stat("d/f")) == ENOENT);
  REQUIRE(err(posix.pwrite(*fd, 3, "+two")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(keys(*world) == Names{"d/", "d/g"});
  CHECK(object(*world, "d/g")->bytes == "one+two");
  CHECK(file_text(posix, "d/g") == "one+two");
}

TEST_CASE("a new name is seen in its directory at once, a removed one no more") {
  const auto world = open_world();
  Driver& posix = world->posix();
  CHECK(names_in(posix, "").empty());
  CHECK(err(posix.stat("f")) == ENOENT);
  const auto fd = posix.open("f", O_WRONLY | O_CREAT);
  REQUIRE(err(fd) == 0);
  CHECK(names_in(posix, "") == Names{"f"});
  CHECK(err(posix.stat("f")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  REQUIRE(err(posix.mkdir("d")) == 0);
  CHECK(names_in(posix, "") == Names{"d", "f"});
  REQUIRE(err(posix.rename("f", "g")) == 0);
  CHECK(names_in(posix, "") == Names{"d", "g"});
  REQUIRE(err(posix.unlink("g")) == 0);
  REQUIRE(err(posix.rmdir("d")) == 0);
  CHECK(names_in(posix, "").empty());
}

}  // namespace
}  // namespace pailfs::test
