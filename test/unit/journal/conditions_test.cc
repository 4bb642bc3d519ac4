// SPDX-License-Identifier: Apache-2.0
// Changes that name the version that they are made upon: acknowledged without the store, sent with
// the condition.
#include "pailfs/cache/kept_conflicts.h"
#include "pailfs/util/file.h"

#include "setting.h"

using namespace pailfs;        // NOLINT: a test file
using namespace pailfs::test;  // NOLINT

namespace {

Result<store::ETag> put_if(store::ObjectStore& store, const store::Key& key, std::string text,
                           store::Condition condition) {
  StringSource body(std::move(text));
  return store.put({key, mode("1"), std::move(condition)}, body);
}

int requests(const Setting& s) {
  return s.fake.count().total();
}

/// The journal is killed, or stays.
void perhaps_dies(Setting& s, bool dies) {
  if (dies) s.reopen();
}

Fault lost_reply(Verb verb) {
  Fault fault;
  fault.verb = verb;
  fault.times = 1;
  fault.action = Fault::Action::apply_then_fail;
  return fault;
}

}  // namespace

TEST_CASE("a change with a condition is acknowledged without a request, and sent with it") {
  Setting s;
  const store::ETag base = s.fake.put_raw("k", "base");
  const store::ETag old = s.fake.put_raw("old", "old");
  s.open();
  const bool dies = GENERATE(false, true);
  s.fake.reset_count();
  const auto first = put_if(*s.journal, "k", "ours", {.version = base});
  REQUIRE(err(first) == 0);
  REQUIRE(err(put_if(*s.journal, "k", "ours, later", {.version = *first})) == 0);
  REQUIRE(err(put_if(*s.journal, "new", "new", {.absent = true})) == 0);
  REQUIRE(err(s.journal->remove({"old", old})) == 0);
  CHECK(requests(s) == 0);
  perhaps_dies(s, dies);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("k") == "ours, later");
  CHECK(s.content("new") == "new");
  CHECK(s.content("old") == "(absent)");
  CHECK(s.journal->waiting().conflicts == 0);
}

TEST_CASE("a condition that the journal knows to be wrong fails at once") {
  Setting s;
  const store::ETag old = s.fake.put_raw("k", "old");
  JournalStore& store = s.open();
  SECTION("by a change that waits") {
    REQUIRE(err(put_text(store, "k", "ours")) == 0);
    REQUIRE(err(put_text(store, "gone", "ours")) == 0);
    REQUIRE(err(store.remove("gone")) == 0);
    CHECK(err(put_if(store, "gone", "x", {.version = old})) == ESTALE);
  }
  SECTION("by what the store has shown since") {
    s.fake.put_raw("k", "theirs");
    REQUIRE(err(store.head("k")) == 0);
  }
  SECTION("by a change that is over") {
    REQUIRE(err(put_text(store, "k", "ours")) == 0);
    REQUIRE(err(store.settle({})) == 0);
  }
  CHECK(err(put_if(store, "k", "x", {.version = old})) == ESTALE);
  CHECK(err(put_if(store, "k", "x", {.absent = true})) == EEXIST);
  CHECK(err(store.remove({"k", old})) == ESTALE);
  CHECK(err(store.copy({"k", "k", old, mode("2")})) == ESTALE);
  s.fake.put_raw("source", "source");
  store::CopyRequest copy{"source", "k", {}, {}};
  copy.condition.version = old;
  CHECK(err(store.copy(copy)) == ESTALE);
}

TEST_CASE("what is known of a key yields to what the store shows when a condition is denied") {
  Setting s;
  s.fake.put_raw("k", "seen");
  JournalStore& store = s.open();
  REQUIRE(err(store.head("k")) == 0);
  REQUIRE(err(store.head("absent")) == ENOENT);
  // The caller has heard of these in another way.
  const store::ETag later = s.fake.put_raw("k", "later");
  const store::ETag made = s.fake.put_raw("absent", "made");
  CHECK(err(put_if(store, "k", "x", {.version = later})) == 0);
  CHECK(err(put_if(store, "absent", "x", {.version = made})) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("k") == "x");
  CHECK(s.content("absent") == "x");
  // Without an answer the caller's word counts.
  s.fake.remove_raw("k");
  s.fake.put_raw("k", "again");
  Fault fault;
  fault.verb = Verb::head;
  s.faults.add(fault);
  CHECK(err(put_if(store, "k", "y", {.version = later})) == 0);
  s.faults.clear();
  CHECK(err(store.settle("k")) == ESTALE);
  CHECK(s.content("k") == "again");
}

TEST_CASE("a race that is lost is the verdict of settle, and the bytes are kept") {
  Setting s;
  const store::ETag base = s.fake.put_raw("changed", "base");
  const store::ETag gone = s.fake.put_raw("gone", "base");
  s.open();
  const bool dies = GENERATE(false, true);
  REQUIRE(err(put_if(*s.journal, "changed", "ours 1", {.version = base})) == 0);
  REQUIRE(err(put_if(*s.journal, "gone", "ours 2", {.version = gone})) == 0);
  REQUIRE(err(put_if(*s.journal, "made", "ours 3", {.absent = true})) == 0);
  s.fake.put_raw("changed", "theirs");
  s.fake.remove_raw("gone");
  s.fake.put_raw("made", "theirs");
  perhaps_dies(s, dies);
  const auto& [key, verdict] =
      GENERATE(std::pair("changed", ESTALE), std::pair("gone", ESTALE), std::pair("made", EEXIST));
  const int outcome = err(s.journal->settle(key));
  if (!dies) CHECK(outcome == verdict);  // what a mount has left is carried out at once
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("changed") == "theirs");
  CHECK(s.content("gone") == "(absent)");
  CHECK(s.content("made") == "theirs");
  CHECK(s.journal->waiting().conflicts == 3);
  CHECK(s.in("/conflicts").size() == 6);
  CHECK(get_text(*s.journal, "changed")->bytes == "theirs");
  CHECK(err(s.journal->head("gone")) == ENOENT);
}

TEST_CASE("a removal of ours whose reply was lost is no other client's") {
  Setting s;
  const store::ETag base = s.fake.put_raw("k", "base");
  s.open();
  const bool dies = GENERATE(false, true);
  s.faults.add(lost_reply(Verb::remove));
  REQUIRE(err(s.journal->remove({"k", base})) == 0);
  s.config.patience = std::chrono::seconds(5);
  // One attempt, then it waits.
  static_cast<void>(s.journal->settle("k"));
  REQUIRE(err(put_if(*s.journal, "k", "ours", {.absent = true})) == 0);
  perhaps_dies(s, dies);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("k") == "ours");
  CHECK(s.journal->waiting().conflicts == 0);
}

TEST_CASE("a removal of a version leaves every other one, and its absence is success") {
  Setting s;
  const store::ETag a = s.fake.put_raw("a", "base");
  const store::ETag b = s.fake.put_raw("b", "base");
  const store::ETag c = s.fake.put_raw("c", "base");
  s.open();
  const bool dies = GENERATE(false, true);
  const auto statuses = s.journal->remove_many({{"a", a}, {"b", b}, {"c", c}, {"none", a}});
  for (const Status& status : statuses) CHECK(err(status) == 0);
  s.fake.put_raw("b", "theirs");
  s.fake.remove_raw("c");
  perhaps_dies(s, dies);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("a") == "(absent)");
  CHECK(s.content("b") == "theirs");
  CHECK(s.content("c") == "(absent)");
  const journal::Waiting waiting = s.journal->waiting();
  CHECK(waiting.changes == 0);
  CHECK(waiting.conflicts == 1);
  CHECK(s.in("/conflicts").empty());
  CHECK(get_text(*s.journal, "b")->bytes == "theirs");
}

TEST_CASE("a rename removes only what it copied") {
  Setting s;
  s.fake.put_raw("a", "base", mode("1"));
  s.open();
  const bool dies = GENERATE(false, true);
  const bool changed = GENERATE(false, true);  // here, before the rename
  REQUIRE(err(s.journal->head("a")) == 0);
  if (changed) REQUIRE(err(put_text(*s.journal, "a", "ours", mode("2"))) == 0);
  const auto source = s.journal->head("a");
  REQUIRE(source);
  REQUIRE(err(s.journal->copy({"a", "b", source->etag, {}})) == 0);
  REQUIRE(err(s.journal->remove({"a", source->etag})) == 0);
  SECTION("which is there") {
    perhaps_dies(s, dies);
    CHECK(err(s.journal->settle({})) == 0);
    CHECK(s.content("a") == "(absent)");
    CHECK(s.content("b") == (changed ? "ours" : "base"));
  }
  SECTION("which another client replaces once it is copied") {
    Fault fault;
    fault.verb = changed ? Verb::put : Verb::copy;
    fault.key = "b";
    fault.times = 1;
    fault.action = Fault::Action::none;
    fault.after = [&](const StoreCall&) { s.fake.put_raw("a", "theirs"); };
    s.faults.add(fault);
    perhaps_dies(s, dies);
    CHECK(err(s.journal->settle({})) == 0);
    CHECK(s.content("a") == "theirs");
    CHECK(s.content("b") == (changed ? "ours" : "base"));
    CHECK(s.journal->waiting().changes == 0);
    CHECK(get_text(*s.journal, "a")->bytes == "theirs");
  }
}

TEST_CASE("a change without bytes that lost its race is listed with what it was to do") {
  Setting s;
  const store::ETag from = s.fake.put_raw("from", "bytes", mode("1"));
  s.open();
  const bool renames = GENERATE(false, true);
  const store::Key to = renames ? "to" : "from";
  REQUIRE(err(s.journal->copy({"from", to, from, mode("2")})) == 0);
  s.fake.put_raw("from", "theirs");
  CHECK(err(s.journal->settle(to)) == ESTALE);
  const auto conflicts = cache::KeptConflicts::open(s.inside() + "/conflicts");
  REQUIRE(conflicts);
  const auto kept = conflicts->list();
  REQUIRE(kept.size() == 1);
  CHECK(kept.front().what.key == to);
  CHECK(kept.front().path.empty());
  const char* aim = renames ? "it was to become what from is" : "were to be changed";
  CHECK(kept.front().what.why.find(aim) != std::string::npos);
}

TEST_CASE("the reason of a lost race names both versions in words") {
  Setting s;
  const store::ETag base = s.fake.put_raw("k", "base");
  s.open();
  const bool made = GENERATE(false, true);
  const store::Condition condition =
      made ? store::Condition{.absent = true} : store::Condition{.version = base};
  const store::Key key = made ? "new" : "k";
  REQUIRE(err(put_if(*s.journal, key, "ours", condition)) == 0);
  const store::ETag theirs = s.fake.put_raw(key, "theirs");
  CHECK(err(s.journal->settle(key)) == (made ? EEXIST : ESTALE));
  const auto conflicts = cache::KeptConflicts::open(s.inside() + "/conflicts");
  REQUIRE(conflicts);
  const auto kept = conflicts->list();
  REQUIRE(kept.size() == 1);
  CHECK(kept.front().what.why ==
        key + ": was changed by another client meanwhile (version " + theirs.value + " is there; " +
            (made ? std::string("there was no object when the change was made")
                  : "the change was made to version " + base.value) +
            ")");
}

TEST_CASE("a copy that must replace nothing does not, and its source stays") {
  Setting s;
  s.fake.put_raw("a", "base");
  s.open();
  const bool dies = GENERATE(false, true);
  const auto source = s.journal->head("a");
  store::CopyRequest copy{"a", "b", source->etag, {}};
  copy.condition.absent = true;
  REQUIRE(err(s.journal->copy(copy)) == 0);
  REQUIRE(err(s.journal->remove({"a", source->etag})) == 0);
  s.fake.put_raw("b", "theirs");
  perhaps_dies(s, dies);
  const int verdict = err(s.journal->settle("b"));
  if (!dies) CHECK(verdict == EEXIST);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("a") == "base");
  CHECK(s.content("b") == "theirs");
}

TEST_CASE("what follows a change that lost its race undoes no other version, also after a kill") {
  Setting s;
  const store::ETag base = s.fake.put_raw("k", "base");
  s.open();
  const bool dies = GENERATE(false, true);
  const auto first = put_if(*s.journal, "k", "first", {.version = base});
  REQUIRE(err(first) == 0);
  Fault fault;
  fault.verb = Verb::put;
  fault.times = 1;
  fault.action = Fault::Action::none;
  // While it is under way another client is faster, and the program goes on.
  fault.before = [&](const StoreCall&) {
    s.fake.put_raw("k", "theirs");
    CHECK(err(put_if(*s.journal, "k", "second", {.version = *first})) == 0);
  };
  s.faults.add(fault);
  CHECK(err(s.journal->settle("k")) == ESTALE);
  perhaps_dies(s, dies);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("k") == "theirs");
  CHECK(s.in("/conflicts").size() == 4);
}

TEST_CASE("a service that refuses conditions on removals as wrong gets them without") {
  Setting s;
  const store::ETag base = s.fake.put_raw("k", "base");
  JournalStore& store = s.open();
  Fault fault;
  fault.verb = Verb::remove;
  fault.times = 1;
  fault.error = {ESTALE, "PreconditionFailed"};
  s.faults.add(fault);
  REQUIRE(err(store.remove({"k", base})) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("k") == "(absent)");
}

TEST_CASE("a change that needs the service's verdict at once goes to the service") {
  Setting s;
  JournalStore& store = s.open();
  const auto put_at_once = [&](const store::Key& key) {
    StringSource body("lock");
    store::PutRequest request{key, mode("1"), {.absent = true}};
    request.at_once = true;
    return err(store.put(request, body));
  };
  SECTION("which has none of that name") {
    CHECK(put_at_once("k") == 0);
    CHECK(s.content("k") == "lock");
  }
  SECTION("which has one of another client") {
    s.fake.put_raw("k", "theirs");
    CHECK(put_at_once("k") == EEXIST);
    CHECK(s.content("k") == "theirs");
    CHECK(s.journal->waiting().conflicts == 0);
  }
  SECTION("after the removal that waits") {
    REQUIRE(put_at_once("k") == 0);
    REQUIRE(err(store.remove("k")) == 0);
    CHECK(s.content("k") == "lock");
    CHECK(put_at_once("k") == 0);
    CHECK(s.content("k") == "lock");
  }
  SECTION("and while a change that waits has the name") {
    REQUIRE(err(put_text(store, "k", "ours")) == 0);
    CHECK(put_at_once("k") == EEXIST);
    CHECK(s.content("k") == "ours");
  }
}

TEST_CASE("after a refresh another client's version of what was stored here is seen") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "d/k", "ours")) == 0);
  REQUIRE(err(put_text(store, "e/k", "ours")) == 0);
  REQUIRE(err(put_text(store, "d/waits", "ours")) == 0);
  REQUIRE(err(store.settle("d/k")) == 0);
  REQUIRE(err(store.settle("e/k")) == 0);
  s.fake.put_raw("d/k", "theirs now");
  s.fake.put_raw("e/k", "theirs now");
  CHECK(store.head("d/k")->size == 4);
  store.refresh("d/");
  CHECK(store.head("d/k")->size == 10);
  CHECK(store.head("e/k")->size == 4);
  CHECK(store.head("d/waits")->size == 4);
}

TEST_CASE("another client's version of the same bytes is another version for who names a base") {
  Setting s;
  const store::ETag base = s.fake.put_raw("n", "6");
  JournalStore& store = s.open();
  SECTION("it was first") {
    s.fake.put_raw("n", "7");
    // This mount does not know yet, and counts up too.
    REQUIRE(err(put_if(store, "n", "7", {.version = base})) == 0);
    CHECK(err(store.settle("n")) == ESTALE);
  }
  SECTION("after changes of this mount") {
    const auto one = put_if(store, "n", "5", {.version = base});
    REQUIRE(err(one) == 0);
    REQUIRE(err(store.settle("n")) == 0);
    const auto two = put_if(store, "n", "6", {.version = *one});
    REQUIRE(err(two) == 0);
    REQUIRE(err(store.settle("n")) == 0);
    s.fake.put_raw("n", "7");
    REQUIRE(err(put_if(store, "n", "7", {.version = *two})) == 0);
    CHECK(err(store.settle("n")) == ESTALE);
  }
  SECTION("or its PUT comes between") {
    REQUIRE(err(put_if(store, "n", "7", {.version = base})) == 0);
    s.fake.put_raw("n", "7");
    CHECK(err(store.settle("n")) == ESTALE);
  }
  SECTION("a lost reply of our own is none") {
    s.faults.add(lost_reply(Verb::put));
    REQUIRE(err(put_if(store, "n", "7", {.version = base})) == 0);
    CHECK(err(store.settle({})) == 0);
    CHECK(s.journal->waiting().conflicts == 0);
  }
  CHECK(s.content("n") == "7");
}
