// SPDX-License-Identifier: Apache-2.0
// A service whose reply to a change names the version otherwise than its HEAD, GET and LIST do:
// what one client does there alone meets no other client.
#include "setting.h"

using namespace pailfs;        // NOLINT: a test file
using namespace pailfs::test;  // NOLINT

namespace {

/// gofakes3 does so to uploads in parts; copies too, and none.
StoreLimits misnaming(bool uploads, bool copies) {
  StoreLimits limits;
  limits.misnames_completed = uploads;
  limits.misnames_copied = copies;
  return limits;
}

store::ETag upload(store::ObjectStore& store, const store::Key& key, const std::string& text,
                   store::Condition condition = {}) {
  const auto id = store.create_upload(key, mode(text.c_str()), store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  StringSource body(text);
  const auto part = store.upload_part(key, *id, 1, body);
  REQUIRE(err(part) == 0);
  const auto made =
      store.complete_upload(key, *id, {{1, *part, text.size()}}, std::move(condition));
  REQUIRE(err(made) == 0);
  return *made;
}

Result<store::ETag> put_if(store::ObjectStore& store, const store::Key& key, std::string text,
                           store::Condition condition) {
  StringSource body(std::move(text));
  return store.put({key, mode("9"), std::move(condition)}, body);
}

/// The journal is killed, or stays.
void perhaps_dies(Setting& s, bool dies) {
  if (dies) s.reopen();
}

void check_no_conflict(Setting& s) {
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.journal->waiting().conflicts == 0);
}

}  // namespace

TEST_CASE("an upload that has two names is changed, moved and removed as any other") {
  Setting s(misnaming(true, GENERATE(false, true)));
  s.open();
  const bool dies = GENERATE(false, true);
  const store::ETag made = upload(*s.journal, "big", "bytes");
  REQUIRE(s.fake.object("big")->etag != made);
  SECTION("its attributes") {
    REQUIRE(err(s.journal->copy({"big", "big", made, mode("2")})) == 0);
    if (!dies) CHECK(get_text(*s.journal, "big", {}, made)->bytes == "bytes");
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.fake.object("big")->meta("mode") == "2");
    CHECK(get_text(*s.journal, "big")->bytes == "bytes");
  }
  SECTION("its name") {
    const bool changes = GENERATE(false, true);
    store::CopyRequest copy{"big", "new", made, std::nullopt};
    if (changes) copy.attributes = mode("2");
    const auto copied = s.journal->copy(copy);
    REQUIRE(err(copied) == 0);
    REQUIRE(err(s.journal->remove({"big", made})) == 0);
    CHECK(get_text(*s.journal, "new", {}, *copied)->bytes == "bytes");
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.content("new") == "bytes");
    CHECK(s.fake.object("new")->meta("mode") == (changes ? "2" : "bytes"));
    CHECK(s.content("big") == "(absent)");
  }
  SECTION("replaced") {
    REQUIRE(err(put_if(*s.journal, "big", "small", {.version = made})) == 0);
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.content("big") == "small");
  }
  SECTION("replaced by another upload, that by a third") {
    const store::ETag second = upload(*s.journal, "big", "second", {.version = made});
    CHECK(get_text(*s.journal, "big", {}, second)->bytes == "second");
    upload(*s.journal, "big", "third", {.version = second});
    check_no_conflict(s);
    CHECK(s.content("big") == "third");
  }
  SECTION("replaced by a copy of another upload") {
    const store::ETag other = upload(*s.journal, "other", "others");
    REQUIRE(err(s.journal->copy({"other", "big", other, mode("2"), {}, {.version = made}})) == 0);
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.content("big") == "others");
  }
  SECTION("appended to") {
    StringSource body("bytes, more");
    store::PutRequest put{"big", mode("9"), {.version = made}, 5};
    REQUIRE(err(s.journal->put(put, body)) == 0);
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.content("big") == "bytes, more");
  }
  SECTION("removed") {
    REQUIRE(err(s.journal->remove({"big", made})) == 0);
    perhaps_dies(s, dies);
    check_no_conflict(s);
    CHECK(s.content("big") == "(absent)");
  }
}

TEST_CASE("a copy that has two names is changed as any other") {
  Setting s(misnaming(false, true));
  s.open();
  REQUIRE(err(put_text(*s.journal, "from", "bytes", mode("1"))) == 0);
  REQUIRE(err(s.journal->settle({})) == 0);
  const bool changes = GENERATE(false, true);
  store::CopyRequest copy{"from", "to", {}, std::nullopt};
  if (changes) copy.attributes = mode("2");
  const auto copied = s.journal->copy(copy);
  REQUIRE(err(copied) == 0);
  REQUIRE(err(s.journal->settle({})) == 0);
  SECTION("read") {
    CHECK(get_text(*s.journal, "to", {}, *copied)->bytes == "bytes");
    CHECK(s.journal->head("to")->etag == *copied);
  }
  SECTION("its attributes") {
    REQUIRE(err(s.journal->copy({"to", "to", *copied, mode("3")})) == 0);
    REQUIRE(err(s.journal->settle({})) == 0);
    REQUIRE(err(s.journal->copy({"to", "to", *copied, mode("4")})) == 0);
    check_no_conflict(s);
    CHECK(s.fake.object("to")->meta("mode") == "4");
  }
  SECTION("replaced") {
    REQUIRE(err(put_if(*s.journal, "to", "small", {.version = *copied})) == 0);
    perhaps_dies(s, changes);
    check_no_conflict(s);
    CHECK(s.content("to") == "small");
  }
}

TEST_CASE("a version has the name that the upload's reply told in all replies after it") {
  Setting s(misnaming(true, false));
  s.open();
  const store::ETag made = upload(*s.journal, "d/big", "bytes");
  SECTION("of a HEAD") {
    CHECK(s.journal->head("d/big")->etag == made);
  }
  SECTION("of a GET") {
    CHECK(get_text(*s.journal, "d/big")->info.etag == made);
  }
  SECTION("of a listing, that looks once") {
    s.fake.reset_count();
    for (int i = 0; i < 2; ++i)
      CHECK(s.journal->list({"d/", true, {}, 10})->objects.front().etag == made);
    CHECK(s.fake.count().total() == 3);
  }
  CHECK(err(put_if(*s.journal, "d/big", "small", {.version = made})) == 0);
  check_no_conflict(s);
  CHECK(s.content("d/big") == "small");
}

TEST_CASE("another client's version is never taken for an upload with two names") {
  Setting s(misnaming(true, false));
  s.open();
  const store::ETag made = upload(*s.journal, "big", "bytes");
  // Of the same size; then with the same bytes, too.
  s.fake.put_raw("big", GENERATE("other", "bytes"), mode("7"));
  SECTION("listed") {
    CHECK(s.journal->list({"", true, {}, 10})->objects.front().etag == s.fake.object("big")->etag);
    CHECK(err(put_if(*s.journal, "big", "small", {.version = made})) == ESTALE);
  }
  SECTION("not looked at") {
    REQUIRE(err(put_if(*s.journal, "big", "small", {.version = made})) == 0);
    CHECK(err(s.journal->settle("big")) == ESTALE);
    CHECK(s.journal->waiting().conflicts == 1);
  }
  SECTION("as the source of a copy") {
    REQUIRE(err(s.journal->copy({"big", "new", made, mode("2")})) == 0);
    CHECK(err(s.journal->settle("new")) == ESTALE);
    CHECK(s.content("new") == "(absent)");
  }
  CHECK(s.fake.object("big")->meta("mode") == "7");
}

TEST_CASE("where a version has one name nothing more is asked") {
  Setting s;
  s.open();
  s.fake.reset_count();
  const store::ETag made = upload(*s.journal, "big", "bytes");
  REQUIRE(err(s.journal->copy({"big", "big", made, mode("2")})) == 0);
  check_no_conflict(s);
  CHECK(s.fake.count().total() == 4);  // create, part, complete, copy
}

TEST_CASE("other bytes of the same size and attributes are another version") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "k", "aaaa")) == 0);
  REQUIRE(err(store.settle("k")) == 0);
  const auto ours = s.fake.head("k");
  REQUIRE(ours);
  // As an attempt whose reply was lost may leave them while the clock stands still.
  StringSource other("bbbb");
  const auto made = s.fake.put({"k", ours->attributes}, other);
  REQUIRE(made);
  const bool by_listing = GENERATE(false, true);
  store.refresh("");
  if (by_listing) {
    const auto page = store.list({});
    REQUIRE(page);
    REQUIRE(page->objects.size() == 1);
    CHECK(page->objects[0].etag == *made);
  }
  CHECK(store.head("k")->etag == *made);
  CHECK(get_text(store, "k", {}, *made)->bytes == "bbbb");
  CHECK(err(get_text(store, "k", {}, ours->etag)) == ESTALE);
}
