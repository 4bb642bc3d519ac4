// SPDX-License-Identifier: Apache-2.0
// One open directory, read more than once.
#include <fcntl.h>

#include <set>
#include <string>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using Names = std::set<std::string>;

struct World {
  Names read(HandleId handle) {
    Names names;
    REQUIRE(files->readdir(handle, 0, false, [&](const DirEntry& entry) {
      names.emplace(entry.name);
      return true;
    }));
    names.erase(".");
    names.erase("..");
    return names;
  }

  test::FakeClock clock;
  test::FakeStore store{clock};
  std::unique_ptr<FileSystem> files = make_file_system(Config(), store, clock);
};

TEST_CASE("a directory read again from its start shows what has come and gone since") {
  World w;
  w.store.put_raw("a", "x");
  const auto opened = w.files->opendir(kRootInode);
  REQUIRE(opened);
  CHECK(w.read(*opened) == Names{"a"});
  const auto made = w.files->create(kRootInode, "own", 0644, O_WRONLY, Caller{});
  REQUIRE(made);
  CHECK(w.read(*opened) == Names{"a", "own"});
  REQUIRE(w.files->flush(made->handle));
  w.files->release(made->handle);
  w.store.reset_count();
  CHECK(w.read(*opened) == Names{"a", "own"});
  CHECK(w.store.count().text() == "none");
  REQUIRE(w.files->unlink(kRootInode, "own"));
  CHECK(w.read(*opened) == Names{"a"});
  w.store.put_raw("foreign", "x");
  w.clock.advance(10s);
  CHECK(w.read(*opened) == Names{"a", "foreign"});
  w.files->releasedir(*opened);
}

TEST_CASE("a directory that was renamed while it was open is read again under its new name") {
  World w;
  w.store.put_raw("d/a", "x");
  const auto directory = w.files->lookup(kRootInode, "d");
  REQUIRE(directory);
  const auto opened = w.files->opendir(directory->ino);
  REQUIRE(opened);
  CHECK(w.read(*opened) == Names{"a"});
  REQUIRE(w.files->rename(kRootInode, "d", kRootInode, "e", false));
  CHECK(w.read(*opened) == Names{"a"});
  REQUIRE(w.files->unlink(directory->ino, "a"));
  CHECK(w.read(*opened).empty());
  REQUIRE(w.files->rmdir(kRootInode, "e"));
  CHECK(w.read(*opened).empty());
  w.files->releasedir(*opened);
}

}  // namespace
}  // namespace pailfs::fs
