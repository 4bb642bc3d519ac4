// SPDX-License-Identifier: Apache-2.0
// attributes=listing: what a listing alone tells is shown, and nothing is changed because of it.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/fs_world.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

store::ObjectAttributes of_s3fs(mode_t mode) {
  store::ObjectAttributes attributes;
  attributes.content_type = "text/plain";
  attributes.metadata = {{"mode", std::to_string(mode)}, {"mtime", "1000000000"}, {"own", "yes"}};
  return attributes;
}

struct World : test::FsWorld {
  World() : FsWorld(config()) {}
  static Config config() {
    Config config;
    config.attributes = AttributeSource::listing;
    config.default_uid = 7;
    config.memory_limit = 64U << 20U;
    return config;
  }
  Attr stat(std::string_view name, InodeId parent = kRootInode) {
    const auto attr = files->lookup(parent, name);
    REQUIRE(attr);
    CHECK(attr->complete);
    return *attr;
  }
  /// ls -l: the names, those with attributes from it, then a lookup of each other name.
  std::vector<Attr> list_long() {
    std::vector<Attr> all;
    const auto directory = files->opendir(kRootInode);
    REQUIRE(directory);
    for (std::uint64_t offset = 0;;) {
      std::vector<std::pair<std::string, std::optional<Attr>>> batch;
      const std::uint64_t from = offset;
      REQUIRE(files->readdir(*directory, from, true, [&](const DirEntry& entry) {
        if (batch.size() == 20) return false;
        batch.emplace_back(entry.name, entry.attr);
        offset = entry.next;
        return true;
      }));
      if (batch.empty()) break;
      for (const auto& [name, attr] : batch) {
        if (name != "." && name != "..") all.push_back(attr ? *attr : stat(name));
      }
    }
    files->releasedir(*directory);
    return all;
  }
};

TEST_CASE("a thousand files of another program are shown with the requests for their names") {
  World w;
  for (int i = 0; i < 900; ++i) w.store.put_raw("f" + std::to_string(i), std::string(3, 'x'));
  w.store.put_raw("d/inside", "x");
  w.store.reset_count();
  const auto all = w.list_long();
  CHECK(all.size() == 901);
  CHECK(all.front().size == 3);
  CHECK(all.front().mode == (S_IFREG | 0640U));
  CHECK(all.front().uid == 7);
  CHECK(S_ISDIR(all.back().mode));
  w.files.reset();
  CAPTURE(w.store.count().text());
  CHECK(w.store.count().list == 1);
  CHECK(w.store.count().head == 0);
}

TEST_CASE("a name alone costs a page of its directory where that was one before") {
  World w;
  w.store.put_raw("f", "four");
  REQUIRE(w.list().size() == 1);
  w.clock.advance(6s);
  CHECK(w.cost([&] { CHECK(w.stat("f").size == 4); }) == "list 1");
  w.store.put_raw("f", "longer");
  w.clock.advance(6s);
  CHECK(w.stat("f").size == 6);
  w.store.remove_raw("f");
  w.clock.advance(6s);
  CHECK(w.look_error("f") == ENOENT);
}

TEST_CASE("what an object says of itself counts once it was opened") {
  World w;
  w.store.put_raw("f", "text", of_s3fs(S_IFREG | 0755U));
  REQUIRE(w.list().size() == 1);
  const Attr seen = w.stat("f");
  CHECK(seen.mode == (S_IFREG | 0640U));
  CHECK(w.read_file(seen.ino) == "text");
  const Attr known = w.stat("f");
  CHECK(known.ino == seen.ino);
  CHECK(known.mode == (S_IFREG | 0755U));
  CHECK(known.mtime == WallTime(std::chrono::seconds(1000000000)));
}

TEST_CASE("a symbolic link that was listed as a file is one when it is opened or changed") {
  World w;
  w.store.put_raw("link", "target", of_s3fs(S_IFLNK | 0777U));
  REQUIRE(w.list().size() == 1);
  const Attr seen = w.stat("link");
  CHECK(S_ISREG(seen.mode));
  SECTION("to read it") {
    CHECK(w.open_error(seen.ino, O_RDONLY) == ESTALE);
  }
  SECTION("to change it") {
    SetAttr change;
    change.mode = 0600;
    const auto changed = w.files->setattr(seen.ino, change);
    REQUIRE_FALSE(changed);
    CHECK(changed.error().err == ESTALE);
  }
  const Attr known = w.stat("link");
  CHECK(S_ISLNK(known.mode));
  CHECK(known.ino != seen.ino);
  CHECK(*w.files->readlink(known.ino) == "target");
}

TEST_CASE("a change of a file that was only listed keeps what its object says") {
  World w;
  w.store.put_raw("f", "text", of_s3fs(S_IFREG | 0755U));
  REQUIRE(w.list().size() == 1);
  const Attr seen = w.stat("f");
  SECTION("of its time") {
    SetAttr change;
    change.mtime = WallTime(std::chrono::seconds(5));
    REQUIRE(w.files->setattr(seen.ino, change));
    CHECK(w.stat("f").mode == (S_IFREG | 0755U));
  }
  SECTION("of its name") {
    REQUIRE(w.rename("f", "g"));
    CHECK(w.stat("g").mode == (S_IFREG | 0755U));
  }
  SECTION("of its bytes") {
    const HandleId handle = w.must_open(seen.ino, O_WRONLY | O_APPEND);
    REQUIRE(w.files->write(handle, 4, std::string("+")));
    REQUIRE(w.close(handle));
    CHECK(w.stat("f").mode == (S_IFREG | 0755U));
    CHECK(w.stored("f") == "text+");
  }
}

TEST_CASE(
    "a walk with attributes from listings fetches none ahead, a walk that reads each file once") {
  World w;
  for (int d = 10; d < 20; ++d) {
    for (int f = 10; f < 20; ++f)
      w.store.put_raw("d" + std::to_string(d) + "/f" + std::to_string(f), "x");
  }
  const bool reads = GENERATE(false, true);
  w.store.reset_count();
  for (const std::string& directory : w.list()) {
    const InodeId top = w.stat(directory).ino;
    for (const std::string& name : w.list(top)) {
      const InodeId file = w.stat(name, top).ino;
      if (reads) CHECK(w.read_file(file) == "x");
    }
  }
  w.files.reset();
  CAPTURE(w.store.count().text());
  CHECK(w.store.count().list <= 12);
  CHECK(w.store.count().head == 0);
  CHECK(w.store.count().get == (reads ? 100 : 0));
}

}  // namespace
}  // namespace pailfs::fs
