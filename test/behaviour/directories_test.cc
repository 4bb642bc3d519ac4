// SPDX-License-Identifier: Apache-2.0
// What a directory shows of its contents: times and link count.
#include <fcntl.h>

#include "pailfs/util/text.h"

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

const WallTime kOld = at_second(1'000);

/// The directory's mtime and ctime have left kOld behind; puts them back.
bool moved_on(Driver& posix, const std::string& directory) {
  const auto stat = posix.stat(directory);
  if (!stat) return false;
  const bool moved = stat->mtime > kOld && stat->ctime >= stat->mtime && stat->atime == kOld;
  return moved && posix.utimens(directory, kOld, kOld).has_value() &&
         posix.stat(directory)->mtime == kOld;
}

TEST_CASE("a directory's times move when a name in it is made, removed or renamed") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(err(posix.mkdir("e")) == 0);
  REQUIRE(err(posix.utimens("d", kOld, kOld)) == 0);
  REQUIRE(err(posix.utimens("e", kOld, kOld)) == 0);
  REQUIRE(posix.stat("d")->mtime == kOld);

  const auto fd = posix.open("d/f", O_WRONLY | O_CREAT | O_EXCL);
  REQUIRE(err(fd) == 0);
  CHECK(moved_on(posix, "d"));
  REQUIRE(err(posix.pwrite(*fd, 0, "x")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(posix.stat("d")->mtime == kOld);  // content is no business of the directory
  REQUIRE(err(posix.mkdir("d/sub")) == 0);
  CHECK(moved_on(posix, "d"));
  REQUIRE(err(posix.symlink("t", "d/l")) == 0);
  CHECK(moved_on(posix, "d"));
  REQUIRE(err(posix.mknod("d/p", S_IFIFO | 0600)) == 0);
  CHECK(moved_on(posix, "d"));
  REQUIRE(err(posix.rename("d/f", "e/f")) == 0);
  CHECK(moved_on(posix, "d"));
  CHECK(moved_on(posix, "e"));
  REQUIRE(err(posix.rename("d/sub", "e/sub")) == 0);
  CHECK(moved_on(posix, "d"));
  CHECK(moved_on(posix, "e"));
  REQUIRE(err(posix.unlink("e/f")) == 0);
  CHECK(moved_on(posix, "e"));
  REQUIRE(err(posix.rmdir("e/sub")) == 0);
  CHECK(moved_on(posix, "e"));
  CHECK(meta(*world, "d/", "mtime") == "1000");
}

TEST_CASE("what moved a directory's times is stored with its next change of attributes") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(err(posix.utimens("d", kOld, kOld)) == 0);
  REQUIRE(err(posix.mkdir("d/sub")) == 0);
  CHECK(meta(*world, "d/", "mtime") == "1000");
  REQUIRE(err(posix.chmod("d", 0700)) == 0);
  CHECK(meta(*world, "d/", "mtime") != "1000");
  CHECK(meta(*world, "d/", "atime") == "1000");
  const auto mtime = posix.stat("d")->mtime;
  CHECK(mtime > kOld);
  world->remount();
  CHECK(world->posix().stat("d")->mtime == mtime);
}

TEST_CASE("a directory with nothing but known names in it shows how many directories they are") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  CHECK(posix.stat("d")->nlink == 2);
  REQUIRE(err(posix.mkdir("d/a")) == 0);
  REQUIRE(err(posix.mkdir("d/b")) == 0);
  REQUIRE(write_file(posix, "d/f", "x") == 0);
  REQUIRE(err(posix.symlink("a", "d/l")) == 0);
  CHECK(posix.stat("d")->nlink == 4);
  CHECK(posix.stat("d/f")->nlink == 1);
  REQUIRE(err(posix.mkdir("e")) == 0);
  REQUIRE(err(posix.rename("d/a", "e/a")) == 0);
  CHECK(posix.stat("d")->nlink == 3);
  CHECK(posix.stat("e")->nlink == 3);
  CHECK(names_in(posix, "d").size() == 3);
  REQUIRE(err(posix.rmdir("d/b")) == 0);
  CHECK(posix.stat("d")->nlink == 2);
}

TEST_CASE("the link count of a directory is 1 while one of its names may yet be a directory") {
  const auto world = open_world();
  // As old s3fs and some consoles write directories; a listing does not tell it from a file.
  REQUIRE(put_object(*world, "d/old", "", {"application/x-directory", {{"mode", "16877"}}, {}}) ==
          0);
  REQUIRE(put_object(*world, "d/sub/f", "x") == 0);
  Driver& posix = world->posix();
  CHECK(posix.stat("d")->nlink == 1);
  REQUIRE(names_in(posix, "d").size() == 2);
  world->let_caches_expire();
  CHECK(world->posix().stat("d")->nlink == 1);
}

TEST_CASE("a new directory takes the default ACL of the one above and nothing else of it") {
  WorldOptions options;
  options.use_xattr = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  // u::rwx, u:1000:rwx, g::r-x, m::rwx, o::---
  const std::string list = "AgAAAAEABwD/////AgAHAOgDAAAEAAUA/////xAABwD/////IAAAAP////8=";
  const auto header = [](const std::string& json) { return percent_encode(json, false); };
  REQUIRE(put_object(*world, "d/", "",
                     {"application/x-directory",
                      {{"xattr", header("{\"system.posix_acl_default\":\"" + list +
                                        "\",\"user.a\":\"Yg==\"}")}},
                      {}}) == 0);
  CHECK(*posix.getxattr("d", "user.a") == "b");
  REQUIRE(err(posix.mkdir("d/sub", 0777)) == 0);
  REQUIRE(write_file(posix, "d/f", "x", 0777) == 0);
  CHECK(meta(*world, "d/sub/", "xattr") ==
        header("{\"system.posix_acl_access\":\"" + list + "\",\"system.posix_acl_default\":\"" +
               list + "\"}"));
  CHECK(meta(*world, "d/f", "xattr") == header("{\"system.posix_acl_access\":\"" + list + "\"}"));
  CHECK(posix.stat("d/f")->mode == (S_IFREG | 0770));
  CHECK(posix.stat("d/sub")->mode == (S_IFDIR | 0770));
}

TEST_CASE("with update_parent_dir_stat a directory's new times are stored at once") {
  WorldOptions options;
  options.update_parent_dir_stat = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  const auto stored = [&] {
    const bool moved =
        meta(*world, "d/", "mtime") != "1000" && meta(*world, "d/", "atime") == "1000";
    return posix.utimens("d", kOld, kOld).has_value() && moved;
  };
  REQUIRE(err(posix.utimens("d", kOld, kOld)) == 0);
  REQUIRE(meta(*world, "d/", "mtime") == "1000");
  REQUIRE(write_file(posix, "d/f", "x") == 0);
  CHECK(stored());
  REQUIRE(err(posix.rename("d/f", "d/g")) == 0);
  CHECK(stored());
  REQUIRE(err(posix.mkdir("d/sub")) == 0);
  CHECK(stored());
  REQUIRE(err(posix.rmdir("d/sub")) == 0);
  CHECK(stored());
  REQUIRE(err(posix.unlink("d/g")) == 0);
  const auto mtime = posix.stat("d")->mtime;
  world->remount();
  CHECK(world->posix().stat("d")->mtime == mtime);
  CHECK(keys(*world) == std::vector<store::Key>{"d/"});
}

TEST_CASE("with use_wtf8 names that are not UTF-8 are stored as private code points") {
  WorldOptions options;
  options.use_wtf8 = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "caf\xe9", "x") == 0);
  REQUIRE(err(posix.mkdir("\xff")) == 0);
  REQUIRE(err(posix.rename("caf\xe9", "\xff/\x80")) == 0);
  REQUIRE(write_file(posix, "\xc3\xa9", "y") == 0);
  REQUIRE(err(posix.symlink("\xff/\x80", "l")) == 0);
  CHECK(keys(*world) ==
        std::vector<store::Key>{"l", "\xc3\xa9", "\xee\x83\xbf/", "\xee\x83\xbf/\xee\x82\x80"});
  CHECK(*posix.readlink("l") == "\xff/\x80");
  world->remount();
  Driver& again = world->posix();
  CHECK(names_in(again, "") == std::vector<std::string>{"l", "\xc3\xa9", "\xff"});
  CHECK(names_in(again, "\xff") == std::vector<std::string>{"\x80"});
  CHECK(file_text(again, "\xff/\x80") == "x");
  // 255 bytes are enough for a name, however long it becomes.
  CHECK(write_file(again, std::string(255, '\xff'), "x") == 0);
  CHECK(write_file(again, std::string(256, '\xff'), "x") == ENAMETOOLONG);
  CHECK(err(again.unlink(std::string(255, '\xff'))) == 0);
  CHECK(err(again.unlink("\xff/\x80")) == 0);
  CHECK(err(again.rmdir("\xff")) == 0);
}

}  // namespace
}  // namespace pailfs::test
