// SPDX-License-Identifier: Apache-2.0
// Bytes that a program appended, while another client changes the object.
#include "journal/appended.h"

#include <atomic>
#include <thread>

#include "pailfs/util/text.h"

#include "setting.h"

using namespace pailfs;        // NOLINT: a test file
using namespace pailfs::test;  // NOLINT
using journal::Mark;
using journal::Want;

namespace {

/// Appends a line to what the journal shows. No two versions have the same attributes: the file
/// system stores times to the nanosecond.
Result<store::ETag> append(store::ObjectStore& store, const store::Key& key,
                           const std::string& line) {
  const auto got = get_text(store, key);
  if (!got && err(got) != ENOENT) return got.error();
  StringSource body((got ? got->bytes : "") + line);
  static std::atomic<int> number = 0;
  store::PutRequest request{key, mode(std::to_string(++number).c_str())};
  if (got) request.condition.version = got->info.etag;
  request.condition.absent = !got;
  request.appended_from = got ? got->bytes.size() : 0;
  return store.put(request, body);
}

Fault lost_reply() {
  Fault fault;
  fault.verb = Verb::put;
  fault.times = 1;
  fault.action = Fault::Action::apply_then_fail;
  return fault;
}

}  // namespace

TEST_CASE("appended bytes go behind what another client has stored meanwhile") {
  Setting s;
  s.fake.put_raw("k", "base\n");
  s.open();
  const bool dies = GENERATE(false, true);
  REQUIRE(err(append(*s.journal, "k", "one\n")) == 0);
  REQUIRE(err(append(*s.journal, "k", "two\n")) == 0);
  std::string front = "base\ntheirs\n";
  SECTION("appended") {}
  SECTION("replaced") {
    front = "other\n";
  }
  SECTION("of the same bytes") {
    front = "base\none\ntwo\n";
  }
  SECTION("large") {
    front = pattern(300'000);
  }
  s.fake.put_raw("k", front);
  if (dies) s.reopen();
  // After a kill it is not known whether equal bytes are of the dead mount.
  const bool taken_for_ours = dies && front == "base\none\ntwo\n";
  const std::string expected = front + (taken_for_ours ? "" : "one\ntwo\n");
  CHECK(err(s.journal->settle("k")) == 0);
  CHECK(s.content("k") == expected);
  CHECK(get_text(*s.journal, "k")->bytes == expected);
  CHECK(s.journal->head("k")->size == expected.size());
  CHECK(s.journal->waiting().conflicts == 0);
  CHECK(s.in("/conflicts").empty());
  REQUIRE(err(append(*s.journal, "k", "three\n")) == 0);
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("k") == expected + "three\n");
}

TEST_CASE("appended bytes are stored also when the object was removed, or made by another client") {
  Setting s;
  const bool existed = GENERATE(true, false);
  if (existed) s.fake.put_raw("k", "base\n");
  JournalStore& store = s.open();
  REQUIRE(err(append(store, "k", "one\n")) == 0);
  if (existed) {
    s.fake.remove_raw("k");
  } else {
    s.fake.put_raw("k", "theirs\n");
  }
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("k") == (existed ? "one\n" : "theirs\none\n"));
}

TEST_CASE("an attempt whose reply was lost is found in what was appended to it") {
  Setting s;
  s.config.hold = std::chrono::milliseconds(0);
  s.fake.put_raw("k", "base\n");
  s.open();
  const bool dies = GENERATE(false, true);
  const bool more = GENERATE(false, true);
  std::atomic<bool> over = false;
  Fault fault = lost_reply();
  fault.after = [&](const StoreCall&) {
    s.fake.put_raw("k", s.content("k") + "theirs\n");
    if (more) CHECK(err(append(*s.journal, "k", "two\n")) == 0);
    over = true;
  };
  s.faults.add(fault);
  REQUIRE(err(append(*s.journal, "k", "one\n")) == 0);
  while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (dies) s.reopen();
  CHECK(err(s.journal->settle({})) == 0);
  CHECK(s.content("k") == std::string("base\none\ntheirs\n") + (more ? "two\n" : ""));
  CHECK(s.journal->waiting().conflicts == 0);
}

TEST_CASE("appended bytes that another client is always faster with are set aside at last") {
  Setting s;
  s.fake.put_raw("k", "base\n");
  class Quick final : public Random {
    unsigned long long next() override { return 0; }
  };
  s.config.random = std::make_shared<Quick>();
  s.open();
  REQUIRE(err(append(*s.journal, "k", "one\n")) == 0);
  int writes = 0;
  Fault fault;
  fault.verb = Verb::put;
  fault.action = Fault::Action::none;
  fault.before = [&](const StoreCall&) { s.fake.put_raw("k", std::to_string(++writes) + "\n"); };
  s.faults.add(fault);
  CHECK(err(s.journal->settle("k")) == ESTALE);
  CHECK(writes == 101);
  CHECK(s.content("k") == "101\n");
  CHECK(s.in("/conflicts").size() == 2);
}

TEST_CASE(
    "ten journals append to one object, and each line is there once though replies are lost") {
  constexpr int kJournals = 10;
  constexpr int kLines = 40;
  Setting s;
  Fault fault;
  fault.verb = Verb::put;
  fault.action = Fault::Action::apply_then_fail;
  fault.probability = 0.05;
  s.faults.add(fault);
  std::vector<std::unique_ptr<JournalStore>> journals;
  s.config.hold = std::chrono::milliseconds(20);
  s.config.workers = 2;
  for (int i = 0; i < kJournals; ++i) {
    s.config.cache_directory = s.directory.path() + "/" + std::to_string(i);
    files::create_directory(s.config.cache_directory);
    auto opened = journal::open_journal(s.config, s.faults, s.clock);
    REQUIRE(err(opened) == 0);
    journals.push_back(std::move(*opened));
  }
  std::vector<std::thread> writers;
  std::atomic<int> failures = 0;
  for (int i = 0; i < kJournals; ++i) {
    writers.emplace_back([&, i] {
      for (int line = 0; line < kLines; ++line) {
        const std::string text = std::to_string(i) + "." + std::to_string(line) + "\n";
        int outcome = ESTALE;
        // The version that was read has meanwhile got another one in front.
        for (int attempt = 0; attempt < 100 && outcome != 0; ++attempt) {
          outcome = err(append(*journals[static_cast<std::size_t>(i)], "log", text));
        }
        if (outcome != 0) ++failures;
      }
      if (!journals[static_cast<std::size_t>(i)]->settle({})) ++failures;
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failures == 0);
  std::vector<std::string> lines = split(s.content("log"), '\n');
  CHECK(lines.back().empty());
  lines.pop_back();
  std::sort(lines.begin(), lines.end());
  CHECK(std::adjacent_find(lines.begin(), lines.end()) == lines.end());
  CHECK(lines.size() == kJournals * kLines);
  for (const auto& journal : journals) CHECK(journal->waiting().conflicts == 0);
}

TEST_CASE("bytes that were not appended to the version that is there are not merged") {
  Setting s;
  s.fake.put_raw("k", "base\n");
  JournalStore& store = s.open();
  REQUIRE(err(append(store, "k", "one\n")) == 0);
  SECTION("written anew before") {
    REQUIRE(err(put_text(store, "k", "replaced\n")) == 0);
    REQUIRE(err(append(store, "k", "two\n")) == 0);
  }
  SECTION("written anew behind") {
    REQUIRE(err(put_text(store, "k", "replaced\n")) == 0);
  }
  s.fake.put_raw("k", "theirs\n");
  CHECK(err(store.settle("k")) == ESTALE);
  CHECK(s.content("k") == "theirs\n");
  CHECK(s.in("/conflicts").size() == 2);
}

TEST_CASE("attributes that change between appended bytes and their storing are those of all") {
  Setting s;
  s.fake.put_raw("k", "base\n");
  JournalStore& store = s.open();
  REQUIRE(err(append(store, "k", "one\n")) == 0);
  REQUIRE(err(store.copy({"k", "k", {}, mode("7")})) == 0);
  s.fake.put_raw("k", "base\ntheirs\n");
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("k") == "base\ntheirs\none\n");
  CHECK(s.fake.object("k")->meta("mode") == "7");
}

TEST_CASE("what is stored of appended bytes is decided by doubtful attempts only") {
  Want want;
  want.kind = Want::Kind::body;
  want.size = 9;
  want.appended_from = 3;
  const std::string ours = "abcdefghi";
  struct Row {
    const char* what;
    std::vector<Mark> before;
    bool unsure;
    std::string there;
    std::uint64_t stored;
  };
  const Row rows[] = {
      {"no attempt may have arrived", {}, false, "abcdefghi", 3},
      {"the last attempt, and more behind it", {}, true, "abcdefghixyz", 9},
      {"the last attempt is not there", {}, true, "abcdefghX", 3},
      {"it is longer than what is there", {}, true, "abcdefgh", 3},
      {"an earlier attempt", {{6, {}, 1}}, false, "abcdefX", 6},
      {"the longest of two", {{6, {}, 1}, {8, {}, 2}}, true, "abcdefghX", 8},
      {"versions from before the appending", {{2, {}, 1}, {3, {}, 2}}, false, "abcX", 3},
      {"a removal", {Mark::gone()}, false, "abcdefghi", 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    MemorySource body(ours);
    MemorySource there(row.there);
    const auto stored =
        stored_up_to(want, body, there, doubtful_sizes(want, row.before, row.unsure));
    REQUIRE(stored);
    CHECK(*stored == row.stored);
    journal::Joined joined(there, body, *stored);
    std::string all(joined.size(), '\0');
    for (std::size_t at = 0; at < all.size();) {
      const auto got = joined.read(at, std::span(all).subspan(at));
      REQUIRE(got);
      REQUIRE(*got > 0);
      at += *got;
    }
    CHECK(all == row.there + ours.substr(row.stored));
  }
}
