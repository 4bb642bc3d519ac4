// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/node_cache.h"

#include <malloc.h>
#include <sys/stat.h>

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
  node.info.last_modified = WallTime{std::chrono::seconds(1'000)};
  return node;
}

const WallTime kStored{std::chrono::seconds(1'000)};

ListedName listed(const std::string& etag) {
  ListedName name;
  name.file = true;
  name.etag.value = etag;
  name.last_modified = kStored;
  return name;
}

using Names = std::vector<std::pair<std::string, ListedName>>;

struct Fixture {
  Fixture() {
    config.attribute_ttl = 900s;
    config.listing_ttl = 5s;
  }
  Config config;
  test::FakeClock clock;
};

bool lists(NodeCache& cache, const std::string& path) {
  ListedName name;
  return cache.listed(path, name) == Presence::present;
}

bool is_listed(NodeCache& cache, const std::string& directory) {
  return cache.known_reading(directory) != nullptr;
}

/// A whole listing in one page, asked for at `asked`.
ListingCursorPtr list(NodeCache& cache, const std::string& directory, Names names, MonoTime asked) {
  auto reading = cache.begin_reading(directory, asked);
  NodeCache::Page page;
  page.names = std::move(names);
  page.last = true;
  cache.add_page(reading, page, asked);
  return reading;
}

std::string names_of(NodeCache& cache, const ListingCursorPtr& reading) {
  std::string all;
  for (const auto& item : cache.items(reading, 0, 1'000)) all += item.name + " ";
  return all;
}

}  // namespace

TEST_CASE("attributes are known for their time, absence for the shorter one") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  cache.learn("a", file_node("1"), f.clock.now());
  cache.learn("b", Node{}, f.clock.now());
  f.clock.advance(900ms);
  CHECK(cache.find("a"));
  REQUIRE(cache.find("b"));
  CHECK(cache.find("b")->form == Form::absent);
  f.clock.advance(100ms);
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
  list(cache, "d", {{"x", listed("1")}}, f.clock.now());
  cache.stored("d/y", file_node("2"));
  cache.removed("d/x");
  CHECK(lists(cache, "d/y"));
  CHECK_FALSE(lists(cache, "d/x"));
  REQUIRE(cache.find("d/x"));
  CHECK(cache.find("d/x")->form == Form::absent);
  CHECK(names_of(cache, cache.known_reading("d")) == "y ");
}

TEST_CASE("a listing is forgotten after its time, counted from its first request") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.begin_reading("d", asked);
  f.clock.advance(3s);
  NodeCache::Page page;
  page.last = true;
  cache.add_page(reading, page, asked);
  CHECK(is_listed(cache, "d"));
  f.clock.advance(3s);
  CHECK_FALSE(is_listed(cache, "d"));
}

TEST_CASE("what we change while a listing comes in is not undone by it") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  list(cache, "d", {{"ours", listed("1")}, {"gone", listed("1")}}, f.clock.now());
  f.clock.advance(10s);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.begin_reading("d", asked);
  f.clock.advance(1s);
  cache.stored("d/new", file_node("1"));
  cache.stored("d/ours", file_node("2"));
  cache.removed("d/gone");
  NodeCache::Page page;
  page.names = {{"gone", listed("1")}, {"ours", listed("1")}};
  page.last = true;
  cache.add_page(reading, page, asked);
  REQUIRE(is_listed(cache, "d"));
  CHECK(lists(cache, "d/new"));
  CHECK_FALSE(lists(cache, "d/gone"));
  REQUIRE(cache.find("d/ours"));
  CHECK(cache.find("d/ours")->info.etag.value == "2");
}

TEST_CASE("a listing drops attributes that it contradicts, and keeps younger ones") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  cache.learn("d/same", file_node("1"), f.clock.now());
  cache.learn("d/changed", file_node("1"), f.clock.now());
  cache.learn("d/vanished", file_node("1"), f.clock.now());
  cache.learn("d/appeared", Node{}, f.clock.now());
  f.clock.advance(1s);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.begin_reading("d", asked);
  f.clock.advance(1s);
  cache.learn("d/younger", file_node("9"), f.clock.now());
  NodeCache::Page page;
  page.names = {{"same", listed("1")},
                {"changed", listed("2")},
                {"appeared", listed("3")},
                {"younger", listed("8")}};
  page.last = true;
  cache.add_page(reading, page, asked);
  CHECK(cache.find("d/same"));
  CHECK_FALSE(cache.find("d/changed"));
  CHECK_FALSE(cache.find("d/appeared"));
  CHECK_FALSE(cache.find("d/vanished"));
  CHECK(cache.find("d/younger"));
}

TEST_CASE("attributes out of time are good again when a listing shows the same object") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  auto touched = listed("1");
  touched.last_modified += 1s;
  auto longer = listed("1");
  longer.size = 1;
  const std::string name = GENERATE("same", "touched", "longer");
  cache.learn("d/f", file_node("1"), f.clock.now());
  f.clock.advance(1'000s);
  CHECK_FALSE(cache.find("d/f"));
  list(cache, "d",
       {{"f", name == "same"      ? listed("1")
              : name == "touched" ? touched
                                  : longer}},
       f.clock.now());
  CHECK(cache.find("d/f").has_value() == (name == "same"));
}

TEST_CASE("what we stored ourselves is recognised by when we did") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node node = file_node("1");
  node.info.last_modified = {};
  cache.stored("d/f", node);
  auto seen = listed("1");
  const auto apart = GENERATE(0s, 1s, 60s);
  seen.last_modified = f.clock.wall() + apart;
  f.clock.advance(800s);
  list(cache, "d", {{"f", seen}}, f.clock.now());
  CHECK(cache.find("d/f").has_value() == (apart < 10s));
}

TEST_CASE("what was changed elsewhere right after we stored it is not taken for ours for ever") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node node = file_node("1");
  node.info.last_modified = {};
  cache.stored("d/f", node);
  auto seen = listed("1");
  seen.last_modified = f.clock.wall() + 1s;
  f.clock.advance(600s);
  list(cache, "d", {{"f", seen}}, f.clock.now());
  CHECK(cache.find("d/f"));

  SECTION("a listing that shows another time than the one before") {
    seen.last_modified += 1s;
    f.clock.advance(6s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(cache.find("d/f"));
  }
  SECTION("a listing gives it no more time than it had") {
    f.clock.advance(301s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(cache.find("d/f"));
  }
  SECTION("nor does the next mount") {
    NodeCache next(f.config, f.clock);
    std::size_t from = 0;
    next.remember(cache.remembered("d", from));
    const auto later = GENERATE(200s, 301s);
    f.clock.advance(later);
    list(next, "d", {{"f", seen}}, f.clock.now());
    CHECK(next.find("d/f").has_value() == (later == 200s));
    f.clock.advance(150s);
    list(next, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(next.find("d/f"));
  }
  SECTION("until the store has told of it") {
    node.info.last_modified = seen.last_modified;
    cache.learn("d/f", node, f.clock.now());
    f.clock.advance(1'000s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK(cache.find("d/f"));
  }
}

TEST_CASE("a directory is what its own listing and the one above say") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node node = file_node("1");
  const bool has_object = GENERATE(true, false);
  node.form = has_object ? Form::directory_marker : Form::implicit_directory;
  cache.learn("d", node, f.clock.now());
  f.clock.advance(1'000s);
  CHECK_FALSE(cache.find("d"));
  ListedName above;
  above.directory = true;
  list(cache, "", {{"d", above}}, f.clock.now());
  CHECK_FALSE(cache.find("d"));
  NodeCache::Page page;
  page.names = {{"x", listed("7")}};
  page.last = true;
  const bool same = GENERATE(true, false);
  if (has_object == same) page.marker = listed("1");
  cache.add_page(cache.begin_reading("d", f.clock.now()), page, f.clock.now());
  CHECK(cache.find("d").has_value() == same);
}

TEST_CASE("a directory whose listing is empty and without its object is no longer believed") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node node = file_node("1");
  node.form = GENERATE(Form::directory_marker, Form::implicit_directory, Form::directory_object);
  cache.learn("d", node, f.clock.now());
  const bool learnt_later = GENERATE(false, true);
  const MonoTime asked = f.clock.now();
  f.clock.advance(1s);
  if (learnt_later) cache.learn("d", node, f.clock.now());
  const bool unshown = GENERATE(false, true);
  NodeCache::Page page;
  page.last = true;
  page.unshown = unshown ? 1 : 0;
  cache.add_page(cache.begin_reading("d", asked), page, asked);
  const bool believed = learnt_later || unshown || node.form == Form::directory_object;
  CHECK(cache.find("d").has_value() == believed);
}

TEST_CASE("an implicit directory outlives the removal of its last name by us") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node node = file_node("1");
  node.form = Form::implicit_directory;
  cache.learn("d", node, f.clock.now());
  list(cache, "d", {{"x", listed("7")}}, f.clock.now());
  f.clock.advance(1s);
  cache.removed_file("d/x");
  f.clock.advance(1s);
  list(cache, "d", {}, f.clock.now());
  CHECK(cache.find("d").has_value());
}

TEST_CASE("a reader's places stay where they are while names come and go") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Names names;
  for (char c = 'a'; c <= 'j'; ++c) names.emplace_back(std::string(1, c), listed("1"));
  list(cache, "d", names, f.clock.now());
  const auto reading = cache.known_reading("d");
  REQUIRE(reading);
  const auto first = cache.items(reading, 0, 3);
  REQUIRE(first.size() == 3);
  cache.removed("d/a");
  cache.removed("d/e");
  cache.stored("d/new", file_node("1"));
  f.clock.advance(10s);
  names.erase(names.begin() + 5);  // f, elsewhere
  list(cache, "d", names, f.clock.now());
  std::string rest;
  for (const auto& item : cache.items(reading, first.back().next, 100)) rest += item.name;
  CHECK(rest == "deghij");
}

TEST_CASE("a name that is an object and a directory is there once") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  ListedName below;
  below.directory = true;
  const auto reading = list(cache, "d", {{"a", listed("1")}, {"a", below}}, f.clock.now());
  CHECK(names_of(cache, reading) == "a ");
  ListedName a;
  REQUIRE(cache.listed("d/a", a) == Presence::present);
  CHECK(a.file);
  CHECK(a.directory);
}

TEST_CASE("a reading put aside is taken once, and not when it has grown old") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const auto reading = cache.begin_reading("d", f.clock.now());
  cache.park(reading);
  CHECK(cache.take_parked("d") == reading);
  CHECK_FALSE(cache.take_parked("d"));
  cache.park(reading);
  f.clock.advance(6s);
  CHECK_FALSE(cache.take_parked("d"));
}

TEST_CASE("forgetting a tree forgets it whole and nothing beside it") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  for (const char* path : {"a", "a/b", "a/b/c", "ab", "z"})
    cache.learn(path, file_node("1"), f.clock.now());
  list(cache, "a/b", {}, f.clock.now());
  cache.erase_below("a");
  CHECK_FALSE(cache.find("a"));
  CHECK_FALSE(cache.find("a/b/c"));
  CHECK_FALSE(is_listed(cache, "a/b"));
  CHECK(cache.find("ab"));
  CHECK(cache.find("z"));
}

TEST_CASE("who reads a directory that is forgotten goes on with names, and without attributes") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  Node known = file_node("1");
  known.stat.mode = S_IFREG | 0640;
  const auto reading = list(cache, "d", {{"x", listed("1")}}, f.clock.now());
  cache.learn("d/x", known, f.clock.now());
  REQUIRE(cache.item(reading, "x"));
  REQUIRE(cache.item(reading, "x")->stat);
  CHECK(S_ISREG(cache.item(reading, "x")->stat->mode));

  cache.erase_inside("d");
  CHECK(names_of(cache, reading) == "x ");
  const auto left = cache.item(reading, "x");
  REQUIRE(left);
  CHECK_FALSE(left->stat);
  CHECK(left->listed.file);
}

TEST_CASE("memory is bounded, the least used goes first") {
  Fixture f;
  f.config.max_cached_attributes = 19;
  NodeCache cache(f.config, f.clock);
  for (const char* path : {"a/x", "b/x", "c/x"}) cache.learn(path, file_node("1"), f.clock.now());
  CHECK(cache.find("a/x"));
  cache.learn("d/x", file_node("1"), f.clock.now());
  CHECK(cache.find("d/x"));
  CHECK(cache.find("a/x"));
  CHECK_FALSE(cache.find("b/x"));
  for (int i = 0; i < 1'000; ++i) {
    const std::string path = "d/" + std::to_string(i);
    cache.learn(path, file_node("1"), f.clock.now());
    CHECK(cache.find(path));
  }
  CHECK(cache.sizes().attributes <= 20);
}

TEST_CASE("a listing larger than the bound stays whole while it is read") {
  Fixture f;
  f.config.max_cached_attributes = 20;
  NodeCache cache(f.config, f.clock);
  Names names;
  for (int i = 0; i < 500; ++i) names.emplace_back(std::to_string(i), listed("1"));
  const auto reading = list(cache, "d", names, f.clock.now());
  cache.learn("e/x", file_node("1"), f.clock.now());
  CHECK(cache.items(reading, 0, 1'000).size() == 500);
}

TEST_CASE("what leads to a directory larger than the bound stays known beside it") {
  Fixture f;
  f.config.max_cached_attributes = 100;
  NodeCache cache(f.config, f.clock);
  Node directory;
  directory.form = Form::implicit_directory;
  for (int i = 0; i < 10; ++i) {
    cache.learn("old" + std::to_string(i) + "/x", file_node("1"), f.clock.now());
  }
  cache.learn("d", directory, f.clock.now());
  Names names;
  for (int i = 0; i < 500; ++i) names.emplace_back(std::to_string(i), listed("1"));
  const auto reading = list(cache, "d", names, f.clock.now());
  for (int i = 0; i < 500; ++i) {
    REQUIRE(cache.find("d"));
    cache.removed("d/" + std::to_string(i));
  }
  CHECK_FALSE(cache.find("old1/x"));
}

TEST_CASE("names that were removed do not gather") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  for (int i = 0; i < 100'000; ++i) cache.removed("d/" + std::to_string(i));
  cache.learn("d/late", file_node("1"), f.clock.now() - 1s);
  CHECK_FALSE(cache.find("d/late"));  // may have been removed since
  cache.stored("d/f", file_node("1"));
  list(cache, "d", {{"f", listed("1")}}, f.clock.now());
  CHECK(names_of(cache, cache.known_reading("d")) == "f ");
}

TEST_CASE("names that were removed do not come back with a page asked for before") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const auto name = [](int i) { return "f" + std::to_string(i); };
  Names names;
  for (int i = 0; i < 1'500; ++i) names.emplace_back(name(i), listed("1"));
  list(cache, "d", names, f.clock.now());
  f.clock.advance(6s);
  const MonoTime asked = f.clock.now();
  f.clock.advance(10ms);
  for (int i = 0; i < 1'500; ++i) cache.removed("d/" + name(i));
  names.emplace_back("another", listed("1"));
  CHECK(names_of(cache, list(cache, "d", names, asked)).empty());
  CHECK_FALSE(lists(cache, "d/f0"));

  // What it could not show is not taken for absent.
  ListedName found;
  CHECK(cache.listed("d/another", found) == Presence::unknown);
  CHECK(names_of(cache, list(cache, "d", {{"another", listed("1")}}, f.clock.now())) == "another ");
}

TEST_CASE("a directory made anew does not show what an older listing brings") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  f.clock.advance(10ms);
  cache.listed_empty("d");
  CHECK(names_of(cache, list(cache, "d", {{"old", listed("1")}}, asked)).empty());
}

TEST_CASE("what is stored is known while a directory that shrank is tidied") {
  Fixture f;
  f.config.max_cached_attributes = 1'000;
  const auto name = [](int i) { return "d/f" + std::to_string(i); };
  // Wherever the place at which room is made stands.
  for (int others = 1'985; others < 2'005; ++others) {
    NodeCache cache(f.config, f.clock);
    const Node node = file_node("1");
    for (int i = 0; i < others; ++i) cache.learn("d/x" + std::to_string(i), node, f.clock.now());
    f.clock.advance(1s);
    Names names;
    for (int i = 0; i < 5'000; ++i) names.emplace_back(name(i).substr(2), listed("1"));
    {
      const auto reading = list(cache, "d", names, f.clock.now());
      for (int i = 0; i < 3'800; ++i) cache.removed(name(i));
    }
    f.clock.advance(6s);
    cache.stored("d/new", node);
    REQUIRE(cache.find("d/new"));
  }
}

TEST_CASE("an absence that was asked for hides nothing that was listed later") {
  Fixture f;
  NodeCache cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  f.clock.advance(100ms);
  const MonoTime listing = f.clock.now();
  f.clock.advance(100ms);
  cache.learn("d/f", Node{}, asked);
  CHECK(names_of(cache, list(cache, "d", {{"f", listed("1")}}, listing)) == "f ");
}

TEST_CASE("a listed name with its attributes takes less than 250 bytes") {
#ifdef PAILFS_SANITIZED
  WARN("skipped: memory is counted without sanitizers only");
#else
  constexpr std::size_t kNames = 100'000;
  Fixture f;
  const auto used = [] { return mallinfo2().uordblks; };
  const std::size_t before = used();
  NodeCache cache(f.config, f.clock);
  auto reading = cache.begin_reading("d", f.clock.now());
  std::size_t listed_only = 0;
  for (const bool with_attributes : {false, true}) {
    for (std::size_t page = 0; page < kNames / 1'000; ++page) {
      NodeCache::Page names;
      for (std::size_t i = page * 1'000; i < (page + 1) * 1'000; ++i) {
        const std::string name = "file-number-" + std::to_string(i) + ".parquet";
        const std::string digest =
            "0123456789abcdef0123456789a" + std::to_string(10'000 + i % 10'000);
        if (!with_attributes) {
          names.names.emplace_back(name, listed("\"" + digest + "\""));
          continue;
        }
        Node node = file_node("\"" + digest + "\"");
        node.stat.mode = S_IFREG | 0644;
        node.info.attributes = encode(node.stat, {});
        cache.learn("d/" + name, node, f.clock.now());
      }
      names.last = page + 1 == kNames / 1'000;
      if (!with_attributes) cache.add_page(reading, names, f.clock.now());
    }
    if (!with_attributes) listed_only = used() - before;
  }
  reading = nullptr;
  CHECK(cache.sizes().attributes == kNames);
  CHECK(listed_only / kNames < 200);
  CHECK((used() - before) / kNames < 250);
  CHECK(cache.sizes().listings == 1);
#endif
}
