// SPDX-License-Identifier: Apache-2.0
#include "fs/node_cache.h"

#include "support/catch.h"
#include "support/fake_clock.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

Node file_node(const std::string& etag) {
  Node node;
  node.form = Form::file;
  node.info.etag.value = etag;
  return node;
}

ListedName listed(const std::string& etag) {
  ListedName name;
  name.file = true;
  name.etag.value = etag;
  return name;
}

struct Fixture {
  Fixture() {
    config.attribute_ttl = 900s;
    config.listing_ttl = 5s;
  }
  Config config;
  test::FakeClock clock;
};

bool lists(NodeCache& cache, const std::string& directory, const std::string& name) {
  bool found = false;
  cache.with_listing(directory, [&](const Listing& l) { found = l.names.contains(name); });
  return found;
}

}  // namespace

TEST_CASE("attributes are known for their time, absence for the shorter one") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  cache.learn("a", file_node("1"), f.clock.now());
  cache.learn("b", Node{}, f.clock.now());
  f.clock.advance(4s);
  CHECK(cache.find("a"));
  REQUIRE(cache.find("b"));
  CHECK(cache.find("b")->form == Form::absent);
  f.clock.advance(2s);
  CHECK_FALSE(cache.find("b"));
  f.clock.advance(900s);
  CHECK_FALSE(cache.find("a"));
}

TEST_CASE("attributes that are asked for live on, absence does not, where that is wanted") {
  Fixture f;
  f.config.ttl_from_last_use = true;
  NodeCache cache(f.config, f.clock);
  cache.learn("a", file_node("1"), f.clock.now());
  cache.learn("b", Node{}, f.clock.now());
  for (int i = 0; i < 4; ++i) {
    f.clock.advance(3s);
    static_cast<void>(cache.find("b"));
  }
  CHECK_FALSE(cache.find("b"));
  for (int i = 0; i < 3; ++i) {
    f.clock.advance(800s);
    CHECK(cache.find("a"));
  }
  f.clock.advance(901s);
  CHECK_FALSE(cache.find("a"));
}

TEST_CASE("our own changes show in a listing at once") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  cache.finish_reading(cache.begin_reading("d"), Listing{{{"x", listed("1")}}, {}});
  cache.stored("d/y", file_node("2"));
  cache.removed("d/x");
  CHECK(lists(cache, "d", "y"));
  CHECK_FALSE(lists(cache, "d", "x"));
  REQUIRE(cache.find("d/x"));
  CHECK(cache.find("d/x")->form == Form::absent);
}

TEST_CASE("a listing is forgotten after its time, counted from its first request") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const auto reading = cache.begin_reading("d");
  f.clock.advance(3s);
  cache.finish_reading(reading, Listing{});
  CHECK(cache.with_listing("d", [](const Listing&) {}));
  f.clock.advance(3s);
  CHECK_FALSE(cache.with_listing("d", [](const Listing&) {}));
}

TEST_CASE("a listing during which we changed the directory is not kept") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const auto reading = cache.begin_reading("d");
  cache.stored("d/new", file_node("1"));
  cache.finish_reading(reading, Listing{});
  CHECK_FALSE(cache.with_listing("d", [](const Listing&) {}));
  const auto elsewhere = cache.begin_reading("d");
  cache.stored("e/new", file_node("1"));
  cache.finish_reading(elsewhere, Listing{});
  CHECK(cache.with_listing("d", [](const Listing&) {}));
}

TEST_CASE("a listing drops attributes that it contradicts, and keeps younger ones") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  cache.learn("d/same", file_node("1"), f.clock.now());
  cache.learn("d/changed", file_node("1"), f.clock.now());
  cache.learn("d/appeared", Node{}, f.clock.now());
  f.clock.advance(1s);
  const auto reading = cache.begin_reading("d");
  f.clock.advance(1s);
  cache.learn("d/younger", file_node("9"), f.clock.now());
  cache.finish_reading(reading, Listing{{{"same", listed("1")},
                                         {"changed", listed("2")},
                                         {"appeared", listed("3")},
                                         {"younger", listed("8")}},
                                        {}});
  CHECK(cache.find("d/same"));
  CHECK_FALSE(cache.find("d/changed"));
  CHECK_FALSE(cache.find("d/appeared"));
  CHECK(cache.find("d/younger"));
}

TEST_CASE("forgetting a tree forgets it whole and nothing beside it") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  for (const char* path : {"a", "a/b", "a/b/c", "ab", "z"})
    cache.learn(path, file_node("1"), f.clock.now());
  cache.finish_reading(cache.begin_reading("a/b"), Listing{});
  cache.erase_below("a");
  CHECK_FALSE(cache.find("a"));
  CHECK_FALSE(cache.find("a/b/c"));
  CHECK_FALSE(cache.with_listing("a/b", [](const Listing&) {}));
  CHECK(cache.find("ab"));
  CHECK(cache.find("z"));
}

TEST_CASE("memory is bounded, the least used goes first") {
  Fixture f;
  f.config.max_cached_attributes = 3;
  NodeCache cache(f.config, f.clock);
  for (const char* path : {"a", "b", "c"}) cache.learn(path, file_node("1"), f.clock.now());
  CHECK(cache.find("a"));
  cache.learn("d", file_node("1"), f.clock.now());
  CHECK(cache.find("a"));
  CHECK_FALSE(cache.find("b"));
}
