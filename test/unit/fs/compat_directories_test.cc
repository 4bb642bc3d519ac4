// SPDX-License-Identifier: Apache-2.0
#include "fs/format/compat_directories.h"

#include <algorithm>

#include "pailfs/fs/file_system.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::test {
namespace {

using Keys = std::vector<store::Key>;

const store::ObjectAttributes kOwned = {"binary/octet-stream", {{"mode", "448"}, {"uid", "7"}}, {}};

struct Setting {
  FakeClock clock;
  FakeStore fake{clock};
  FaultStore faults{fake};
  fs::CompatDirectories store{faults};

  store::ETag put(const store::Key& key) {
    StringSource nothing("");
    const auto etag = store.put({key, {"application/x-directory", {}, {}}}, nothing);
    REQUIRE(etag);
    return *etag;
  }
  Keys listed(const std::string& prefix, bool delimited = true) {
    store::ListRequest request;
    request.prefix = prefix;
    request.delimited = delimited;
    const auto page = store.list(request);
    REQUIRE(page);
    Keys keys = page->prefixes;
    for (const auto& object : page->objects) keys.push_back(object.key);
    std::sort(keys.begin(), keys.end());
    return keys;
  }
};

int err(const auto& result) {
  return result ? 0 : result.error().err;
}

}  // namespace

TEST_CASE("only a name before the ending makes a key of the old form") {
  CHECK(fs::is_folder_key("a_$folder$"));
  CHECK(fs::is_folder_key("a/b_$folder$"));
  CHECK_FALSE(fs::is_folder_key("_$folder$"));
  CHECK_FALSE(fs::is_folder_key("a/_$folder$"));
  CHECK_FALSE(fs::is_folder_key("a_$folder$b"));
  CHECK_FALSE(fs::is_folder_key("a_$folder$/"));
}

TEST_CASE("a directory in the old form is asked for by its key of today, which comes first") {
  Setting s;
  s.fake.put_raw("a_$folder$", "", kOwned);
  const auto old = s.store.head("a/");
  REQUIRE(old);
  CHECK(old->attributes.metadata == kOwned.metadata);
  CHECK(err(s.store.head("a_$folder$")) == ENOENT);
  CHECK(err(s.store.head("b/")) == ENOENT);
  s.fake.put_raw("a/", "", {"", {{"mode", "493"}}, {}});
  CHECK(s.store.head("a/")->attributes.metadata[0].second == "493");
}

TEST_CASE("a failure while the old form is looked for is no absence") {
  Setting s;
  Fault fault;
  fault.verb = Verb::head;
  fault.key = "a_$folder$";
  fault.error = {EIO, "InternalError"};
  s.faults.add(fault);
  CHECK(err(s.store.head("a/")) == EIO);
  store::ListRequest request;
  request.prefix = "a/";
  CHECK(err(s.store.list(request)) == EIO);
}

TEST_CASE("an empty object without our attributes is nobody where names lie below") {
  Setting s;
  s.fake.put_raw("foreign", "");
  s.fake.put_raw("ours", "", kOwned);
  s.fake.put_raw("bytes", "x");
  s.fake.put_raw("typed", "", {"application/x-directory", {}, {}});
  for (const std::string key : {"foreign", "ours", "bytes", "typed"}) {
    CHECK(err(s.store.head(key)) == 0);
    s.fake.put_raw(key + "/below", "");
  }
  CHECK(err(s.store.head("foreign")) == ENOENT);
  for (const std::string key : {"ours", "bytes", "typed"}) CHECK(err(s.store.head(key)) == 0);
}

TEST_CASE("listings show every form once, by its name of today") {
  Setting s;
  s.fake.put_raw("d/old_$folder$", "");
  s.fake.put_raw("d/both/", "");
  s.fake.put_raw("d/both_$folder$", "");
  s.fake.put_raw("d/full/file", "");
  s.fake.put_raw("d/full_$folder$", "");
  s.fake.put_raw("d/_$folder$", "");
  CHECK(s.listed("d/") == Keys{"d/_$folder$", "d/both/", "d/full/", "d/old/"});
  CHECK(s.listed("d/", false) ==
        Keys{"d/_$folder$", "d/both/", "d/full/", "d/full/file", "d/old/"});
  CHECK(s.listed("d/old/") == Keys{"d/old/"});
  CHECK(s.listed("d/full/") == Keys{"d/full/", "d/full/file"});
  CHECK(s.listed("d/both/") == Keys{"d/both/"});
  CHECK(s.listed("none/").empty());
}

TEST_CASE("what is stored as a directory of today replaces the old form") {
  Setting s;
  s.fake.put_raw("a_$folder$", "", kOwned);
  s.put("a/");
  CHECK(s.fake.keys() == Keys{"a/"});
  s.fake.put_raw("b_$folder$", "", kOwned);
  REQUIRE(s.store.copy({"b/", "c/", {}, std::nullopt}));
  CHECK(s.fake.keys() == Keys{"a/", "b_$folder$", "c/"});
  CHECK(s.fake.object("c/")->meta("mode") == "448");
  CHECK(s.fake.object("c/")->attributes.content_type == "application/x-directory");
}

TEST_CASE("the old form stays until today's is stored") {
  Setting s;
  s.fake.put_raw("a_$folder$", "");
  Fault fault;
  fault.verb = Verb::put;
  fault.error = {EIO, "InternalError"};
  s.faults.add(fault);
  StringSource nothing("");
  CHECK(err(s.store.put({"a/", {}}, nothing)) == EIO);
  CHECK(s.fake.keys() == Keys{"a_$folder$"});
}

TEST_CASE("a directory goes in all its forms, and each key has its own result") {
  Setting s;
  s.fake.put_raw("a_$folder$", "");
  s.fake.put_raw("a/", "");
  CHECK(s.store.remove("a/"));
  CHECK(s.fake.keys().empty());
  s.fake.put_raw("a_$folder$", "");
  s.fake.put_raw("f", "");
  const auto results = s.store.remove_many({"a/", "f", "gone"});
  REQUIRE(results.size() == 3);
  for (const Status& status : results) CHECK(status);
  CHECK(s.fake.keys().empty());
}

TEST_CASE("no object of the old form can be made or removed by its name") {
  Setting s;
  s.fake.put_raw("a_$folder$", "");
  StringSource nothing("");
  CHECK(err(s.store.put({"b_$folder$", {}}, nothing)) == EINVAL);
  CHECK(err(s.store.copy({"f", "b_$folder$", {}, std::nullopt})) == EINVAL);
  CHECK(err(s.store.create_upload("b_$folder$", {}, store::PartOrigin::mixed)) == EINVAL);
  CHECK(s.store.remove("a_$folder$"));
  CHECK(s.fake.keys() == Keys{"a_$folder$"});
}

namespace {

struct Mounted {
  explicit Mounted(bool compat_dir) {
    config.compat_dir = compat_dir;
    fake.put_raw("old_$folder$", "", kOwned);
    fake.put_raw("tree_$folder$", "", kOwned);
    fake.put_raw("tree/sub_$folder$", "", kOwned);
    fake.put_raw("tree/file", "bytes");
    fake.put_raw("plain", "", {"application/x-directory", kOwned.metadata, {}});
    fake.put_raw("foreign", "");
    fake.put_raw("foreign/file", "");
    files = fs::make_file_system(config, fake, clock);
  }
  std::vector<std::string> names(fs::InodeId directory) {
    const auto handle = files->opendir(directory);
    REQUIRE(handle);
    std::vector<std::string> found;
    const auto visit = [&](const fs::DirEntry& entry) {
      if (entry.name != "." && entry.name != "..") found.emplace_back(entry.name);
      return true;
    };
    CHECK(files->readdir(*handle, 0, false, visit));
    files->releasedir(*handle);
    std::sort(found.begin(), found.end());
    return found;
  }
  fs::Config config;
  FakeClock clock;
  FakeStore fake{clock};
  std::unique_ptr<fs::FileSystem> files;
};

}  // namespace

TEST_CASE(
    "compat_dir shows old directories with their attributes, whether or not they were listed") {
  Mounted m(true);
  const bool listed = GENERATE(false, true);
  if (listed) {
    CHECK(m.names(fs::kRootInode) == Keys{"foreign", "old", "plain", "tree"});
  }
  for (const std::string name : {"old", "tree", "plain"}) {
    const auto attr = m.files->lookup(fs::kRootInode, name);
    REQUIRE(attr);
    CHECK(attr->mode == (S_IFDIR | 0700U));
    CHECK(attr->uid == 7);
  }
  const auto foreign = m.files->lookup(fs::kRootInode, "foreign");
  REQUIRE(foreign);
  CHECK(S_ISDIR(foreign->mode));
  CHECK(m.names(foreign->ino) == Keys{"file"});
  const auto tree = m.files->lookup(fs::kRootInode, "tree");
  CHECK(m.names(tree->ino) == Keys{"file", "sub"});
  CHECK(err(m.files->lookup(fs::kRootInode, "old_$folder$")) == ENOENT);
}

TEST_CASE("without compat_dir an object of the old form is a file") {
  Mounted m(false);
  CHECK(m.names(fs::kRootInode) ==
        Keys{"foreign", "old_$folder$", "plain", "tree", "tree_$folder$"});
  CHECK(err(m.files->lookup(fs::kRootInode, "old")) == ENOENT);
}

TEST_CASE("an old directory becomes one of today when it is changed, and goes whole") {
  Mounted m(true);
  const fs::Caller root;
  const auto old = m.files->lookup(fs::kRootInode, "old");
  REQUIRE(old);
  fs::SetAttr change;
  change.mode = 0755;
  REQUIRE(m.files->setattr(old->ino, change));
  CHECK_FALSE(m.fake.object("old_$folder$"));
  REQUIRE(m.fake.object("old/"));
  CHECK(m.fake.object("old/")->meta("uid") == "7");
  CHECK(m.fake.object("old/")->attributes.content_type == "application/x-directory");

  CHECK(err(m.files->rmdir(fs::kRootInode, "tree")) == ENOTEMPTY);
  CHECK(m.files->rename(fs::kRootInode, "tree", fs::kRootInode, "moved", false));
  CHECK(m.fake.keys() ==
        Keys{"foreign", "foreign/file", "moved/", "moved/file", "moved/sub/", "old/", "plain"});
  const auto moved = m.files->lookup(fs::kRootInode, "moved");
  REQUIRE(moved);
  CHECK(m.files->rmdir(moved->ino, "sub"));
  CHECK_FALSE(m.fake.object("moved/sub/"));

  CHECK(err(m.files->mkdir(fs::kRootInode, "x_$folder$", 0755, root)) == EINVAL);
  CHECK(err(m.files->rename(fs::kRootInode, "moved", fs::kRootInode, "x_$folder$", false)) ==
        EINVAL);
}

TEST_CASE("a directory that is removed or renamed leaves no empty file of its name") {
  Mounted m(true);
  m.names(fs::kRootInode);
  const auto foreign = m.files->lookup(fs::kRootInode, "foreign");
  REQUIRE(foreign);
  SECTION("removed") {
    REQUIRE(m.files->unlink(foreign->ino, "file"));
    m.clock.advance(std::chrono::seconds(10));
    CHECK(m.files->rmdir(fs::kRootInode, "foreign"));
  }
  SECTION("renamed") {
    CHECK(m.files->rename(fs::kRootInode, "foreign", fs::kRootInode, "moved", false));
    CHECK(m.fake.object("moved/file"));
  }
  CHECK_FALSE(m.fake.object("foreign"));
  m.clock.advance(std::chrono::seconds(10));
  CHECK(err(m.files->lookup(fs::kRootInode, "foreign")) == ENOENT);

  // One that says of itself that it is a file stays.
  m.fake.put_raw("text", "", {"text/plain", {}, {}});
  m.fake.put_raw("text/file", "");
  m.clock.advance(std::chrono::seconds(10));
  const auto text = m.files->lookup(fs::kRootInode, "text");
  REQUIRE(text);
  REQUIRE(m.files->unlink(text->ino, "file"));
  CHECK(m.files->rmdir(fs::kRootInode, "text"));
  CHECK(m.fake.object("text"));
}

TEST_CASE("bytes in the old object of a directory are never thrown away") {
  Mounted m(false);
  m.config.no_copy_api = GENERATE(false, true);
  m.files = fs::make_file_system(m.config, m.fake, m.clock);
  m.fake.put_raw("odd", "precious", {"application/x-directory", {}, {}});
  const auto odd = m.files->lookup(fs::kRootInode, "odd");
  REQUIRE(odd);
  SECTION("chmod") {
    fs::SetAttr change;
    change.mode = 0700;
    REQUIRE(m.files->setattr(odd->ino, change));
    CHECK(m.fake.object("odd/")->content() == "precious");
    CHECK_FALSE(m.fake.object("odd"));
    change.mode = 0750;
    REQUIRE(m.files->setattr(odd->ino, change));
    CHECK(m.fake.object("odd/")->content() == "precious");
  }
  SECTION("rename") {
    REQUIRE(m.files->rename(fs::kRootInode, "odd", fs::kRootInode, "moved", false));
    CHECK(m.fake.object("moved/")->content() == "precious");
    CHECK_FALSE(m.fake.object("odd"));
  }
  SECTION("rmdir") {
    CHECK(err(m.files->rmdir(fs::kRootInode, "odd")) == ENOTEMPTY);
    CHECK(m.fake.object("odd")->content() == "precious");
  }
}

TEST_CASE("an empty directory of the old form is removed with its object") {
  Mounted m(true);
  const bool listed = GENERATE(false, true);
  if (listed) m.names(fs::kRootInode);
  CHECK(m.files->rmdir(fs::kRootInode, "old"));
  CHECK_FALSE(m.fake.object("old_$folder$"));
  CHECK(err(m.files->lookup(fs::kRootInode, "old")) == ENOENT);
}

}  // namespace pailfs::test
