// SPDX-License-Identifier: Apache-2.0
// The journal over a bucket in memory: which changes are acknowledged and sent, and what becomes of
// them when the service fails, another client writes, or the mount dies.
#include "pailfs/journal/journal_store.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "pailfs/util/file.h"
#include "pailfs/util/log.h"

#include "setting.h"
#include "support/beside.h"

namespace pailfs::test {
namespace {

TEST_CASE("a change is acknowledged before the store has it, and settle waits for the store") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "k", "text", mode("1"))) == 0);
  CHECK(s.content("k") == "(absent)");
  CHECK(get_text(store, "k")->bytes == "text");
  CHECK(store.waiting().changes == 1);
  CHECK(store.waiting().bytes == 4);
  CHECK(err(store.settle("k")) == 0);
  CHECK(s.content("k") == "text");
  CHECK(s.fake.object("k")->meta("mode") == "1");
  CHECK(store.waiting().changes == 0);
  CHECK(err(store.settle("another")) == 0);
}

TEST_CASE(
    "what is made, written, renamed and changed is one PUT, and what is removed again nothing") {
  Setting s;
  JournalStore& store = s.open();
  REQUIRE(err(list_all(store, "d/", true)) == 0);
  s.fake.reset_count();
  REQUIRE(err(put_text(store, "d/tmp", "text", mode("1"))) == 0);
  REQUIRE(err(store.copy({"d/tmp", "d/name", {}, mode("2")})) == 0);
  REQUIRE(err(store.remove("d/tmp")) == 0);
  REQUIRE(err(store.copy({"d/name", "d/name", {}, mode("3")})) == 0);
  REQUIRE(err(put_text(store, "d/gone", "text")) == 0);
  REQUIRE(err(store.remove("d/gone")) == 0);
  REQUIRE(err(store.settle({})) == 0);
  CHECK(s.fake.count().total() == 1);
  CHECK(s.fake.keys() == std::vector<store::Key>{"d/name"});
  CHECK(s.fake.object("d/name")->meta("mode") == "3");
}

TEST_CASE("a tree is removed by one request for a thousand names and no further look") {
  Setting s;
  for (int i = 0; i < 900; ++i)
    s.fake.put_raw("t/" + std::to_string(i % 9) + "/" + std::to_string(i), "x");
  for (int i = 0; i < 9; ++i) s.fake.put_raw("t/" + std::to_string(i) + "/", "");
  JournalStore& store = s.open();
  const auto all = list_all(store, "t/", false);
  REQUIRE(err(all) == 0);
  s.fake.reset_count();
  for (const auto& object : all->objects) {
    if (object.key.back() != '/') REQUIRE(err(store.remove(object.key)) == 0);
  }
  for (int i = 0; i < 9; ++i) {
    const std::string directory = "t/" + std::to_string(i) + "/";
    const auto left = store.list({directory, true, {}, 2});
    REQUIRE(err(left) == 0);
    CHECK(left->objects.size() == 1);  // its own object
    REQUIRE(err(store.remove(directory)) == 0);
    const auto nothing = store.list({directory, true, {}, 2});
    REQUIRE(err(nothing) == 0);
    CHECK(nothing->objects.empty());
  }
  const auto root = store.list({"t/", true, {}, 1000});
  REQUIRE(err(root) == 0);
  CHECK(root->prefixes.empty());
  const int lists = s.fake.count().of(Verb::list);
  CHECK(lists <= 9);  // for the directories' own objects
  REQUIRE(err(store.settle({})) == 0);
  CHECK(s.fake.count().total() == lists + 1);
  CHECK(s.fake.keys().empty());
}

TEST_CASE("a directory that only waiting removals empty is not shown") {
  Setting s;
  s.fake.put_raw("t/a/1", "x");
  s.fake.put_raw("t/b", "x");
  JournalStore& store = s.open();
  REQUIRE(err(store.remove("t/a/1")) == 0);
  const auto page = store.list({"t/", true, {}, 1000});
  REQUIRE(err(page) == 0);
  CHECK(page->prefixes.empty());
  CHECK(page->objects.size() == 1);
  REQUIRE(err(put_text(store, "t/a/2", "x")) == 0);
  CHECK(store.list({"t/", true, {}, 1000})->prefixes == std::vector<std::string>{"t/a/"});
}

TEST_CASE("what a mount leaves is carried out by the next one, large and small") {
  Gate gate;
  Setting s;
  s.fake.put_raw("old", "old");
  {
    JournalStore& store = s.open();
    REQUIRE(err(store.head("old")) == 0);
    REQUIRE(err(put_text(store, "small", "text")) == 0);
    REQUIRE(err(put_text(store, "large", pattern(300'000))) == 0);
    REQUIRE(err(store.copy({"old", "new", {}, {}})) == 0);
    REQUIRE(err(store.remove("old")) == 0);
  }
  // It is due at once when the next mount opens the journal.
  Fault stand;
  stand.action = Fault::Action::none;
  stand.before = [&gate](const StoreCall&) { static_cast<void>(gate.pass()); };
  s.faults.add(stand);
  JournalStore& store = s.reopen();
  CHECK(store.waiting().changes == 4);
  gate.open();
  CHECK(get_text(store, "small")->bytes == "text");
  CHECK((get_text(store, "large")->bytes == pattern(300'000)));
  CHECK(get_text(store, "new")->bytes == "old");
  CHECK(err(store.head("old")) == ENOENT);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("small") == "text");
  CHECK((s.content("large") == pattern(300'000)));
  CHECK(s.content("new") == "old");
  CHECK(s.content("old") == "(absent)");
  s.reopen();
  CHECK(s.in("/bodies").empty());
  CHECK(s.journal->waiting().changes == 0);
}

TEST_CASE("a mount that acknowledges nothing finishes what another left, and confirms its own") {
  Setting s;
  s.open();
  REQUIRE(err(put_text(*s.journal, "k", "first")) == 0);
  CHECK(journal::has_journal(s.directory.path(), "test"));
  CHECK_FALSE(journal::has_journal(s.directory.path(), "another"));
  s.config.acknowledges = false;
  JournalStore& store = s.reopen();
  REQUIRE(err(put_text(store, "k", "second")) == 0);
  CHECK(s.content("k") == "second");
  REQUIRE(err(put_text(store, "l", "x")) == 0);
  CHECK(s.content("l") == "x");
  REQUIRE(err(store.copy({"l", "m", {}, {}})) == 0);
  REQUIRE(err(store.remove("l")) == 0);
  CHECK(s.fake.keys() == std::vector<store::Key>{"k", "m"});
}

TEST_CASE("a later version of somebody else is not undone") {
  Setting s;
  s.fake.put_raw("changed", "base");
  s.fake.put_raw("removed", "base");
  s.open();
  REQUIRE(err(s.journal->head("changed")) == 0);
  REQUIRE(err(s.journal->head("removed")) == 0);
  REQUIRE(err(s.journal->head("made")) == ENOENT);
  REQUIRE(err(put_text(*s.journal, "changed", "ours")) == 0);
  REQUIRE(err(put_text(*s.journal, "made", "ours")) == 0);
  REQUIRE(err(s.journal->remove("removed")) == 0);
  const bool dies = GENERATE(true, false);
  CAPTURE(dies);
  if (dies) s.journal.reset();
  s.fake.put_raw("changed", "theirs");
  s.fake.put_raw("made", "theirs");
  if (dies) {
    s.fake.put_raw("removed", "theirs");
    s.open();
  }
  JournalStore& store = *s.journal;
  CHECK(err(store.settle("changed")) == ESTALE);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("changed") == "theirs");
  CHECK(s.content("made") == "theirs");
  CHECK(s.content("removed") == (dies ? "theirs" : "(absent)"));
  const journal::Waiting waiting = store.waiting();
  CHECK(waiting.conflicts == (dies ? 3 : 2));
  const auto kept = s.in("/conflicts");
  REQUIRE(kept.size() == 4);  // two of bytes, two that say of what
  CHECK(pailfs::read_file(kept[0], 100).value() == "ours");
  CHECK(get_text(store, "changed")->bytes == "theirs");
}

TEST_CASE("a name that another client takes is not undone, whatever was stored just before") {
  Setting s;
  s.fake.put_raw("d/old", "old");
  const bool deep = GENERATE(true, false);
  if (deep) s.fake.put_raw("d/sub/old", "old");
  JournalStore& store = s.open();
  REQUIRE(err(store.list({"", true, {}, 1000})) == 0);
  REQUIRE(err(store.list({"d/", true, {}, 1000})) == 0);
  for (const char* key : {"d/first", "first", "made/"}) {
    REQUIRE(err(put_text(store, key, "ours")) == 0);
  }
  CHECK(err(store.settle({})) == 0);

  // What the listings did not show is what these are made upon.
  const std::vector<std::string> taken = {"d/new", "new", "made/new", "made/deep/new"};
  for (const std::string& key : taken) {
    REQUIRE(err(put_text(store, key, "ours")) == 0);
    s.fake.put_raw(key, "theirs");
  }
  CHECK(err(store.settle({})) == 0);
  for (const std::string& key : taken) CHECK(s.content(key) == "theirs");
  CHECK(store.waiting().conflicts == taken.size());
  CHECK(s.in("/conflicts").size() == 2 * taken.size());
}

TEST_CASE("a rename does not undo what another client puts under the new name meanwhile") {
  Setting s;
  s.fake.put_raw("a", "base");
  const bool replaces = GENERATE(true, false);
  if (replaces) s.fake.put_raw("b", "replaced");
  JournalStore& store = s.open();
  const auto source = store.head("a");
  REQUIRE(source);
  REQUIRE(err(store.head("b")) == (replaces ? 0 : ENOENT));
  REQUIRE(err(store.copy({"a", "b", source->etag, {}})) == 0);
  REQUIRE(err(store.remove("a")) == 0);
  SECTION("theirs stays, and ours under its old name") {
    s.fake.put_raw("b", "theirs");
    static_cast<void>(store.settle({}));
    CHECK(s.content("b") == "theirs");
    CHECK(s.content("a") == "base");
    CHECK(store.waiting().conflicts == 1);
    CHECK(store.waiting().changes == 0);
  }
  SECTION("a service that takes no conditions copies without, and is not asked for any again") {
    Fault fault;
    fault.verb = Verb::copy;
    fault.times = 1;
    fault.error = {ENOTSUP, "NotImplemented"};
    s.faults.add(fault);
    CHECK(err(store.settle({})) == 0);
    CHECK(s.content("b") == "base");
    CHECK(s.content("a") == "(absent)");
    const auto moved = store.head("b");
    REQUIRE(moved);
    REQUIRE(err(store.head("c")) == ENOENT);
    REQUIRE(err(store.copy({"b", "c", moved->etag, {}})) == 0);
    s.fake.put_raw("c", "theirs");
    CHECK(err(store.settle({})) == 0);
    CHECK(s.content("c") == "base");
  }
  SECTION("a copy that was made though its reply was lost is ours") {
    Fault fault;
    fault.verb = Verb::copy;
    fault.times = 1;
    fault.action = Fault::Action::apply_then_fail;
    s.faults.add(fault);
    CHECK(err(store.settle({})) == 0);
    CHECK(s.content("b") == "base");
    CHECK(s.content("a") == "(absent)");
    CHECK(store.waiting().conflicts == 0);
  }
}

TEST_CASE("what a listing showed is no later version, whatever else was confirmed meanwhile") {
  Setting s;
  s.fake.put_raw("d/old", "seen");
  s.open();
  REQUIRE(err(put_text(*s.journal, "d/new", "text")) == 0);
  Fault fault;
  fault.verb = Verb::list;
  fault.times = 1;
  fault.action = Fault::Action::none;
  fault.after = [&](const StoreCall&) { CHECK(err(s.journal->settle({})) == 0); };
  s.faults.add(fault);
  REQUIRE(err(s.journal->list({"d/", true, {}, 10})) == 0);
  REQUIRE(err(s.journal->remove("d/old")) == 0);
  JournalStore& store = s.reopen();
  CHECK(err(store.settle({})) == 0);
  CHECK(store.waiting().conflicts == 0);
  CHECK(s.content("d/old") == "(absent)");
  CHECK(s.content("d/new") == "text");
}

TEST_CASE("a reply that is lost is not taken for somebody else's version") {
  Setting s;
  Fault fault;
  fault.verb = Verb::put;
  fault.times = 2;
  fault.action = Fault::Action::apply_then_fail;
  s.faults.add(fault);
  s.config.hold = std::chrono::milliseconds(0);
  JournalStore& store = s.open();
  REQUIRE(err(store.head("k")) == ENOENT);
  REQUIRE(err(put_text(store, "k", "text", mode("1"))) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("k") == "text");
  CHECK(store.waiting().conflicts == 0);
}

TEST_CASE("what passes is tried again until it works") {
  Setting s;
  Fault fault;
  fault.times = 3;
  fault.error = Error{EIO, "SlowDown"};
  s.faults.add(fault);
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "k", "text")) == 0);
  CHECK(err(store.settle("k")) == 0);
  CHECK(s.content("k") == "text");
}

TEST_CASE("what the store refuses is kept, shown, read, and stored when it is allowed") {
  Setting s;
  Fault fault;
  fault.verb = Verb::put;
  fault.key = "forbidden";
  fault.error = Error{EPERM, "AccessDenied"};
  fault.error.refusal = Refusal::forbidden;
  s.faults.add(fault);
  s.open();
  REQUIRE(err(put_text(*s.journal, "forbidden", "text")) == 0);
  REQUIRE(err(put_text(*s.journal, "allowed", "text")) == 0);
  CHECK(err(s.journal->settle("forbidden")) == EPERM);
  CHECK(err(s.journal->settle({})) != 0);
  CHECK(s.content("allowed") == "text");
  REQUIRE(s.journal->waiting().refused.size() == 1);
  CHECK(s.journal->waiting().refused.front().key == "forbidden");
  CHECK(get_text(*s.journal, "forbidden")->bytes == "text");
  JournalStore& store = s.reopen();
  CHECK(get_text(store, "forbidden")->bytes == "text");
  s.faults.clear();
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("forbidden") == "text");
}

TEST_CASE("a source is removed only after its copy is confirmed") {
  Setting s;
  s.fake.put_raw("from", "text");
  Fault fault;
  fault.verb = Verb::copy;
  fault.error = Error{EPERM, "AccessDenied"};
  fault.error.refusal = Refusal::forbidden;
  s.faults.add(fault);
  JournalStore& store = s.open();
  REQUIRE(err(store.copy({"from", "to", {}, {}})) == 0);
  REQUIRE(err(store.remove("from")) == 0);
  CHECK(err(store.settle({})) != 0);
  CHECK(s.content("from") == "text");
  CHECK(get_text(store, "to")->bytes == "text");
  CHECK(err(store.head("from")) == ENOENT);
  s.faults.clear();
  CHECK(err(store.settle({})) == 0);
  CHECK(s.fake.keys() == std::vector<store::Key>{"to"});
}

TEST_CASE("two names change places") {
  Setting s;
  s.fake.put_raw("a", "A");
  s.fake.put_raw("b", "B");
  JournalStore& store = s.open();
  const auto rename = [&](const char* from, const char* to) {
    REQUIRE(err(store.copy({from, to, {}, {}})) == 0);
    REQUIRE(err(store.remove(from)) == 0);
  };
  rename("a", "t");
  rename("b", "a");
  rename("t", "b");
  CHECK(get_text(store, "a")->bytes == "B");
  CHECK(get_text(store, "b")->bytes == "A");
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("a") == "B");
  CHECK(s.content("b") == "A");
  CHECK(s.fake.keys().size() == 2);
}

TEST_CASE("a copy that the store cannot make goes through this machine") {
  Setting s;
  s.fake.put_raw("from", pattern(200'000), mode("7"));
  Fault fault;
  fault.verb = Verb::copy;
  fault.error = Error{ENOTSUP, "NotImplemented"};
  s.faults.add(fault);
  JournalStore& store = s.open();
  REQUIRE(err(store.copy({"from", "to", {}, {}})) == 0);
  REQUIRE(err(store.remove("from")) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK((s.content("to") == pattern(200'000)));
  CHECK(s.fake.object("to")->meta("mode") == "7");
  CHECK(s.content("from") == "(absent)");
}

TEST_CASE("an object keeps the name of its version when the store names it otherwise") {
  Setting s;
  JournalStore& store = s.open();
  // A copy of an object that was made of parts has another ETag.
  const auto id = store.create_upload("parts", {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  StringSource body("text");
  const auto part = store.upload_part("parts", *id, 1, body);
  REQUIRE(err(part) == 0);
  const auto made = store.complete_upload("parts", *id, {{1, *part, 4}}, {});
  REQUIRE(err(made) == 0);
  const auto copied = store.copy({"parts", "copy", *made, {}});
  REQUIRE(err(copied) == 0);
  CHECK(get_text(store, "copy", {}, *copied)->bytes == "text");
  REQUIRE(err(store.settle({})) == 0);
  CHECK(s.fake.object("copy")->etag != *copied);
  CHECK(get_text(store, "copy", {}, *copied)->bytes == "text");
  CHECK(store.head("copy")->etag == *copied);
  CHECK(store.list({"copy", true, {}, 10})->objects.front().etag == *copied);
  CHECK(err(store.copy({"copy", "again", *copied, {}})) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("again") == "text");
}

TEST_CASE("an object is read though a change of its attributes has arrived under another name") {
  Setting s;
  s.config.hold = std::chrono::milliseconds(0);
  JournalStore& store = s.open();
  const auto id = store.create_upload("k", mode("1"), store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  StringSource body("text");
  const auto part = store.upload_part("k", *id, 1, body);
  REQUIRE(err(part) == 0);
  const auto made = store.complete_upload("k", *id, {{1, *part, 4}}, {});
  REQUIRE(err(made) == 0);
  Fault fault;
  fault.verb = Verb::copy;
  fault.action = Fault::Action::apply_then_fail;
  s.faults.add(fault);
  REQUIRE(err(store.copy({"k", "k", *made, mode("2")})) == 0);
  REQUIRE(eventually([&] { return s.fake.object("k")->etag != *made; }));
  CHECK(get_text(store, "k", {}, *made)->bytes == "text");
  s.faults.clear();
  CHECK(err(store.settle({})) == 0);
  CHECK(s.fake.object("k")->meta("mode") == "2");
  CHECK(get_text(store, "k", {}, *made)->bytes == "text");
}

TEST_CASE("a journal has one owner") {
  Setting s;
  s.open();
  const auto second = journal::open_journal(s.config, s.faults, s.clock);
  CHECK(err(second) == EBUSY);
  Config other = s.config;
  other.identity = "another bucket";
  CHECK(err(journal::open_journal(other, s.faults, s.clock)) == 0);
}

TEST_CASE("who writes more than there is room for waits for the store") {
  Setting s;
  s.config.most_bytes = 1'000;
  JournalStore& store = s.open();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(err(put_text(store, "k" + std::to_string(i), pattern(300))) == 0);
    CHECK(store.waiting().bytes <= 1'000);
  }
  CHECK(s.fake.keys().size() >= 17);
  SECTION("what is larger than all of the room goes to the store itself") {
    REQUIRE(err(put_text(store, "large", pattern(2'000))) == 0);
    CHECK((s.content("large") == pattern(2'000)));
  }
  SECTION("not for ever, when the store takes nothing") {
    REQUIRE(err(store.settle({})) == 0);
    s.journal.reset();
    s.config.patience = std::chrono::seconds(0);
    JournalStore& impatient = s.open();
    Fault fault;
    s.faults.add(fault);
    int failed = 0;
    for (int i = 0; i < 4; ++i) {
      failed = err(put_text(impatient, "n" + std::to_string(i), pattern(300)));
    }
    CHECK(failed == ETIMEDOUT);
    CHECK(get_text(impatient, "n0")->bytes == pattern(300));
    s.faults.clear();
  }
}

TEST_CASE("a torn end of the log is no damage, and what was promised before it stands") {
  Setting s;
  s.open();
  REQUIRE(err(put_text(*s.journal, "one", "1")) == 0);
  REQUIRE(err(put_text(*s.journal, "two", "2")) == 0);
  s.journal.reset();
  std::string logs;
  for (const std::string& name : s.in("")) {
    if (name.find("/log.") != std::string::npos && files::file_size(name) > 0) logs = name;
  }
  const std::string bytes = pailfs::read_file(logs, 4U << 20U).value();
  files::resize_file(logs, bytes.find_last_not_of('\0') - 2);
  JournalStore& store = s.open();
  CHECK(get_text(store, "one")->bytes == "1");
  CHECK(err(store.head("two")) == ENOENT);
  for (const std::string& name : s.in("")) CHECK(name.find("damaged") == std::string::npos);
  CHECK(err(store.settle({})) == 0);
}

TEST_CASE("damage before the end stops the reading, loudly, and nothing is thrown away") {
  Setting s;
  s.open();
  REQUIRE(err(put_text(*s.journal, "one", "1")) == 0);
  REQUIRE(err(put_text(*s.journal, "two", "2")) == 0);
  REQUIRE(err(put_text(*s.journal, "three", pattern(200'000))) == 0);
  s.journal.reset();
  std::string logs;
  for (const std::string& name : s.in("")) {
    if (name.find("/log.") != std::string::npos && files::file_size(name) > 0) logs = name;
  }
  std::string bytes = pailfs::read_file(logs, 4U << 20U).value();
  bytes[bytes.find("two")] = 'T';
  std::ofstream(logs, std::ios::binary) << bytes;
  std::string said;
  log::set_sink([&](LogLevel level, std::string_view line) {
    if (level == LogLevel::critical) said += line;
  });
  JournalStore& store = s.open();
  log::set_sink([](LogLevel, std::string_view) {});
  CHECK(said.find("damaged") != std::string::npos);
  CHECK(get_text(store, "one")->bytes == "1");
  CHECK(err(store.head("three")) == ENOENT);
  bool kept = false;
  for (const std::string& name : s.in(""))
    kept = kept || name.find("/damaged.") != std::string::npos;
  CHECK(kept);
  CHECK(s.in("/bodies").size() == 1);
  CHECK(err(store.settle({})) == 0);
}

TEST_CASE("the log does not grow with what is over, though something in it stays") {
  Setting s;
  Fault fault;
  fault.verb = Verb::put;
  fault.key = "forbidden";
  fault.error = Error{EPERM, "AccessDenied"};
  fault.error.refusal = Refusal::forbidden;
  s.faults.add(fault);
  s.config.hold = std::chrono::milliseconds(0);
  s.open();
  REQUIRE(err(put_text(*s.journal, "forbidden", pattern(100'000, 5))) == 0);
  const std::string text = pattern(128U << 10U);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(err(put_text(*s.journal, "k" + std::to_string(i % 10), text)) == 0);
  }
  CHECK(err(s.journal->settle({})) != 0);
  JournalStore& reopened = s.reopen();
  std::uintmax_t size = 0;
  for (const std::string& name : s.in("")) {
    if (name.find("/log.") != std::string::npos) size += files::file_size(name);
  }
  CHECK(size < (100U << 20U));
  CHECK((get_text(reopened, "forbidden")->bytes == pattern(100'000, 5)));
  s.faults.clear();
  CHECK(err(reopened.settle({})) == 0);
  CHECK((s.content("forbidden") == pattern(100'000, 5)));
  s.reopen();
  for (const std::string& name : s.in("")) {
    if (name.find("/log.") != std::string::npos) CHECK(files::file_size(name) == 0);
  }
}

TEST_CASE("many writers at once are all acknowledged, and all is stored") {
  Setting s;
  s.config.hold = std::chrono::milliseconds(5);
  JournalStore& store = s.open();
  std::vector<int> failures(8);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i % 20);
        const std::string text = key + " " + std::to_string(i);
        if (!put_text(store, key, text)) ++failures[t];
        const auto got = get_text(store, key);
        if (!got || got->bytes != text) ++failures[t];
        const auto page = store.list({std::to_string(t) + "/", true, {}, 1000});
        if (!page || page->objects.size() != static_cast<std::size_t>(std::min(i + 1, 20))) {
          ++failures[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int each : failures) CHECK(each == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(s.fake.keys().size() == 160);
  CHECK(s.content("7/19") == "7/19 199");
}

}  // namespace
}  // namespace pailfs::test
