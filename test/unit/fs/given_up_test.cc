// SPDX-License-Identifier: Apache-2.0
// A verb whose caller has stopped waiting before it held its locks changes nothing, ever: what the
// caller's successor does to the same names is not undone by it later.
#include <fcntl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/util/errand.h"

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/text_io.h"

using namespace pailfs;
using namespace pailfs::fs;
using test::err;

namespace {

struct World : test::FsWorld {
  World() : FsWorld(config()) {
    for (const char* name : {"file", "other"}) {
      make(name, "0123456789");
      ids.push_back(must_look(name));
    }
    for (const char* name : {"empty", "full"}) {
      const auto made = files->mkdir(kRootInode, name, 0755, Caller{});
      REQUIRE(made);
      ids.push_back(made->ino);
    }
    REQUIRE(files->symlink("target", ids[3], "link", Caller{}));
    handle = must_open(ids[1], O_RDWR);
  }
  ~World() { files->release(handle); }

  static Config config() {
    Config c;
    c.parallel = 4;
    c.use_xattr = true;
    return c;
  }
  /// All keys with what they hold, as one text.
  std::string everything() {
    std::string text;
    for (const std::string key : {"file", "other", "empty/", "full/", "full/link", "new", "new/"}) {
      const auto object = store.object(key);
      text += key + (object ? "=" + object->content() + ";" : " absent;");
    }
    return text;
  }
  std::uint64_t size_of_open() {
    const auto attr = files->getattr(ids[1]);
    return attr ? attr->size : 0;
  }

  std::vector<InodeId> ids;
  HandleId handle = 0;
};

SetAttr of_mode(mode_t mode) {
  SetAttr change;
  change.mode = mode;
  return change;
}
SetAttr of_size(std::uint64_t size) {
  SetAttr change;
  change.size = size;
  return change;
}

}  // namespace

TEST_CASE("verbs that were given up before they began change nothing", "[fs][errand]") {
  struct Row {
    const char* what;
    std::function<int(World&)> call;
  };
  const std::vector<Row> rows = {
      {"unlink", [](World& w) { return err(w.files->unlink(kRootInode, "file")); }},
      {"rmdir", [](World& w) { return err(w.files->rmdir(kRootInode, "empty")); }},
      {"rename of a file",
       [](World& w) { return err(w.files->rename(kRootInode, "file", kRootInode, "new", false)); }},
      {"rename of a directory",
       [](World& w) { return err(w.files->rename(kRootInode, "full", kRootInode, "new", false)); }},
      {"mkdir", [](World& w) { return err(w.files->mkdir(kRootInode, "new", 0755, Caller{})); }},
      {"symlink", [](World& w) { return err(w.files->symlink("x", kRootInode, "new", Caller{})); }},
      {"mknod",
       [](World& w) {
         return err(w.files->mknod(kRootInode, "new", S_IFIFO | 0600, 0, Caller{}));
       }},
      {"chmod of a file", [](World& w) { return err(w.files->setattr(w.ids[0], of_mode(0600))); }},
      {"chmod of a directory",
       [](World& w) { return err(w.files->setattr(w.ids[2], of_mode(0700))); }},
      {"truncate", [](World& w) { return err(w.files->setattr(w.ids[0], of_size(3))); }},
      {"setxattr of a file",
       [](World& w) {
         return err(w.files->setxattr(w.ids[0], "user.a", "1", XattrMode::any, Caller{}));
       }},
      {"setxattr of a directory",
       [](World& w) {
         return err(w.files->setxattr(w.ids[2], "user.a", "1", XattrMode::any, Caller{}));
       }},
      {"write",
       [](World& w) { return err(w.files->write(w.handle, 4, std::string_view("longer ..."))); }},
      {"fallocate",
       [](World& w) {
         return err(w.files->allocate(w.handle, {0, 100, false, true}));
       }},
      {"open that truncates",
       [](World& w) { return err(w.files->open(w.ids[0], O_WRONLY | O_TRUNC)); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world;
    const std::string before = world.everything();
    const auto errand = std::make_shared<Errand>();
    errand->give_up();
    {
      const ErrandScope scope(errand);
      CHECK(row.call(world) == EINTR);
    }
    REQUIRE(world.files->flush(world.handle));
    CHECK(world.everything() == before);
    CHECK(world.size_of_open() == 10);
    // On a thread with nothing to give up the same is done.
    CHECK(row.call(world) == 0);
    REQUIRE(world.files->flush(world.handle));
  }
}

TEST_CASE("a flush that was given up stores all the same", "[fs][errand]") {
  World world;
  REQUIRE(world.files->write(world.handle, 0, std::string_view("changed")));
  const auto errand = std::make_shared<Errand>();
  errand->give_up();
  {
    const ErrandScope scope(errand);
    CHECK(err(world.files->flush(world.handle)) == 0);
  }
  CHECK(world.store.object("other")->content() == "changed789");
}
