// SPDX-License-Identifier: Apache-2.0
// How many requests an operation costs. The count is the noise-free measure of speed.
#include <fcntl.h>

#include "direct_world.h"
#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

/// Requests since `act` began.
template <class Act>
std::string cost(DirectWorld& world, Act act) {
  world.fake()->reset_count();
  act();
  return world.fake()->count().text();
}

TEST_CASE("creating, writing and closing a small file in a listed directory is one put") {
  DirectWorld world;
  REQUIRE(err(world.posix().mkdir("d")) == 0);
  REQUIRE(names_in(world.posix(), "d").empty());
  CHECK(cost(world, [&] { CHECK(write_file(world.posix(), "d/f", "text") == 0); }) == "put 1");
}

TEST_CASE("mode, owner and times set before the close ride on that put") {
  DirectWorld world;
  REQUIRE(names_in(world.posix(), "").empty());
  CHECK(cost(world, [&] {
          Driver& posix = world.posix();
          const auto fd = posix.open("f", O_WRONLY | O_CREAT, 0600);
          REQUIRE(err(fd) == 0);
          CHECK(err(posix.pwrite(*fd, 0, "text")) == 0);
          CHECK(err(posix.chmod("f", 0755)) == 0);
          CHECK(err(posix.chown("f", 7, 8)) == 0);
          CHECK(err(posix.utimens("f", at_second(1), at_second(2))) == 0);
          CHECK(err(posix.close(*fd)) == 0);
        }) == "put 1");
  CHECK(meta(world, "f", "mode") == "33261");
  CHECK(meta(world, "f", "uid") == "7");
  CHECK(meta(world, "f", "mtime") == "2");
}

TEST_CASE("a file is put under the name that it has when it is stored, and not if it has none") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(write_file(posix, "final", "old") == 0);
  REQUIRE(names_in(posix, "").size() == 1);
  const auto fd = posix.open("temporary", O_WRONLY | O_CREAT);
  const auto gone = posix.open("gone", O_WRONLY | O_CREAT);
  REQUIRE((err(fd) == 0 && err(gone) == 0));
  CHECK(cost(world, [&] {
          CHECK(err(posix.pwrite(*fd, 0, "text")) == 0);
          CHECK(err(posix.rename("temporary", "final")) == 0);
          CHECK(err(posix.close(*fd)) == 0);
          CHECK(err(posix.pwrite(*gone, 0, "text")) == 0);
          CHECK(err(posix.unlink("gone")) == 0);
          CHECK(err(posix.close(*gone)) == 0);
        }) == "put 1");
  CHECK(object(world, "final")->bytes == "text");
  CHECK(keys(world) == std::vector<std::string>{"final"});
}

TEST_CASE("a flush of nothing new sends nothing") {
  DirectWorld world;
  Driver& posix = world.posix();
  const auto fd = posix.open("f", O_RDWR | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "x")) == 0);
  REQUIRE(err(posix.fsync(*fd)) == 0);
  CHECK(cost(world, [&] {
          CHECK(err(posix.fsync(*fd)) == 0);
          CHECK(err(posix.close(*fd)) == 0);
        }) == "none");
}

TEST_CASE("opening and closing for reading sends nothing when the file is known") {
  DirectWorld world;
  REQUIRE(write_file(world.posix(), "f", "x") == 0);
  CHECK(cost(world, [&] {
          const auto fd = world.posix().open("f", O_RDONLY);
          REQUIRE(err(fd) == 0);
          CHECK(err(world.posix().close(*fd)) == 0);
        }) == "none");
}

TEST_CASE("a lookup in a listed directory is free, present or absent") {
  DirectWorld world;
  REQUIRE(put_object(world, "d/sub/x", "x") == 0);
  REQUIRE(put_object(world, "d/f", "x") == 0);
  REQUIRE(names_in(world.posix(), "d").size() == 2);
  CHECK(cost(world, [&] { CHECK(err(world.posix().stat("d/none")) == ENOENT); }) == "none");
  REQUIRE(err(world.posix().stat("d/f")) == 0);  // mode and owner need a head once
  REQUIRE(err(world.posix().stat("d/sub")) == 0);
  CHECK(cost(world, [&] {
          CHECK(err(world.posix().stat("d/f")) == 0);
          CHECK(err(world.posix().stat("d/sub")) == 0);
        }) == "none");
}

TEST_CASE("a lookup without a listing is at most three requests and is remembered") {
  DirectWorld world;
  REQUIRE(put_object(world, "f", "x") == 0);
  world.fake()->reset_count();
  CHECK(err(world.posix().stat("f")) == 0);
  CHECK(world.fake()->count().total() <= 3);
  CHECK(cost(world, [&] { CHECK(err(world.posix().stat("f")) == 0); }) == "none");
  world.fake()->reset_count();
  CHECK(err(world.posix().stat("none")) == ENOENT);
  CHECK(world.fake()->count().total() <= 3);
  CHECK(cost(world, [&] { CHECK(err(world.posix().stat("none")) == ENOENT); }) == "none");
}

TEST_CASE("a listing of 2500 names is three lists and no head") {
  DirectWorld world;
  for (int i = 0; i < 2'500; ++i) world.fake()->put_raw("d/n" + std::to_string(i), "");
  CHECK(cost(world, [&] { CHECK(err(world.posix().stat("d")) == 0); }) == "head 1, list 1");
  CHECK(cost(world, [&] { CHECK(names_in(world.posix(), "d").size() == 2'500); }) == "list 2");
  CHECK(cost(world, [&] { CHECK(names_in(world.posix(), "d").size() == 2'500); }) == "none");
}

TEST_CASE("one list makes a thousand attributes good again") {
  DirectWorld world;
  for (int i = 0; i < 900; ++i) {
    store::ObjectAttributes attributes;
    attributes.metadata = {{"mode", "33188"}, {"uid", "7"}};
    REQUIRE(put_object(world, "d/n" + std::to_string(i), "text", attributes) == 0);
  }
  const auto list_long = [&] {
    for (const std::string& name : names_in(world.posix(), "d")) {
      const auto stat = world.posix().stat("d/" + name);
      REQUIRE(err(stat) == 0);
      REQUIRE(stat->uid == 7);
    }
  };
  REQUIRE(names_in(world.posix(), "").size() == 1);
  CHECK(cost(world, list_long) == "head 899, get 1, list 1");
  world.let_caches_expire();
  // The root, to see that "d" is a directory still, and the directory.
  CHECK(cost(world, list_long) == "list 2");
  store::ObjectAttributes other;
  other.metadata = {{"mode", "33188"}, {"uid", "8"}};
  world.clock()->advance(std::chrono::seconds(5));
  REQUIRE(put_object(world, "d/n7", "text", other) == 0);
  world.let_caches_expire();
  CHECK(cost(world, [&] {
          for (const std::string& name : names_in(world.posix(), "d")) {
            REQUIRE(err(world.posix().stat("d/" + name)) == 0);
          }
        }) == "head 1, list 2");
  CHECK(world.posix().stat("d/n7")->uid == 8);
}

TEST_CASE("a known file that is opened after a while is asked for alone") {
  DirectWorld world;
  REQUIRE(write_file(world.posix(), "f", "x") == 0);
  world.clock()->advance(std::chrono::seconds(60));
  CHECK(cost(world, [&] { CHECK(file_text(world.posix(), "f") == "x"); }) == "head 1");
}

TEST_CASE("a known small file that is opened to be read after a while is one get") {
  DirectWorld world;
  Driver& posix = world.posix();
  for (const char* name : {"a", "b", "c"}) REQUIRE(put_object(world, name, "text") == 0);
  REQUIRE(names_in(posix, "").size() == 3);
  for (const char* name : {"a", "b", "c"}) REQUIRE(err(posix.stat(name)) == 0);
  world.clock()->advance(std::chrono::seconds(60));
  CHECK(cost(world, [&] { CHECK(file_text(posix, "b") == "text"); }) == "get 1");
  world.clock()->advance(std::chrono::seconds(60));
  CHECK(cost(world, [&] { CHECK(file_text(posix, "b") == "text"); }) == "head 1");
  REQUIRE(put_object(world, "c", "changed") == 0);
  CHECK(file_text(posix, "c") == "changed");
  REQUIRE(world.fake()->remove_raw("b"));
  world.clock()->advance(std::chrono::seconds(60));
  CHECK(err(posix.open("b", O_RDONLY)) == ENOENT);
}

TEST_CASE("a file listed a while ago in a large directory is asked for alone") {
  DirectWorld world;
  for (int i = 0; i < 2'000; ++i) world.fake()->put_raw("d/n" + std::to_string(i), "x");
  REQUIRE(err(world.posix().stat("d")) == 0);
  REQUIRE(names_in(world.posix(), "d").size() == 2'000);
  world.clock()->advance(std::chrono::seconds(60));
  CHECK(cost(world, [&] { CHECK(err(world.posix().stat("d/n7")) == 0); }) == "head 1");
}

TEST_CASE("what was written is read again without a request") {
  DirectWorld world;
  Driver& posix = world.posix();
  const std::string large(std::size_t{100} << 10U, 'l');
  REQUIRE(write_file(posix, "large", large) == 0);
  REQUIRE(write_file(posix, "f", "text") == 0);
  CHECK(cost(world, [&] {
          CHECK(file_text(posix, "large") == large);
          CHECK(file_text(posix, "f") == "text");
        }) == "none");
  REQUIRE(err(posix.chmod("f", 0600)) == 0);
  CHECK(cost(world, [&] { CHECK(file_text(posix, "f") == "text"); }) == "none");
  REQUIRE(err(posix.rename("f", "g")) == 0);
  CHECK(cost(world, [&] { CHECK(file_text(posix, "g") == "text"); }) == "none");
  REQUIRE(write_file(posix, "g", "other") == 0);
  CHECK(cost(world, [&] { CHECK(file_text(posix, "g") == "other"); }) == "none");
}

TEST_CASE("of a file that others have replaced meanwhile nothing is read that was written here") {
  DirectWorld world;
  REQUIRE(write_file(world.posix(), "f", "mine") == 0);
  REQUIRE(put_object(world, "f", "them") == 0);
  world.clock()->advance(std::chrono::seconds(2));
  CHECK(file_text(world.posix(), "f") == "them");
}

TEST_CASE("of a file written in part what others have of it is fetched") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", "abcdef") == 0);
  const auto fd = posix.open("f", O_RDWR);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.ftruncate(*fd, 200)) == 0);
  REQUIRE(err(posix.pwrite(*fd, 1, "X")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  std::string expected = "aXcdef";
  expected.resize(200);
  CHECK(file_text(posix, "f") == expected);
}

TEST_CASE("a tree is removed with one delete for each object that there is") {
  DirectWorld world;
  Driver& posix = world.posix();
  for (int d = 0; d < 3; ++d) {
    for (int i = 0; i < 5; ++i) {
      REQUIRE(put_object(world, "t/d" + std::to_string(d) + "/f" + std::to_string(i), "x") == 0);
    }
  }
  REQUIRE(err(posix.mkdir("t/own")) == 0);
  const auto remove_tree = [&](const std::string& path, auto& self) -> void {
    for (const std::string& name : names_in(posix, path)) {
      const std::string below = path + "/" + name;
      const auto stat = posix.stat(below);
      REQUIRE(err(stat) == 0);
      if (S_ISDIR(stat->mode)) {
        self(below, self);
      } else {
        REQUIRE(err(posix.unlink(below)) == 0);
      }
    }
    REQUIRE(err(posix.rmdir(path)) == 0);
  };
  world.fake()->reset_count();
  remove_tree("t", remove_tree);
  const RequestCount count = world.fake()->count();
  CAPTURE(count.text());
  CHECK(count.remove == 16);
  CHECK(count.list <= 4);
  CHECK(keys(world).empty());
}

TEST_CASE("what others put into a directory that we remove stays readable") {
  DirectWorld world;
  REQUIRE(err(world.posix().mkdir("d")) == 0);
  REQUIRE(put_object(world, "d/theirs", "x") == 0);
  CHECK(err(world.posix().rmdir("d")) == 0);
  world.let_caches_expire();
  CHECK(file_text(world.posix(), "d/theirs") == "x");
}

TEST_CASE("mkdir, unlink, rmdir, chmod, symlink and rename cost what S3 asks for") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", "x") == 0);
  REQUIRE(put_object(world, "g", "x") == 0);
  REQUIRE(names_in(posix, "").size() == 2);
  REQUIRE(err(posix.stat("f")) == 0);
  REQUIRE(err(posix.stat("g")) == 0);
  CHECK(cost(world, [&] { CHECK(err(posix.mkdir("d")) == 0); }) == "put 1");
  CHECK(cost(world, [&] { CHECK(err(posix.symlink("t", "l")) == 0); }) == "put 1");
  CHECK(cost(world, [&] { CHECK(err(posix.chmod("f", 0600)) == 0); }) == "copy 1");
  CHECK(cost(world, [&] { CHECK(err(posix.utimens("f", at_second(1), at_second(2))) == 0); }) ==
        "copy 1");
  CHECK(cost(world, [&] { CHECK(err(posix.rename("f", "h")) == 0); }) == "remove 1, copy 1");
  CHECK(cost(world, [&] { CHECK(err(posix.unlink("g")) == 0); }) == "remove 1");
  CHECK(cost(world, [&] { CHECK(err(posix.rmdir("d")) == 0); }) == "remove 1");
}

TEST_CASE("a change of a directory to what is so already sends nothing but moves the ctime") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(err(posix.mkdir("d")) == 0);
  REQUIRE(err(posix.chmod("d", 0700)) == 0);
  REQUIRE(err(posix.chown("d", 7, 8)) == 0);
  REQUIRE(err(posix.utimens("d", at_second(1), at_second(2))) == 0);
  const auto before = posix.stat("d");
  world.clock()->advance(std::chrono::milliseconds(1));
  CHECK(cost(world, [&] {
          CHECK(err(posix.chmod("d", 0700)) == 0);
          CHECK(err(posix.chown("d", 7, 8)) == 0);
          CHECK(err(posix.utimens("d", at_second(1), at_second(2))) == 0);
        }) == "none");
  const auto after = posix.stat("d");
  CHECK(after->ctime > before->ctime);
  CHECK(after->mtime == before->mtime);
  CHECK(cost(world, [&] { CHECK(err(posix.chmod("d", 0701)) == 0); }) == "put 1");
  CHECK(posix.stat("d")->mode == (before->mode | 1U));
}

TEST_CASE("a change of a file to what is so already sends nothing but moves the ctime") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(write_file(posix, "f", "x") == 0);
  REQUIRE(err(posix.symlink("f", "l")) == 0);
  for (const char* name : {"f", "l"}) {
    CAPTURE(name);
    const bool file = name[0] == 'f';
    if (file) REQUIRE(err(posix.chmod(name, 0700)) == 0);
    REQUIRE(err(posix.chown(name, 7, 8)) == 0);
    REQUIRE(err(posix.utimens(name, at_second(1), at_second(2))) == 0);
    const auto before = posix.stat(name);
    world.clock()->advance(std::chrono::milliseconds(1));
    CHECK(cost(world, [&] {
            if (file) CHECK(err(posix.chmod(name, 0700)) == 0);
            CHECK(err(posix.chown(name, 7, 8)) == 0);
            CHECK(err(posix.utimens(name, at_second(1), at_second(2))) == 0);
          }) == "none");
    const auto after = posix.stat(name);
    CHECK(after->ctime > before->ctime);
    CHECK(after->mtime == before->mtime);
    // It does not go back when the store is asked again.
    world.clock()->advance(std::chrono::seconds(2));
    if (file) CHECK(file_text(posix, name) == "x");
    CHECK(posix.stat(name)->ctime >= after->ctime);
    world.clock()->advance(std::chrono::seconds(1'000));
    CHECK(posix.stat(name)->ctime >= after->ctime);
    CHECK(cost(world, [&] { CHECK(err(posix.chown(name, 9, 8)) == 0); }) == "copy 1");
    CHECK(posix.stat(name)->uid == 9);
    CHECK(posix.stat(name)->ctime > after->ctime);
  }
}

TEST_CASE("what is shown of a file by default is written when somebody asks for it") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", "x") == 0);
  const auto shown = posix.stat("f");
  REQUIRE(err(shown) == 0);
  CHECK(cost(world, [&] { CHECK(err(posix.chown("f", shown->uid, shown->gid)) == 0); }) ==
        "copy 1");
  CHECK(meta(world, "f", "uid") == std::to_string(shown->uid));
}

TEST_CASE("what is shown of a directory by default is written when somebody asks for it") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "d/", "") == 0);
  const auto shown = posix.stat("d");
  REQUIRE(err(shown) == 0);
  CHECK(cost(world, [&] { CHECK(err(posix.chown("d", shown->uid, shown->gid)) == 0); }) == "put 1");
  CHECK(meta(world, "d/", "uid") == std::to_string(shown->uid));
}

TEST_CASE("renaming a directory of 100 files is a hundred copies and a few requests more") {
  DirectWorld world;
  REQUIRE(err(world.posix().mkdir("d")) == 0);
  for (int i = 0; i < 99; ++i) {
    REQUIRE(write_file(world.posix(), "d/f" + std::to_string(i), "x") == 0);
  }
  world.fake()->reset_count();
  REQUIRE(err(world.posix().rename("d", "e")) == 0);
  const RequestCount count = world.fake()->count();
  CAPTURE(count.text());
  // 99 copies, one PUT, one deletion, a LIST of the old name, and two of the new one: the lookup's,
  // and another one, because another client may have taken it since.
  CHECK(count.total() == 104);
  CHECK(count.get == 0);
}

TEST_CASE("reading a small file is one get of it, once") {
  DirectWorld world;
  const std::string text = pattern(100'000);
  REQUIRE(put_object(world, "f", text) == 0);
  REQUIRE(err(world.posix().stat("f")) == 0);
  const auto fd = world.posix().open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  world.fake()->reset_count();
  std::string got;
  while (got.size() < text.size()) got += *world.posix().pread(*fd, got.size(), 4'096);
  CHECK((got == text));
  CHECK(world.fake()->count().text() == "get 1");
  CHECK(world.fake()->bytes_out() == text.size());
  CHECK(err(world.posix().close(*fd)) == 0);
}

TEST_CASE("replacing a whole file reads nothing of the old one") {
  DirectWorld world;
  REQUIRE(put_object(world, "f", pattern(1'000'000)) == 0);
  REQUIRE(err(world.posix().stat("f")) == 0);
  CHECK(cost(world, [&] { CHECK(write_file(world.posix(), "f", "new") == 0); }) == "put 1");
}

TEST_CASE("a change in the middle of a large object sends the change and copies the rest") {
  WorldOptions options;
  options.multipart_size = 5U << 20U;
  DirectWorld world(options);
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", pattern(30U << 20U)) == 0);
  REQUIRE(err(posix.stat("f")) == 0);
  const auto fd = posix.open("f", O_WRONLY);
  REQUIRE(err(fd) == 0);
  world.fake()->reset_count();
  REQUIRE(err(posix.pwrite(*fd, 12U << 20U, "0123456789abcdef")) == 0);
  REQUIRE(err(posix.close(*fd)) == 0);
  const RequestCount count = world.fake()->count();
  CAPTURE(count.text());
  CHECK(count.copy_part >= 1);
  CHECK(count.complete_upload == 1);
  CHECK(count.abort_upload == 0);
  CHECK(world.fake()->bytes_in() <= 10U << 20U);
  CHECK(world.fake()->bytes_out() <= 10U << 20U);
}

}  // namespace
}  // namespace pailfs::test
