// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <sys/stat.h>

#include <memory>

#include "fs/tree/known_tree.h"
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

bool lists(KnownTree& cache, const std::string& path) {
  ListedName name;
  return cache.names.presence(path, name) == Presence::present;
}

bool is_listed(KnownTree& cache, const std::string& directory) {
  return cache.listings.known_reading(directory) != nullptr;
}

/// A whole listing in one page, asked for at `asked`.
ListingCursorPtr list(KnownTree& cache, const std::string& directory, Names names, MonoTime asked) {
  auto reading = cache.listings.begin_reading(directory, asked);
  ListingCache::Page page;
  page.names = std::move(names);
  page.last = true;
  cache.listings.add_page(reading, page, asked);
  return reading;
}

std::string names_of(KnownTree& cache, const ListingCursorPtr& reading) {
  std::string all;
  for (const auto& item : cache.listings.items(reading, 0, 1'000)) all += item.name + " ";
  return all;
}

}  // namespace

TEST_CASE("attributes are known for their time, absence for the shorter one") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  cache.nodes.learn("a", file_node("1"), f.clock.now());
  cache.nodes.learn("b", Node{}, f.clock.now());
  f.clock.advance(900ms);
  CHECK(cache.nodes.find("a"));
  REQUIRE(cache.nodes.find("b"));
  CHECK(cache.nodes.find("b")->form == Form::absent);
  f.clock.advance(100ms);
  CHECK_FALSE(cache.nodes.find("b"));
  f.clock.advance(900s);
  CHECK_FALSE(cache.nodes.find("a"));
}

TEST_CASE("attributes that are asked for live on, absence does not, where that is wanted") {
  Fixture f;
  f.config.ttl_from_last_use = true;
  KnownTree cache(f.config, f.clock);
  cache.nodes.learn("a", file_node("1"), f.clock.now());
  cache.nodes.learn("b", Node{}, f.clock.now());
  for (int i = 0; i < 4; ++i) {
    f.clock.advance(3s);
    static_cast<void>(cache.nodes.find("b"));
  }
  CHECK_FALSE(cache.nodes.find("b"));
  for (int i = 0; i < 3; ++i) {
    f.clock.advance(800s);
    CHECK(cache.nodes.find("a"));
  }
  f.clock.advance(901s);
  CHECK_FALSE(cache.nodes.find("a"));
}

TEST_CASE("our own changes show in a listing at once") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  list(cache, "d", {{"x", listed("1")}}, f.clock.now());
  cache.nodes.stored("d/y", file_node("2"));
  cache.nodes.removed("d/x");
  CHECK(lists(cache, "d/y"));
  CHECK_FALSE(lists(cache, "d/x"));
  REQUIRE(cache.nodes.find("d/x"));
  CHECK(cache.nodes.find("d/x")->form == Form::absent);
  CHECK(names_of(cache, cache.listings.known_reading("d")) == "y ");
}

TEST_CASE("a listing is forgotten after its time, counted from its first request") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.listings.begin_reading("d", asked);
  f.clock.advance(3s);
  ListingCache::Page page;
  page.last = true;
  cache.listings.add_page(reading, page, asked);
  CHECK(is_listed(cache, "d"));
  f.clock.advance(3s);
  CHECK_FALSE(is_listed(cache, "d"));
}

TEST_CASE("what we change while a listing comes in is not undone by it") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  list(cache, "d", {{"ours", listed("1")}, {"gone", listed("1")}}, f.clock.now());
  f.clock.advance(10s);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.listings.begin_reading("d", asked);
  f.clock.advance(1s);
  cache.nodes.stored("d/new", file_node("1"));
  cache.nodes.stored("d/ours", file_node("2"));
  cache.nodes.removed("d/gone");
  ListingCache::Page page;
  page.names = {{"gone", listed("1")}, {"ours", listed("1")}};
  page.last = true;
  cache.listings.add_page(reading, page, asked);
  REQUIRE(is_listed(cache, "d"));
  CHECK(lists(cache, "d/new"));
  CHECK_FALSE(lists(cache, "d/gone"));
  REQUIRE(cache.nodes.find("d/ours"));
  CHECK(cache.nodes.find("d/ours")->info.etag.value == "2");
}

TEST_CASE("a listing drops attributes that it contradicts, and keeps younger ones") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  cache.nodes.learn("d/same", file_node("1"), f.clock.now());
  cache.nodes.learn("d/changed", file_node("1"), f.clock.now());
  cache.nodes.learn("d/vanished", file_node("1"), f.clock.now());
  cache.nodes.learn("d/appeared", Node{}, f.clock.now());
  f.clock.advance(1s);
  const MonoTime asked = f.clock.now();
  const auto reading = cache.listings.begin_reading("d", asked);
  f.clock.advance(1s);
  cache.nodes.learn("d/younger", file_node("9"), f.clock.now());
  ListingCache::Page page;
  page.names = {{"same", listed("1")},
                {"changed", listed("2")},
                {"appeared", listed("3")},
                {"younger", listed("8")}};
  page.last = true;
  cache.listings.add_page(reading, page, asked);
  CHECK(cache.nodes.find("d/same"));
  CHECK_FALSE(cache.nodes.find("d/changed"));
  CHECK_FALSE(cache.nodes.find("d/appeared"));
  CHECK_FALSE(cache.nodes.find("d/vanished"));
  CHECK(cache.nodes.find("d/younger"));
}

TEST_CASE("attributes out of time are good again when a listing shows the same object") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  auto touched = listed("1");
  touched.last_modified += 1s;
  auto longer = listed("1");
  longer.size = 1;
  const std::string name = GENERATE("same", "touched", "longer");
  cache.nodes.learn("d/f", file_node("1"), f.clock.now());
  f.clock.advance(1'000s);
  CHECK_FALSE(cache.nodes.find("d/f"));
  list(cache, "d",
       {{"f", name == "same"      ? listed("1")
              : name == "touched" ? touched
                                  : longer}},
       f.clock.now());
  CHECK(cache.nodes.find("d/f").has_value() == (name == "same"));
}

TEST_CASE("what we stored ourselves is recognised by when we did") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node node = file_node("1");
  node.info.last_modified = {};
  cache.nodes.stored("d/f", node);
  auto seen = listed("1");
  const auto apart = GENERATE(0s, 1s, 60s);
  seen.last_modified = f.clock.wall() + apart;
  f.clock.advance(800s);
  list(cache, "d", {{"f", seen}}, f.clock.now());
  CHECK(cache.nodes.find("d/f").has_value() == (apart < 10s));
}

TEST_CASE("what was changed elsewhere right after we stored it is not taken for ours for ever") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node node = file_node("1");
  node.info.last_modified = {};
  cache.nodes.stored("d/f", node);
  auto seen = listed("1");
  seen.last_modified = f.clock.wall() + 1s;
  f.clock.advance(600s);
  list(cache, "d", {{"f", seen}}, f.clock.now());
  CHECK(cache.nodes.find("d/f"));

  SECTION("a listing that shows another time than the one before") {
    seen.last_modified += 1s;
    f.clock.advance(6s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(cache.nodes.find("d/f"));
  }
  SECTION("a listing gives it no more time than it had") {
    f.clock.advance(301s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(cache.nodes.find("d/f"));
  }
  SECTION("nor does the next mount") {
    KnownTree next(f.config, f.clock);
    std::size_t from = 0;
    next.snapshot.add(cache.snapshot.next_objects("d", from));
    const auto later = GENERATE(200s, 301s);
    f.clock.advance(later);
    list(next, "d", {{"f", seen}}, f.clock.now());
    CHECK(next.nodes.find("d/f").has_value() == (later == 200s));
    f.clock.advance(150s);
    list(next, "d", {{"f", seen}}, f.clock.now());
    CHECK_FALSE(next.nodes.find("d/f"));
  }
  SECTION("until the store has told of it") {
    node.info.last_modified = seen.last_modified;
    cache.nodes.learn("d/f", node, f.clock.now());
    f.clock.advance(1'000s);
    list(cache, "d", {{"f", seen}}, f.clock.now());
    CHECK(cache.nodes.find("d/f"));
  }
}

TEST_CASE("a directory is what its own listing and the one above say") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node node = file_node("1");
  const bool has_object = GENERATE(true, false);
  node.form = has_object ? Form::directory_marker : Form::implicit_directory;
  cache.nodes.learn("d", node, f.clock.now());
  f.clock.advance(1'000s);
  CHECK_FALSE(cache.nodes.find("d"));
  ListedName above;
  above.directory = true;
  list(cache, "", {{"d", above}}, f.clock.now());
  CHECK_FALSE(cache.nodes.find("d"));
  ListingCache::Page page;
  page.names = {{"x", listed("7")}};
  page.last = true;
  const bool same = GENERATE(true, false);
  if (has_object == same) page.marker = listed("1");
  cache.listings.add_page(cache.listings.begin_reading("d", f.clock.now()), page, f.clock.now());
  CHECK(cache.nodes.find("d").has_value() == same);
}

TEST_CASE("a directory whose listing is empty and without its object is no longer believed") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node node = file_node("1");
  node.form = GENERATE(Form::directory_marker, Form::implicit_directory, Form::directory_object);
  cache.nodes.learn("d", node, f.clock.now());
  const bool learnt_later = GENERATE(false, true);
  const MonoTime asked = f.clock.now();
  f.clock.advance(1s);
  if (learnt_later) cache.nodes.learn("d", node, f.clock.now());
  const bool unshown = GENERATE(false, true);
  ListingCache::Page page;
  page.last = true;
  page.unshown = unshown ? 1 : 0;
  cache.listings.add_page(cache.listings.begin_reading("d", asked), page, asked);
  const bool believed = learnt_later || unshown || node.form == Form::directory_object;
  CHECK(cache.nodes.find("d").has_value() == believed);
}

TEST_CASE("an implicit directory outlives the removal of its last name by us") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node node = file_node("1");
  node.form = Form::implicit_directory;
  cache.nodes.learn("d", node, f.clock.now());
  list(cache, "d", {{"x", listed("7")}}, f.clock.now());
  f.clock.advance(1s);
  cache.nodes.removed_file("d/x");
  f.clock.advance(1s);
  list(cache, "d", {}, f.clock.now());
  CHECK(cache.nodes.find("d").has_value());
}

TEST_CASE("a reader's places stay where they are while names come and go") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Names names;
  for (char c = 'a'; c <= 'j'; ++c) names.emplace_back(std::string(1, c), listed("1"));
  list(cache, "d", names, f.clock.now());
  const auto reading = cache.listings.known_reading("d");
  REQUIRE(reading);
  const auto first = cache.listings.items(reading, 0, 3);
  REQUIRE(first.size() == 3);
  cache.nodes.removed("d/a");
  cache.nodes.removed("d/e");
  cache.nodes.stored("d/new", file_node("1"));
  f.clock.advance(10s);
  names.erase(names.begin() + 5);  // f, elsewhere
  list(cache, "d", names, f.clock.now());
  std::string rest;
  for (const auto& item : cache.listings.items(reading, first.back().next, 100)) rest += item.name;
  CHECK(rest == "deghij");
}

TEST_CASE("a name that is an object and a directory is there once") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  ListedName below;
  below.directory = true;
  const auto reading = list(cache, "d", {{"a", listed("1")}, {"a", below}}, f.clock.now());
  CHECK(names_of(cache, reading) == "a ");
  ListedName a;
  REQUIRE(cache.names.presence("d/a", a) == Presence::present);
  CHECK(a.file);
  CHECK(a.directory);
}

TEST_CASE("a reading put aside is taken once, and not when it has grown old") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  const auto reading = cache.listings.begin_reading("d", f.clock.now());
  cache.listings.save_reading(reading);
  CHECK(cache.listings.take_saved("d") == reading);
  CHECK_FALSE(cache.listings.take_saved("d"));
  cache.listings.save_reading(reading);
  f.clock.advance(6s);
  CHECK_FALSE(cache.listings.take_saved("d"));
}

TEST_CASE("a reading put aside goes with all that is known of names") {
  Fixture f;
  std::weak_ptr<ListingCursor> aside;
  {
    KnownTree cache(f.config, f.clock);
    auto reading = cache.listings.begin_reading("d", f.clock.now());
    aside = reading;
    cache.listings.save_reading(std::move(reading));
    CHECK_FALSE(aside.expired());
  }
  CHECK(aside.expired());
}

TEST_CASE("forgetting a tree forgets it whole and nothing beside it") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  for (const char* path : {"a", "a/b", "a/b/c", "ab", "z"})
    cache.nodes.learn(path, file_node("1"), f.clock.now());
  list(cache, "a/b", {}, f.clock.now());
  cache.nodes.erase_below("a");
  CHECK_FALSE(cache.nodes.find("a"));
  CHECK_FALSE(cache.nodes.find("a/b/c"));
  CHECK_FALSE(is_listed(cache, "a/b"));
  CHECK(cache.nodes.find("ab"));
  CHECK(cache.nodes.find("z"));
}

TEST_CASE("who reads a directory that is forgotten goes on with names, and without attributes") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  Node known = file_node("1");
  known.stat.mode = S_IFREG | 0640;
  const auto reading = list(cache, "d", {{"x", listed("1")}}, f.clock.now());
  cache.nodes.learn("d/x", known, f.clock.now());
  REQUIRE(cache.listings.item(reading, "x"));
  REQUIRE(cache.listings.item(reading, "x")->stat);
  CHECK(S_ISREG(cache.listings.item(reading, "x")->stat->mode));

  cache.nodes.erase_inside("d");
  CHECK(names_of(cache, reading) == "x ");
  const auto left = cache.listings.item(reading, "x");
  REQUIRE(left);
  CHECK_FALSE(left->stat);
  CHECK(left->listed.file);
}

TEST_CASE("the root is known as other directories are, and never pushed out") {
  Fixture f;
  f.config.max_cached_attributes = 40;
  KnownTree cache(f.config, f.clock);
  CHECK_FALSE(cache.nodes.find(""));
  Node root;
  root.form = GENERATE(Form::directory_marker, Form::implicit_directory);
  root.stat.mode = S_IFDIR | 0711;
  cache.nodes.learn("", root, f.clock.now());
  for (int i = 0; i < 100; ++i) {
    cache.nodes.learn("d" + std::to_string(i) + "/f", file_node("1"), f.clock.now());
  }
  REQUIRE(cache.nodes.find(""));
  CHECK(cache.nodes.find("")->stat.mode == root.stat.mode);
  CHECK(cache.nodes.set_ctime_if_known("", kStored));
  CHECK(cache.nodes.find("")->stat.ctime == kStored);
  cache.nodes.erase_inside("");
  CHECK(cache.nodes.find(""));
  cache.nodes.erase_below("");
  CHECK_FALSE(cache.nodes.find(""));
}

TEST_CASE("memory is bounded, the least used goes first") {
  Fixture f;
  f.config.max_cached_attributes = 19;
  KnownTree cache(f.config, f.clock);
  for (const char* path : {"a/x", "b/x", "c/x"})
    cache.nodes.learn(path, file_node("1"), f.clock.now());
  CHECK(cache.nodes.find("a/x"));
  cache.nodes.learn("d/x", file_node("1"), f.clock.now());
  CHECK(cache.nodes.find("d/x"));
  CHECK(cache.nodes.find("a/x"));
  CHECK_FALSE(cache.nodes.find("b/x"));
  for (int i = 0; i < 1'000; ++i) {
    const std::string path = "d/" + std::to_string(i);
    cache.nodes.learn(path, file_node("1"), f.clock.now());
    CHECK(cache.nodes.find(path));
  }
  CHECK(cache.nodes.sizes().attributes <= 20);
}

TEST_CASE("a listing larger than the bound stays whole while it is read") {
  Fixture f;
  f.config.max_cached_attributes = 20;
  KnownTree cache(f.config, f.clock);
  Names names;
  for (int i = 0; i < 500; ++i) names.emplace_back(std::to_string(i), listed("1"));
  const auto reading = list(cache, "d", names, f.clock.now());
  cache.nodes.learn("e/x", file_node("1"), f.clock.now());
  CHECK(cache.listings.items(reading, 0, 1'000).size() == 500);
}

TEST_CASE("what leads to a directory larger than the bound stays known beside it") {
  Fixture f;
  f.config.max_cached_attributes = 100;
  KnownTree cache(f.config, f.clock);
  Node directory;
  directory.form = Form::implicit_directory;
  for (int i = 0; i < 10; ++i) {
    cache.nodes.learn("old" + std::to_string(i) + "/x", file_node("1"), f.clock.now());
  }
  cache.nodes.learn("d", directory, f.clock.now());
  Names names;
  for (int i = 0; i < 500; ++i) names.emplace_back(std::to_string(i), listed("1"));
  const auto reading = list(cache, "d", names, f.clock.now());
  for (int i = 0; i < 500; ++i) {
    REQUIRE(cache.nodes.find("d"));
    cache.nodes.removed("d/" + std::to_string(i));
  }
  CHECK_FALSE(cache.nodes.find("old1/x"));
}

TEST_CASE("names that were removed do not gather") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  for (int i = 0; i < 100'000; ++i) cache.nodes.removed("d/" + std::to_string(i));
  cache.nodes.learn("d/late", file_node("1"), f.clock.now() - 1s);
  CHECK_FALSE(cache.nodes.find("d/late"));  // may have been removed since
  cache.nodes.stored("d/f", file_node("1"));
  list(cache, "d", {{"f", listed("1")}}, f.clock.now());
  CHECK(names_of(cache, cache.listings.known_reading("d")) == "f ");
}

TEST_CASE("names that were removed do not come back with a page asked for before") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  const auto name = [](int i) { return "f" + std::to_string(i); };
  Names names;
  for (int i = 0; i < 1'500; ++i) names.emplace_back(name(i), listed("1"));
  list(cache, "d", names, f.clock.now());
  f.clock.advance(6s);
  const MonoTime asked = f.clock.now();
  f.clock.advance(10ms);
  for (int i = 0; i < 1'500; ++i) cache.nodes.removed("d/" + name(i));
  names.emplace_back("another", listed("1"));
  CHECK(names_of(cache, list(cache, "d", names, asked)).empty());
  CHECK_FALSE(lists(cache, "d/f0"));

  // What it could not show is not taken for absent.
  ListedName found;
  CHECK(cache.names.presence("d/another", found) == Presence::unknown);
  CHECK(names_of(cache, list(cache, "d", {{"another", listed("1")}}, f.clock.now())) == "another ");
}

TEST_CASE("a directory made anew does not show what an older listing brings") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  f.clock.advance(10ms);
  cache.nodes.made_directory("d");
  CHECK(names_of(cache, list(cache, "d", {{"old", listed("1")}}, asked)).empty());
}

TEST_CASE("what is stored is known while a directory that shrank is tidied") {
  Fixture f;
  f.config.max_cached_attributes = 1'000;
  const auto name = [](int i) { return "d/f" + std::to_string(i); };
  // Wherever the place at which room is made stands.
  for (int others = 1'985; others < 2'005; ++others) {
    KnownTree cache(f.config, f.clock);
    const Node node = file_node("1");
    for (int i = 0; i < others; ++i)
      cache.nodes.learn("d/x" + std::to_string(i), node, f.clock.now());
    f.clock.advance(1s);
    Names names;
    for (int i = 0; i < 5'000; ++i) names.emplace_back(name(i).substr(2), listed("1"));
    {
      const auto reading = list(cache, "d", names, f.clock.now());
      for (int i = 0; i < 3'800; ++i) cache.nodes.removed(name(i));
    }
    f.clock.advance(6s);
    cache.nodes.stored("d/new", node);
    REQUIRE(cache.nodes.find("d/new"));
  }
}

TEST_CASE("an absence that was asked for hides nothing that was listed later") {
  Fixture f;
  KnownTree cache(f.config, f.clock);
  const MonoTime asked = f.clock.now();
  f.clock.advance(100ms);
  const MonoTime listing = f.clock.now();
  f.clock.advance(100ms);
  cache.nodes.learn("d/f", Node{}, asked);
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
  KnownTree cache(f.config, f.clock);
  auto reading = cache.listings.begin_reading("d", f.clock.now());
  std::size_t listed_only = 0;
  for (const bool with_attributes : {false, true}) {
    for (std::size_t page = 0; page < kNames / 1'000; ++page) {
      ListingCache::Page names;
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
        cache.nodes.learn("d/" + name, node, f.clock.now());
      }
      names.last = page + 1 == kNames / 1'000;
      if (!with_attributes) cache.listings.add_page(reading, names, f.clock.now());
    }
    if (!with_attributes) listed_only = used() - before;
  }
  reading = nullptr;
  CHECK(cache.nodes.sizes().attributes == kNames);
  CHECK(listed_only / kNames < 200);
  CHECK((used() - before) / kNames < 250);
  CHECK(cache.nodes.sizes().listings == 1);
#endif
}
