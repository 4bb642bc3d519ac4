// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/name_table.h"

#include <map>
#include <random>
#include <set>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

TEST_CASE("a directory's names are found whatever came and went before") {
  NameTable table;
  std::map<std::string, SlotId> expected;
  std::mt19937 random(7);  // NOLINT: the same every time
  for (int step = 0; step < 50'000; ++step) {
    const std::string name(1 + random() % 40, static_cast<char>('a' + random() % 26));
    const std::string full = name + std::to_string(random() % 50);
    if (random() % 3 == 0 && expected.contains(full)) {
      table.free(expected.at(full));
      expected.erase(full);
    } else {
      const SlotId id = table.make(full);
      if (expected.contains(full)) REQUIRE(expected.at(full) == id);
      expected[full] = id;
    }
    if (step % 10'000 == 9'999) {
      table.compact();
      for (auto& [known, id] : expected) id = table.find(known);
    }
  }
  REQUIRE(table.live() == expected.size());
  for (const auto& [name, id] : expected) {
    REQUIRE(table.find(name) == id);
    REQUIRE(table.name(id) == name);
  }
  CHECK(table.find("nothing like it") == kNoSlot);
}

TEST_CASE("a table is as small after a million changes as before") {
  NameTable table;
  for (int i = 0; i < 1'000'000; ++i) table.free(table.make("temporary-" + std::to_string(i)));
  CHECK(table.live() == 0);
  CHECK(table.end() == 1);
}

TEST_CASE("numbers of names that went are given to others in the order in which they went") {
  NameTable table;
  for (int i = 0; i < 100; ++i) table.make("old" + std::to_string(i));
  for (int i = 0; i < 100; ++i) table.free(table.find("old" + std::to_string(i)));
  for (SlotId i = 0; i < 100; ++i) REQUIRE(table.make("new" + std::to_string(i)) == i);
  CHECK(table.end() == 100);
}

TEST_CASE("an ETag comes out as it went in") {
  for (const char* text :
       {"", "\"d41d8cd98f00b204e9800998ecf8427e\"", "\"d41d8cd98f00b204e9800998ecf8427e-7\"",
        "\"d41d8cd98f00b204e9800998ecf8427e-10000\"", "\"d41d8cd98f00b204e9800998ecf8427e-007\"",
        "\"D41D8CD98F00B204E9800998ECF8427E\"", "\"d41d8cd98f00b204e9800998ecf8427e-\"",
        "d41d8cd98f00b204e9800998ecf8427e", "\"x\"", "W/\"abc\"",
        "\"d41d8cd98f00b204e9800998ecf8427e-99999\""}) {
    PackedTag tag;
    tag.assign({"\"before\""});
    tag.assign({text});
    CHECK(tag.get().value == text);
    CHECK(tag.equals({text}));
    CHECK_FALSE(tag.equals({"\"d41d8cd98f00b204e9800998ecf8427f\""}));
  }
}

TEST_CASE("what an object carries comes out as it went in, whoever wrote it") {
  Config config;
  config.default_uid = 7;
  TypeNames types;
  Stat stat;
  stat.mode = S_IFREG | 0640;
  stat.uid = 1000;
  stat.mtime = WallTime{std::chrono::nanoseconds(1'700'000'000'123'456'789)};
  store::ObjectAttributes typed;
  typed.content_type = "text/plain";
  store::ObjectAttributes foreign = encode(stat, typed);
  foreign.metadata.emplace_back("colour", "red");
  store::ObjectAttributes odd = encode(stat, typed);
  set_metadata(odd, "mtime", "1700000000.1");
  store::ObjectAttributes some = typed;
  some.metadata = {{"mtime", "1700000000"}, {"uid", "0"}};
  store::ObjectAttributes cached = encode(stat, typed);
  cached.standard.emplace_back("Cache-Control", "no-store");
  for (const auto& attributes : {store::ObjectAttributes(), typed, encode(stat, typed),
                                 encode(stat, typed, false), foreign, odd, some, cached}) {
    store::ObjectInfo info;
    info.size = 12;
    info.last_modified = WallTime{std::chrono::seconds(1'000)};
    info.attributes = attributes;
    const Node node = decode(info, false, config);
    const PackedAttributes packed(node.stat, attributes, types);
    auto sorted = packed.attributes(types);
    auto expected = attributes;
    std::sort(sorted.metadata.begin(), sorted.metadata.end());
    std::sort(expected.metadata.begin(), expected.metadata.end());
    CHECK(sorted == expected);
    CHECK(packed.stat().mode == node.stat.mode);
    CHECK(packed.stat().uid == node.stat.uid);
    CHECK(packed.stat().mtime == node.stat.mtime);
    CHECK(packed.stat().atime == node.stat.atime);
  }
  CHECK(PackedAttributes(stat, encode(stat, typed), types).extra() == 0);
  CHECK(PackedAttributes(decode({0, {}, {}, some}, false, config).stat, some, types).extra() == 0);
  CHECK(PackedAttributes(stat, foreign, types).extra() > 0);
}
