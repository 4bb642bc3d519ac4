// SPDX-License-Identifier: Apache-2.0
// Objects that other programs wrote are shown as s3fs shows them.
#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

using Names = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("modes are found in every header that tools have put them in") {
  const auto world = open_world();
  struct Row {
    const char* key;
    const char* type;
    Pairs metadata;
    mode_t mode;
  };
  const std::vector<Row> rows{
      {"plain", "", {}, S_IFREG | 0640},
      {"decimal", "", {{"mode", "33188"}}, S_IFREG | 0644},
      {"typeless", "", {{"mode", "420"}}, S_IFREG | 0644},
      {"octal", "", {{"mode", "0644"}}, S_IFREG | 0644},
      {"octal-typed", "", {{"mode", "0100600"}}, S_IFREG | 0600},
      {"hex", "", {{"mode", "0x1a4"}}, S_IFREG | 0644},
      {"s3sync", "", {{"permissions", "0600"}}, S_IFREG | 0600},
      {"gsutil", "", {{"goog-reserved-posix-mode", "600"}}, S_IFREG | 0600},
      {"first-wins", "", {{"mode", "33188"}, {"permissions", "0600"}}, S_IFREG | 0644},
      {"no-permissions", "", {{"mode", "0"}}, S_IFREG | 0400},
      {"setuid", "", {{"mode", "35309"}}, S_IFREG | 04755},
      {"fifo", "", {{"mode", "4516"}}, S_IFIFO | 0644},
      {"dir-by-type", "application/x-directory", {}, S_IFDIR | 0},
      {"dir-by-type2", "httpd/unix-directory; charset=x", {}, S_IFDIR | 0},
      {"dir-by-mode", "", {{"mode", "16877"}}, S_IFDIR | 0755},
      {"slash/", "", {}, S_IFDIR | 0750},
      {"slash-typed/", "application/x-directory", {{"mode", "493"}}, S_IFDIR | 0755},
      {"slash-zero/", "application/x-directory", {{"mode", "0"}}, S_IFDIR | 0500},
  };
  for (const Row& row : rows) {
    REQUIRE(put_object(*world, row.key, "", {row.type, row.metadata, {}}) == 0);
  }
  for (const Row& row : rows) {
    std::string path = row.key;
    if (path.ends_with('/')) path.pop_back();
    CAPTURE(path);
    const auto stat = world->posix().stat(path);
    REQUIRE(err(stat) == 0);
    CHECK((stat->mode & S_IFMT) == (row.mode & S_IFMT));
    // What a directory without slash and mode may do is not laid down; that it is one, is.
    if (row.mode != S_IFDIR) CHECK((stat->mode & 07777U) == (row.mode & 07777U));
    CHECK(stat->size == (S_ISDIR(row.mode) ? 4096U : 0U));
  }
}

TEST_CASE("owners and times are found in every header that tools have put them in") {
  const auto world = open_world();
  struct Row {
    const char* key;
    Pairs metadata;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<WallTime> mtime;
  };
  const std::vector<Row> rows{
      {"own",
       {{"uid", "7"}, {"gid", "8"}, {"mtime", "1000000000"}},
       7,
       8,
       at_second(1'000'000'000)},
      {"s3sync", {{"owner", "9"}, {"group", "10"}}, 9, 10, {}},
      {"gsutil",
       {{"goog-reserved-posix-uid", "11"},
        {"goog-reserved-posix-gid", "12"},
        {"goog-reserved-file-mtime", "1000000002"}},
       11,
       12,
       at_second(1'000'000'002)},
      {"nano", {{"mtime", "1000000000.123456789"}}, {}, {}, at_second(1'000'000'000, 123'456'789)},
      {"short-fraction",
       {{"mtime", "1000000000.5"}},
       {},
       {},
       at_second(1'000'000'000, 500'000'000)},
      {"before-1970", {{"mtime", "-86400.5"}}, {}, {}, at_second(-86'400, 500'000'000)},
      {"far", {{"mtime", "99999999999"}}, {}, {}, {}},
      {"nothing", {}, {}, {}, {}},
      {"garbage", {{"uid", "root"}, {"mtime", "yesterday"}, {"mode", "rw-"}}, {}, {}, {}},
  };
  for (const Row& row : rows)
    REQUIRE(put_object(*world, row.key, "x", {"", row.metadata, {}}) == 0);
  for (const Row& row : rows) {
    CAPTURE(row.key);
    const auto stat = world->posix().stat(row.key);
    REQUIRE(err(stat) == 0);
    if (row.key == std::string("garbage")) continue;  // shown somehow, and no crash
    CHECK(stat->uid == row.uid.value_or(world->default_uid()));
    CHECK(stat->gid == row.gid.value_or(world->default_gid()));
    const auto modified = world->bucket().head(row.key)->last_modified;
    CHECK(stat->mtime == row.mtime.value_or(modified));
    CHECK(stat->ctime == modified);
  }
}

TEST_CASE("a directory without an object is shown and can be used") {
  const auto world = open_world();
  REQUIRE(put_object(*world, "implicit/deep/er/file", "content") == 0);
  CHECK(names_in(world->posix(), "") == Names{"implicit"});
  const auto stat = world->posix().stat("implicit");
  REQUIRE(err(stat) == 0);
  CHECK(stat->mode == (S_IFDIR | 0750U));
  CHECK(stat->uid == world->default_uid());
  CHECK(stat->size == 4096);
  CHECK(stat->mtime == at_second(0));
  CHECK(file_text(world->posix(), "implicit/deep/er/file") == "content");
  CHECK(names_in(world->posix(), "implicit/deep") == Names{"er"});
  REQUIRE(write_file(world->posix(), "implicit/deep/new", "n") == 0);
  CHECK(object(*world, "implicit/deep/new")->bytes == "n");
  SECTION("chmod gives it an object") {
    REQUIRE(err(world->posix().chmod("implicit", 0755)) == 0);
    CHECK(meta(*world, "implicit/", "mode") == "16877");
  }
  SECTION("it can be removed when it is empty") {
    REQUIRE(err(world->posix().unlink("implicit/deep/new")) == 0);
    CHECK(err(world->posix().rmdir("implicit/deep")) == ENOTEMPTY);
    REQUIRE(err(world->posix().unlink("implicit/deep/er/file")) == 0);
    // Whether the last removal leaves a directory object behind is not laid down.
    const Status gone = world->posix().rmdir("implicit/deep/er");
    CHECK((err(gone) == 0 || err(gone) == ENOENT));
    CHECK_FALSE(object(*world, "implicit/deep/er/file"));
  }
}

TEST_CASE("a file wins over the directory of the same name and hides nothing for good") {
  const auto world = open_world();
  REQUIRE(put_object(*world, "x", "the file") == 0);
  REQUIRE(put_object(*world, "x/y", "inside") == 0);
  REQUIRE(put_object(*world, "x-", "neighbour") == 0);
  SECTION("with an object for the directory") {
    REQUIRE(put_object(*world, "x/", "") == 0);
  }
  SECTION("without") {}
  CHECK(names_in(world->posix(), "") == Names{"x", "x-"});
  const auto stat = world->posix().stat("x");
  REQUIRE(err(stat) == 0);
  CHECK(S_ISREG(stat->mode));
  CHECK(file_text(world->posix(), "x") == "the file");
  REQUIRE(err(world->posix().unlink("x")) == 0);
  CHECK(object(*world, "x/y"));
  // The directory is visible at once: no program must make it anew over the one that is there.
  CHECK(err(world->posix().mkdir("x")) == EEXIST);
  CHECK(S_ISDIR(world->posix().stat("x")->mode));
  CHECK(names_in(world->posix(), "") == Names{"x", "x-"});
  CHECK(file_text(world->posix(), "x/y") == "inside");
}

TEST_CASE("a file that hides a directory is moved away or asked for by its name alone") {
  const auto world = open_world();
  REQUIRE(put_object(*world, "x", "the file") == 0);
  REQUIRE(put_object(*world, "x/", "", {"application/x-directory", {{"mode", "448"}}, {}}) == 0);
  REQUIRE(put_object(*world, "x/y", "inside") == 0);
  SECTION("unlinked") {
    REQUIRE(err(world->posix().unlink("x")) == 0);
  }
  SECTION("looked up, then unlinked") {
    REQUIRE(S_ISREG(world->posix().stat("x")->mode));
    REQUIRE(err(world->posix().unlink("x")) == 0);
  }
  SECTION("renamed") {
    REQUIRE(err(world->posix().rename("x", "z")) == 0);
    CHECK(file_text(world->posix(), "z") == "the file");
  }
  CHECK(err(world->posix().mkdir("x")) == EEXIST);
  CHECK((world->posix().stat("x")->mode & 07777U) == 0700U);
  CHECK(meta(*world, "x/", "mode") == "448");
  CHECK(names_in(world->posix(), "x") == Names{"y"});
}

TEST_CASE("keys that are no paths are left out and left alone") {
  const auto world = open_world();
  for (const char* key : {"d//e", "d/good", "/lead", "d/./dot", "d/../dotdot"}) {
    REQUIRE(put_object(*world, key, "x") == 0);
  }
  const auto before = keys(*world);
  CHECK(names_in(world->posix(), "") == Names{"d"});
  CHECK(names_in(world->posix(), "d") == Names{"good"});
  CHECK(keys(*world) == before);
}

TEST_CASE("names longer than 255 bytes can be listed, read and removed") {
  const auto world = open_world();
  const std::string name(300, 'n');
  REQUIRE(put_object(*world, name, "long") == 0);
  CHECK(names_in(world->posix(), "") == Names{name});
  CHECK(file_text(world->posix(), name) == "long");
  CHECK(err(world->posix().unlink(name)) == 0);
  CHECK(keys(*world).empty());
}

TEST_CASE("what a directory object holds survives a change of its mode") {
  const auto world = open_world();
  REQUIRE(put_object(*world, "d/", "kept", {"application/x-directory", {{"own", "1"}}, {}}) == 0);
  CHECK(S_ISDIR(world->posix().stat("d")->mode));
  REQUIRE(err(world->posix().chmod("d", 0711)) == 0);
  CHECK(object(*world, "d/")->bytes == "kept");
  CHECK(meta(*world, "d/", "own") == "1");
  CHECK(meta(*world, "d/", "mode") == "16841");
}

TEST_CASE("uid, gid and umask of the mount change what is shown and not what is stored") {
  WorldOptions options;
  options.uid = 77;
  options.gid = 88;
  options.umask = 0027;
  const auto world = open_world(options);
  REQUIRE(put_object(*world, "f", "x", {"", {{"mode", "33152"}, {"uid", "5"}}, {}}) == 0);
  REQUIRE(put_object(*world, "d/", "", {"", {{"mode", "448"}}, {}}) == 0);
  for (const char* path : {"f", "d"}) {
    CAPTURE(path);
    const auto stat = world->posix().stat(path);
    REQUIRE(err(stat) == 0);
    CHECK(stat->uid == 77);
    CHECK(stat->gid == 88);
    CHECK((stat->mode & 07777U) == 0750U);
  }
  REQUIRE(err(world->posix().utimens("f", at_second(1), at_second(2))) == 0);
  CHECK(meta(*world, "f", "uid") == "5");
  CHECK(meta(*world, "f", "mode") == "33152");
}

TEST_CASE("a change behind the mount is seen when the caches have expired") {
  const auto world = open_world();
  REQUIRE(put_object(*world, "f", "one") == 0);
  CHECK(file_text(world->posix(), "f") == "one");
  REQUIRE(put_object(*world, "f", "second") == 0);
  REQUIRE(put_object(*world, "g", "new") == 0);
  world->let_caches_expire();
  CHECK(names_in(world->posix(), "") == Names{"f", "g"});
  CHECK(world->posix().stat("f")->size == 6);
  CHECK(file_text(world->posix(), "f") == "second");
  CHECK(file_text(world->posix(), "g") == "new");
  REQUIRE(err(world->bucket().remove("f")) == 0);
  world->let_caches_expire();
  CHECK(err(world->posix().stat("f")) == ENOENT);
  CHECK(names_in(world->posix(), "") == Names{"g"});
}

TEST_CASE("a directory of 2500 names is listed completely and once") {
  const auto world = open_world();
  Names expected;
  for (int i = 0; i < 2'500; ++i) {
    std::string name = "n" + std::to_string(10'000 + i);
    REQUIRE(put_object(*world, "d/" + name + (i % 5 == 0 ? "/" : ""), "") == 0);
    expected.push_back(std::move(name));
  }
  CHECK(names_in(world->posix(), "d") == expected);
}

TEST_CASE("a directory whose object holds bytes is not removed with them") {
  const auto world = open_world();
  Driver& posix = world->posix();
  const bool listed = GENERATE(true, false);
  const bool typed = GENERATE(true, false);
  CAPTURE(listed, typed);
  REQUIRE(put_object(*world, "d/", "a note",
                     {typed ? "application/x-directory" : "text/plain", {}, {}}) == 0);
  if (listed) REQUIRE(err(posix.readdir("d")) == 0);
  CHECK(err(posix.rmdir("d")) == ENOTEMPTY);
  CHECK(keys(*world) == std::vector<store::Key>{"d/"});
  // Nor replaced by a rename.
  REQUIRE(err(posix.mkdir("e")) == 0);
  CHECK(err(posix.rename("e", "d")) == ENOTEMPTY);
  // What the directory shows is its own business.
  REQUIRE(err(posix.chmod("d", 0700)) == 0);
  CHECK(err(posix.rmdir("d")) == ENOTEMPTY);
  REQUIRE(put_object(*world, "d/", "") == 0);
  world->remount();
  CHECK(err(world->posix().rmdir("d")) == 0);
}

}  // namespace
}  // namespace pailfs::test
