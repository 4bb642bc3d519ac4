// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/attribute_snapshot.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

struct TempDir {
  std::string path = "/tmp/pailfs-attributes-XXXXXX";
  TempDir() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TempDir() { std::filesystem::remove_all(path); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
};

SnapshotEntries sample(const std::string& directory) {
  SnapshotEntry file;
  file.name = "f\xff with \n";
  file.estimated = true;
  file.info.size = 1ULL << 40U;
  file.info.etag = {"\"x-2\""};
  file.info.last_modified = WallTime(-1ns);
  file.info.attributes = {"text/plain", {{"mode", "33188"}, {"own", ""}}, {{"Expires", "0"}}};
  SnapshotEntry marker;
  marker.name = "d";
  marker.marker = true;
  marker.info.etag = {"\"e\""};
  return {directory, {file, marker}};
}

Status write(const AttributeSnapshot& file, std::vector<SnapshotEntries> pieces) {
  return file.write([&](SnapshotEntries& some) {
    if (pieces.empty()) return false;
    some = pieces.front();
    pieces.erase(pieces.begin());
    return true;
  });
}

std::vector<SnapshotEntries> read(const AttributeSnapshot& file, int expected_errno) {
  std::vector<SnapshotEntries> found;
  const Status status = file.read([&](const SnapshotEntries& some) { found.push_back(some); });
  CHECK((status ? 0 : status.error().err) == expected_errno);
  return found;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("what is remembered is read as it was written") {
  const TempDir dir;
  const AttributeSnapshot file(dir.path + "/attributes");
  CHECK(read(file, ENOENT).empty());
  REQUIRE(write(file, {sample(""), sample("a/b")}));
  CHECK(read(file, 0) == std::vector{sample(""), sample("a/b")});
  struct stat info {};
  REQUIRE(stat((dir.path + "/attributes").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  REQUIRE(write(file, {sample("c")}));
  CHECK(read(file, 0) == std::vector{sample("c")});
  CHECK_FALSE(std::filesystem::exists(dir.path + "/attributes.new"));
}

TEST_CASE("of a damaged file only whole pieces before the damage are taken") {
  const TempDir dir;
  const std::string path = dir.path + "/attributes";
  const AttributeSnapshot file(path);
  REQUIRE(write(file, {sample("a"), sample("b")}));
  const std::string good = text_of(path);
  for (std::size_t at = 0; at < good.size(); ++at) {
    CAPTURE(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    for (const auto& some : read(file, EINVAL)) {
      CHECK((some == sample("a") || some == sample("b")));
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << good.substr(0, at);
    for (const auto& some : read(file, EINVAL)) {
      CHECK((some == sample("a") || some == sample("b")));
    }
  }
}

TEST_CASE("an attribute file of somebody else is not read") {
  const TempDir dir;
  const AttributeSnapshot file(dir.path + "/attributes");
  std::filesystem::create_directory(dir.path + "/attributes");
  CHECK(read(file, EINVAL).empty());
  std::filesystem::remove(dir.path + "/attributes");
  REQUIRE(write(AttributeSnapshot(dir.path + "/other"), {sample("a")}));
  std::filesystem::create_symlink(dir.path + "/other", dir.path + "/attributes");
  CHECK(read(file, ELOOP).empty());
}

TEST_CASE("a second mount believes what it remembers where a listing shows the same version") {
  const TempDir dir;
  test::FakeClock clock;
  test::FakeStore store(clock);
  Config config;
  config.attribute_file = dir.path + "/attributes";
  const auto mount = [&] { return make_file_system(config, store, clock); };
  const auto long_list = [&](FileSystem& files) {
    std::string shown;
    const auto opened = files.opendir(kRootInode);
    REQUIRE(opened);
    std::vector<std::string> names;
    REQUIRE(files.readdir(*opened, 0, false, [&](const DirEntry& entry) {
      if (entry.name != "." && entry.name != "..") names.emplace_back(entry.name);
      return true;
    }));
    files.releasedir(*opened);
    for (const std::string& name : names) {
      const auto attr = files.lookup(kRootInode, name);
      REQUIRE(attr);
      shown += name + " " + std::to_string(attr->uid) + " ";
    }
    return shown;
  };
  const auto put = [&](const std::string& key, const std::string& text, const char* uid) {
    store::ObjectAttributes attributes;
    attributes.metadata = {{"mode", "33188"}, {"uid", uid}};
    store.put_raw(key, text, attributes);
  };
  put("a", "text", "7");
  put("b", "text", "7");
  {
    const auto first = mount();
    CHECK(long_list(*first) == "a 7 b 7 ");
    const auto made = first->mkdir(kRootInode, "d", 0700, Caller{});
    REQUIRE(made);
    REQUIRE(first->sync_all());
  }
  clock.advance(100h);
  store.reset_count();
  CHECK(long_list(*mount()) == "a 7 b 7 d 0 ");
  // The store has not shown the first mount what it made itself.
  CHECK(store.count().text() == "head 1, list 1");
  // The same bytes, but not the same object.
  put("b", "text", "8");
  const auto third = mount();
  CHECK(long_list(*third) == "a 7 b 8 d 0 ");
  REQUIRE(store.remove("a"));
  // Without a listing nothing is believed.
  CHECK(mount()->lookup(kRootInode, "a").error().err == ENOENT);
}

TEST_CASE("a mount without a good attribute file does without") {
  const TempDir dir;
  test::FakeClock clock;
  test::FakeStore store(clock);
  Config config;
  config.attribute_file = dir.path + "/attributes";
  std::ofstream(config.attribute_file) << "something else";
  store.put_raw("a", "x");
  const auto files = make_file_system(config, store, clock);
  CHECK(files->lookup(kRootInode, "a"));
  CHECK(files->sync_all());
  CHECK(read(AttributeSnapshot(config.attribute_file), 0).size() == 1);
}
