// SPDX-License-Identifier: Apache-2.0
// What the journal shows of what it has just stored, and of bytes that are damaged.
#include "setting.h"

namespace pailfs::test {
namespace {

TEST_CASE("each name is listed once while the changes that wait are carried out") {
  Setting s;
  const auto name = [](int i) { return "d/" + std::to_string(100 + i); };
  std::vector<store::Key> all;
  for (int i = 0; i < 24; ++i) all.push_back(name(i));
  // The store's first page reaches far at first, because it holds few of them.
  for (int i = 5; i < 24; i += 6) s.fake.put_raw(all[static_cast<std::size_t>(i)], "x");
  JournalStore& store = s.open();
  for (int i = 0; i < 24; ++i) {
    if (i % 6 != 5) REQUIRE(err(put_text(store, all[static_cast<std::size_t>(i)], "x")) == 0);
  }
  std::vector<store::Key> listed;
  store::ListRequest request{"d/", false, {}, 3};
  for (int pages = 0; pages < 20; ++pages) {
    const auto page = store.list(request);
    REQUIRE(err(page) == 0);
    for (const auto& object : page->objects) listed.push_back(object.key);
    if (pages == 2) REQUIRE(err(store.settle({})) == 0);
    if (page->next.empty()) break;
    request.continuation = page->next;
  }
  CHECK(listed == all);
}

TEST_CASE("what was just stored is shown without a look, until somebody else is seen to write") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "k", "text", mode("1"))) == 0);
  REQUIRE(err(store.settle({})) == 0);
  s.fake.reset_count();
  const auto info = store.head("k");
  REQUIRE(err(info) == 0);
  CHECK(info->size == 4);
  CHECK(info->etag == s.fake.object("k")->etag);
  CHECK(info->attributes == s.fake.object("k")->attributes);
  CHECK(s.fake.count().total() == 0);
  SECTION("by a listing") {
    s.fake.put_raw("k", "theirs");
    REQUIRE(err(store.list({"", true, {}, 10})) == 0);
    CHECK(store.head("k")->size == 6);
  }
  SECTION("by reading") {
    s.fake.put_raw("k", "theirs");
    CHECK(err(get_text(store, "k", {}, info->etag)) == ESTALE);
    CHECK(store.head("k")->size == 6);
  }
  SECTION("nor is it shown when it has gone") {
    REQUIRE(err(store.remove("k")) == 0);
    REQUIRE(err(store.settle({})) == 0);
    CHECK(err(store.head("k")) == ENOENT);
  }
}

TEST_CASE("a directory whose only name is stored and about to be removed is not listed") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "d/k", "text")) == 0);
  // The listing was asked for before the name was stored.
  Fault fault;
  fault.verb = Verb::list;
  fault.times = 1;
  fault.action = Fault::Action::none;
  fault.before = [&](const StoreCall&) {
    CHECK(err(store.settle({})) == 0);
    CHECK(err(store.remove("d/k")) == 0);
  };
  s.faults.add(fault);
  const auto page = store.list({"", true, {}, 10});
  REQUIRE(err(page) == 0);
  CHECK(page->prefixes.empty());
  CHECK(page->objects.empty());
}

TEST_CASE("a directory whose last name is removed while the store shows it is not listed") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "d/k", "text")) == 0);
  REQUIRE(err(store.settle({})) == 0);
  REQUIRE(err(store.remove("d/k")) == 0);
  // The removal is confirmed after the store has told what it holds.
  Fault fault;
  fault.verb = Verb::list;
  fault.times = 1;
  fault.action = Fault::Action::none;
  fault.after = [&](const StoreCall&) { CHECK(err(store.settle({})) == 0); };
  s.faults.add(fault);
  const auto page = store.list({"", true, {}, 10});
  REQUIRE(err(page) == 0);
  CHECK(page->prefixes.empty());
  CHECK(page->objects.empty());
}

TEST_CASE("bytes that cannot be read after a crash are not taken for stored") {
  Setting s;
  s.open();
  REQUIRE(err(put_text(*s.journal, "k", pattern(200'000))) == 0);
  s.journal.reset();
  const std::string file = s.in("/bodies").at(0);
  const bool gone = GENERATE(true, false);
  if (gone) {
    // Bytes are removed only when they are stored.
    files::remove(file);
  } else {
    files::resize_file(file, 100'000);
  }
  JournalStore& store = s.open();
  CHECK(store.waiting().changes == (gone ? 0 : 1));
  CHECK(err(store.settle("k")) == (gone ? 0 : EIO));
  CHECK(s.in("/bodies").size() == (gone ? 0 : 1));
}

}  // namespace
}  // namespace pailfs::test
