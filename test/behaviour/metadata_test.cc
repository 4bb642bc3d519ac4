// SPDX-License-Identifier: Apache-2.0
// chmod, chown, utimens and extended attributes: what changes, and what must not.
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cctype>

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("chmod keeps content, type, foreign metadata and headers") {
  const auto world = open_world();
  const std::string text = pattern(50'000);
  REQUIRE(put_object(*world, "f", text,
                     {"text/x-own",
                      {{"mode", "33188"}, {"mtime", "1000000000"}, {"own-header", "kept"}},
                      {{"Cache-Control", "max-age=7"}, {"Content-Encoding", "x-own"}}}) == 0);
  REQUIRE(err(world->posix().chmod("f", 0755)) == 0);
  const auto stored = object(*world, "f");
  REQUIRE(stored);
  CHECK((stored->bytes == text));
  CHECK(stored->info.attributes.content_type == "text/x-own");
  CHECK(meta(*world, "f", "own-header") == "kept");
  CHECK(meta(*world, "f", "mode") == "33261");
  CHECK(meta(*world, "f", "mtime") == "1000000000");
  CHECK(meta(*world, "f", "ctime") != "(absent)");
  Pairs standard = stored->info.attributes.standard;
  for (auto& [name, value] : standard) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  std::sort(standard.begin(), standard.end());
  CHECK(standard == Pairs{{"cache-control", "max-age=7"}, {"content-encoding", "x-own"}});
  const auto stat = world->posix().stat("f");
  REQUIRE(err(stat) == 0);
  CHECK(stat->mode == (S_IFREG | 0755U));
  CHECK(stat->mtime == at_second(1'000'000'000));
}

TEST_CASE("chown and utimens change their fields only, on files, directories and links") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "f", "x") == 0);
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(err(posix.symlink("t", "l")) == 0);
  struct Row {
    const char* path;
    const char* key;
  };
  for (const Row& row : {Row{"f", "f"}, Row{"d", "d/"}, Row{"l", "l"}}) {
    CAPTURE(row.path);
    const auto before = posix.stat(row.path);
    REQUIRE(err(before) == 0);
    REQUIRE(err(posix.chown(row.path, posix.uid(), posix.gid())) == 0);
    REQUIRE(err(posix.utimens(row.path, at_second(10), at_second(20))) == 0);
    CHECK(meta(*world, row.key, "uid") == std::to_string(posix.uid()));
    CHECK(meta(*world, row.key, "atime") == "10");
    CHECK(meta(*world, row.key, "mtime") == "20");
    REQUIRE(err(posix.utimens(row.path, {}, at_second(30))) == 0);
    CHECK(meta(*world, row.key, "atime") == "10");
    CHECK(meta(*world, row.key, "mtime") == "30");
    const auto after = posix.stat(row.path);
    REQUIRE(err(after) == 0);
    CHECK(after->mode == before->mode);
    CHECK(after->mtime == at_second(30));
    CHECK(after->atime == at_second(10));
  }
  CHECK(*posix.readlink("l") == "t");
}

TEST_CASE("times and mode set on an open file are stored with its content") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_WRONLY | O_CREAT, 0600);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "x")) == 0);
  REQUIRE(err(posix.fchmod(*fd, 0755)) == 0);
  REQUIRE(err(posix.utimens("f", at_second(10), at_second(20))) == 0);
  CHECK(posix.stat("f")->mtime == at_second(20));
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(meta(*world, "f", "mode") == "33261");
  CHECK(meta(*world, "f", "mtime") == "20");
  CHECK(meta(*world, "f", "atime") == "10");
}

TEST_CASE("a write moves the file's time on") {
  const auto world = open_world();
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "f", "x") == 0);
  REQUIRE(err(posix.utimens("f", at_second(10), at_second(20))) == 0);
  const auto fd = posix.open("f", O_WRONLY);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "y")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(posix.stat("f")->mtime > at_second(1'000));
  CHECK(meta(*world, "f", "mtime") != "20");
  CHECK(posix.stat("f")->atime == at_second(10));
}

TEST_CASE("extended attributes are refused unless they were asked for") {
  const auto world = open_world();
  REQUIRE(write_file(world->posix(), "f", "x") == 0);
  CHECK(err(world->posix().setxattr("f", "user.a", "b")) == ENOTSUP);
  CHECK(err(world->posix().getxattr("f", "user.a")) == ENOTSUP);
}

TEST_CASE("extended attributes are one header of encoded JSON, as s3fs writes it") {
  WorldOptions options;
  options.use_xattr = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  REQUIRE(write_file(posix, "f", "content") == 0);
  CHECK(posix.listxattr("f")->empty());
  CHECK(err(posix.getxattr("f", "user.a")) == ENODATA);
  CHECK(err(posix.setxattr("f", "user.a", "b", XATTR_REPLACE)) == ENODATA);
  REQUIRE(err(posix.setxattr("f", "user.a", "b")) == 0);
  CHECK(meta(*world, "f", "xattr") == "%7B%22user.a%22%3A%22Yg%3D%3D%22%7D");
  CHECK(err(posix.setxattr("f", "user.a", "c", XATTR_CREATE)) == EEXIST);
  REQUIRE(err(posix.setxattr("f", "user.Z", std::string("\0\xff", 2), XATTR_CREATE)) == 0);
  CHECK(meta(*world, "f", "xattr") ==
        "%7B%22user.Z%22%3A%22AP8%3D%22%2C%22user.a%22%3A%22Yg%3D%3D%22%7D");
  CHECK(*posix.getxattr("f", "user.a") == "b");
  CHECK((*posix.getxattr("f", "user.Z") == std::string("\0\xff", 2)));
  REQUIRE(err(posix.setxattr("f", "user.empty", "")) == 0);
  CHECK(posix.getxattr("f", "user.empty")->empty());
  auto names = *posix.listxattr("f");
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"user.Z", "user.a", "user.empty"});

  REQUIRE(err(posix.chmod("f", 0600)) == 0);
  REQUIRE(err(posix.rename("f", "g")) == 0);
  CHECK(*posix.getxattr("g", "user.a") == "b");
  world->remount();
  Driver& again = world->posix();
  CHECK(*again.getxattr("g", "user.a") == "b");
  CHECK(err(again.removexattr("g", "user.none")) == ENODATA);
  // As on local file systems: tar takes away what an unpacked directory may have inherited.
  CHECK(err(again.removexattr("g", "system.posix_acl_access")) == 0);
  CHECK(err(again.removexattr("g", "system.posix_acl_default")) == 0);
  for (const char* name : {"user.a", "user.Z", "user.empty"}) {
    CHECK(err(again.removexattr("g", name)) == 0);
  }
  CHECK(meta(*world, "g", "xattr") == "(absent)");
  CHECK(object(*world, "g")->bytes == "content");
}

TEST_CASE("attributes without a namespace, as s3fs takes them, are read and stay") {
  WorldOptions options;
  options.use_xattr = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  REQUIRE(put_object(*world, "f", "x",
                     {"", {{"xattr", "%7B%22key%22%3A%22dmFsdWU%3D%22%7D"}}, {}}) == 0);
  CHECK(*posix.getxattr("f", "key") == "value");
  REQUIRE(err(posix.setxattr("f", "user.b", "1")) == 0);
  REQUIRE(err(posix.chmod("f", 0600)) == 0);
  CHECK(meta(*world, "f", "xattr") ==
        "%7B%22key%22%3A%22dmFsdWU%3D%22%2C%22user.b%22%3A%22MQ%3D%3D%22%7D");
}

TEST_CASE("extended attributes set on a dirty file go out with it") {
  WorldOptions options;
  options.use_xattr = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_WRONLY | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "x")) == 0);
  REQUIRE(err(posix.setxattr("f", "user.a", "b")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  CHECK(meta(*world, "f", "xattr") == "%7B%22user.a%22%3A%22Yg%3D%3D%22%7D");
  CHECK(object(*world, "f")->bytes == "x");
}

TEST_CASE("attributes that are too large are refused when they are set, and no byte is lost") {
  WorldOptions options;
  options.use_xattr = true;
  const auto world = open_world(options);
  Driver& posix = world->posix();
  const auto fd = posix.open("f", O_WRONLY | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "content")) == 0);
  REQUIRE(err(posix.setxattr("f", "user.a", std::string(900, 'a'))) == 0);
  CHECK(err(posix.setxattr("f", "user.b", std::string(3'000, 'b'))) == E2BIG);
  CHECK(err(posix.getxattr("f", "user.b")) == ENODATA);
  REQUIRE(err(posix.pwrite(*fd, 7, ", more")) == 0);
  CHECK(err(posix.setxattr("f", "user.a", std::string(3'000, 'a'))) == E2BIG);
  REQUIRE(err(posix.fchmod(*fd, 0600)) == 0);
  CHECK(err(posix.close(*fd)) == 0);
  CHECK(object(*world, "f")->bytes == "content, more");
  CHECK(meta(*world, "f", "mode") == "33152");
  world->remount();
  CHECK(*world->posix().getxattr("f", "user.a") == std::string(900, 'a'));
  CHECK(*world->posix().listxattr("f") == std::vector<std::string>{"user.a"});
}

TEST_CASE("an object full of other programs' metadata can be written") {
  const auto world = open_world();
  const std::string full(2'040, 'v');
  REQUIRE(put_object(*world, "f", "old", {"text/x-own", {{"own", full}}, {}}) == 0);
  REQUIRE(write_file(world->posix(), "f", "new") == 0);
  CHECK(object(*world, "f")->bytes == "new");
  CHECK(meta(*world, "f", "own") == full);
  CHECK(err(world->posix().chmod("f", 0600)) == E2BIG);
}

}  // namespace
}  // namespace pailfs::test
