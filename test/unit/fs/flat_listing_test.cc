// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/flat_listing.h"

#include <unistd.h>

#include "pailfs/util/log.h"

#include "fs/tree/known_tree.h"
#include "fs/tree/lister.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

struct Fixture {
  Config config;
  test::FakeClock clock;
  KnownTree known{config, clock};

  void add(FlatListing& listing, const std::vector<std::string>& keys, bool last) {
    store::ListPage page;
    for (const std::string& key : keys) page.objects.push_back({key, 5'000, {"\"x\""}, {}});
    if (!last) page.next = "more";
    listing.add(page, clock.now());
  }
  /// "none", or the names that a complete listing shows.
  std::string names(const std::string& directory) {
    const auto reading = known.listings.known_reading(directory);
    if (!reading) return "none";
    std::string all;
    for (const auto& item : known.listings.items(reading, 0, 100)) {
      all += (all.empty() ? "" : " ") + item.name + (item.listed.directory ? "/" : "");
    }
    return all;
  }
};

/// What the log says while this lives.
struct Warnings {
  std::vector<std::string> lines;
  Warnings() {
    log::set_sink(log::Sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); }));
    log::set_level(LogLevel::warning);
  }
  ~Warnings() {
    log::set_level(LogLevel::critical);
    log::set_sink(log::stream_sink(STDERR_FILENO, {}));
  }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
};

}  // namespace

TEST_CASE("a flat listing shows every directory of the tree") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  f.add(listing, {"a", "b-c", "b/", "b/x", "b/y/z/1", "b/y/z/2", "c/1", "d"}, true);
  CHECK(f.names("") == "a b-c b/ c/ d");
  CHECK(f.names("b") == "x y/");
  CHECK(f.names("b/y") == "z/");
  CHECK(f.names("b/y/z") == "1 2");
  CHECK(f.names("c") == "1");
  CHECK(f.names("e") == "none");
  CHECK(f.known.names.marker("b") == Presence::present);
  CHECK(f.known.names.marker("c") == Presence::absent);
  CHECK(f.known.names.marker("") == Presence::absent);
}

TEST_CASE("a page that others follow leaves only those directories whole that have passed") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  f.add(listing, {"a/1", "a/2", "b/1"}, false);
  CHECK(f.names("a") == "1 2");
  CHECK(f.names("b") == "none");
  CHECK(f.names("") == "none");
  ListedName b;
  REQUIRE(f.known.names.presence("b", b) == Presence::present);
  CHECK(b.directory);
  CHECK_FALSE(b.file);
  CHECK(f.known.names.presence("c", b) == Presence::unknown);
  CHECK(f.known.names.marker("") == Presence::absent);
  f.add(listing, {"b/2", "b/c/1"}, false);
  CHECK(f.names("b") == "none");
  f.add(listing, {"d"}, true);
  CHECK(f.names("b") == "1 2 c/");
  CHECK(f.names("b/c") == "1");
  CHECK(f.names("") == "a/ b/ d");
}

TEST_CASE("what an old list shows is believed, what it lacks is not") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "", false);
  f.add(listing, {"a/1"}, true);
  ListedName name;
  CHECK(f.known.names.presence("a/1", name) == Presence::present);
  CHECK(f.known.names.presence("a/2", name) == Presence::unknown);
  CHECK(f.known.names.fits_one_page("a"));
  CHECK(f.names("a") == "none");
}

TEST_CASE("a listing that is not in order shows nothing") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  f.add(listing, {"a/1", "b/1", "a/2"}, true);
  CHECK(f.names("a") == "none");
  CHECK(f.names("") == "none");
}

TEST_CASE("keys that cannot be names are passed over") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  f.add(listing, {"/", "/x", "a/./c", "a//b", "a/1"}, true);
  CHECK(f.names("") == "a/");
  CHECK(f.names("a") == "1");
  CHECK(f.known.names.marker("") == Presence::unknown);  // "/" may be the root's
}

TEST_CASE("a flat listing of a mount's prefix begins there") {
  Fixture f;
  f.config.prefix = "p/q/";
  KnownTree known(f.config, f.clock);
  FlatListing listing(f.config, known.listings, "");
  store::ListPage page;
  for (const char* key : {"p/q/", "p/q/a", "p/q/d/x"}) page.objects.push_back({key, 1, {}, {}});
  listing.add(page, f.clock.now());
  CHECK(known.names.marker("") == Presence::present);
  ListedName name;
  CHECK(known.names.presence("d/x", name) == Presence::present);
  CHECK(known.names.presence("d/y", name) == Presence::absent);
}

TEST_CASE("a tree that one page has held is listed whole the next time") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  f.add(listing, {"a/1", "a/b/1", "c/1"}, true);
  CHECK(f.known.listings.subtree_fits_one_page(""));
  CHECK(f.known.listings.subtree_fits_one_page("a"));
  CHECK_FALSE(f.known.listings.subtree_fits_one_page("c"));  // nothing is gained
  f.known.listings.outgrew_one_page("a");
  CHECK_FALSE(f.known.listings.subtree_fits_one_page("a"));
}

TEST_CASE("of a tree larger than a page only what is smaller is listed whole") {
  Fixture f;
  FlatListing listing(f.config, f.known.listings, "");
  std::vector<std::string> keys{"a/b/1"};
  for (int i = 1'000; i < 1'999; ++i) keys.push_back("d/" + std::to_string(i));
  f.add(listing, keys, false);
  f.add(listing, {"d/e/1"}, true);
  CHECK_FALSE(f.known.listings.subtree_fits_one_page(""));
  CHECK_FALSE(f.known.listings.subtree_fits_one_page("f"));
  CHECK(f.known.listings.subtree_fits_one_page("a"));
  CHECK(f.known.listings.subtree_fits_one_page("d"));  // with its last key it is just as many
}

TEST_CASE("what a listing leaves out is told once for each directory") {
  const std::vector<std::string> keys{"/", "/lead", "d/../x", "d//e", "d//g", "d/f", "d/f/g"};
  const std::string of_directory =
      "[WAN] directory /d: keys that cannot be file names are not shown: 3, such as d/../x";
  const std::string hidden =
      "[WAN] directory /d: names that are objects and have others below them: 1, such as f; of a "
      "file, these show when it is removed or renamed";
  Fixture f;
  Warnings warnings;
  std::vector<std::string>& lines = warnings.lines;
  for (int times = 0; times < 2; ++times) {
    FlatListing listing(f.config, f.known.listings, "");
    f.add(listing, keys, true);
  }
  // The object of the whole bucket's root is nothing strange.
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        "[WAN] directory /: keys that cannot be file names are not shown: 1, such as /lead");
  CHECK(lines[1] == of_directory);
  CHECK(lines[2] == hidden);

  lines.clear();
  test::FakeStore store(f.clock);
  for (const std::string& key : keys) store.put_raw(key, "x");
  KnownTree known(f.config, f.clock);
  const Lister lister(f.config, store, known.listings, f.clock);
  for (int times = 0; times < 2; ++times) {
    for (const char* directory : {"", "d"}) REQUIRE(lister.list_first(directory));
  }
  // Of keys that begin with a slash this listing cannot tell whose they are.
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(" are not shown: 2, such as d/../"));
  CHECK(lines[1] == hidden);
}
