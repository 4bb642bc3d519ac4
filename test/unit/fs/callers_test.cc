// SPDX-License-Identifier: Apache-2.0
// What follows from who calls: set-id bits, and the close that ends nothing.
#include <fcntl.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string_view>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using World = test::FsWorld;

}  // namespace

TEST_CASE("what another user changes in a file takes its set-id bits away, what root changes not") {
  World w;
  const Caller owner{.uid = 1, .gid = 1};
  const Caller root{};
  const auto made = w.files->create(kRootInode, "f", 04755, O_RDWR, owner);
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string_view("bytes")));
  REQUIRE(w.files->flush(made->handle));
  const InodeId ino = made->attr.ino;
  using Change = std::function<bool(const Caller&)>;
  const Change change = GENERATE_REF(
      Change([&](const Caller& by) {
        return w.files->write(made->handle, 0, std::string_view("x"), {.by = &by}).has_value();
      }),
      Change([&](const Caller& by) {
        const auto opened = w.files->open(ino, O_WRONLY | O_TRUNC, by);
        if (opened) w.files->release(opened->handle);
        return opened.has_value();
      }),
      Change([&](const Caller& by) {
        return w.files->allocate(made->handle, {.offset = 0, .size = 10, .grows = true}, by)
            .has_value();
      }));
  REQUIRE(change(root));
  CHECK((w.files->getattr(ino)->mode & S_ISUID) != 0);
  REQUIRE(change(owner));
  CHECK((w.files->getattr(ino)->mode & S_ISUID) == 0);
  CHECK((w.files->getattr(ino)->mode & 0777) == 0755);
}

TEST_CASE("pages of a mapping are written in no user's name") {
  World w;
  const auto made = w.files->create(kRootInode, "f", 04755, O_RDWR, {.uid = 1, .gid = 1});
  REQUIRE(made);
  REQUIRE(w.files->write(made->handle, 0, std::string_view("page"), {}));
  CHECK((w.files->getattr(made->attr.ino)->mode & S_ISUID) != 0);
}

TEST_CASE("an empty new file is left to a later close, if one comes") {
  World w;
  const CreateResult made = w.create("f");
  int asked = 0;
  const auto another = [&](std::uint64_t ino) {
    ++asked;
    CHECK(ino == made.attr.ino);
    return true;
  };
  REQUIRE(w.files->flush(made.handle, another));
  CHECK(asked == 1);
  CHECK_FALSE(w.store.object("f"));
  const bool written = GENERATE(false, true);
  if (written) REQUIRE(w.files->write(made.handle, 0, std::string_view("text")));
  REQUIRE(w.files->flush(made.handle, [&](std::uint64_t ino) { return written && another(ino); }));
  CHECK(asked == 1);  // a file with bytes is stored at each close
  CHECK(w.stored("f") == (written ? "text" : ""));
}

}  // namespace pailfs::fs
