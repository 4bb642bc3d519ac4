// SPDX-License-Identifier: Apache-2.0
// FileContent as a state machine: events in every order that a program and a store can bring about,
// its rules checked after each.
#include "fs/write/file_content.h"

#include <functional>
#include <random>

#include "pailfs/util/worker_pool.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
const store::ETag kFirst{"\"1\""};
const store::ETag kSecond{"\"2\""};
constexpr std::uint64_t kMiB = 1U << 20U;

store::ObjectAttributes typed(const std::string& type) {
  store::ObjectAttributes attributes;
  attributes.content_type = type;
  return attributes;
}

Node stored_node(std::uint64_t size) {
  Node node;
  node.form = Form::file;
  node.stat.mode = S_IFREG | 0644;
  node.stat.size = size;
  node.info.size = size;
  node.info.etag = kFirst;
  node.info.attributes = typed("text/plain");
  return node;
}

ContentPtr new_file() {
  Stat stat;
  stat.mode = S_IFREG | 0644;
  return FileContent::of_new_file(stat, typed("text/plain"), typed("text/plain"), Making::emptied);
}

struct Fixture {
  cache::LocalSpace space{"/tmp", {}, nullptr};
  ContentPtr content;

  explicit Fixture(ContentPtr from) : content(std::move(from)) { check("the beginning"); }
  FileContent& operator*() const { return *content; }
  FileContent* operator->() const { return content.get(); }
  void check(const std::string& after) const {
    const char* const broken = content->broken_rule();
    INFO("after " << after << ": " << (broken == nullptr ? "" : broken));
    REQUIRE(broken == nullptr);
  }
  void write(std::uint64_t at, std::uint64_t size) {
    REQUIRE(content->write(at, std::string(size, 'x'), space, kNow));
    check("write");
  }
  void truncate(std::uint64_t size) {
    REQUIRE(content->truncate(size));
    check("truncate");
  }
};

}  // namespace

TEST_CASE("a new file is unstored until the store has it") {
  Fixture f(new_file());
  CHECK(f->must_be_stored());
  CHECK_FALSE(f->is_stored());
  f.write(0, 10);
  CHECK(f->stat().size == 10);
  CHECK(f->stat().mtime == kNow);
  f->became_stored(kFirst, typed("text/html"));
  f.check("became_stored");
  CHECK(f->is_stored());
  CHECK_FALSE(f->is_dirty());
  CHECK(f->base() == kFirst);
  CHECK(f->base_size() == 10);
  CHECK(f->attributes() == typed("text/html"));
  CHECK(f->taken() == typed("text/html"));
  CHECK(f->is_copy_of_base());
}

TEST_CASE("bytes of a large file are not kept here once they are stored") {
  Fixture f(new_file());
  f.write(0, 2 * kMiB);
  f->became_stored(kFirst, {});
  f.check("became_stored");
  CHECK_FALSE(f->local());
  CHECK(f->only_in_base({0, UINT64_MAX}) == std::vector<Range>{{0, 2 * kMiB}});
}

TEST_CASE("only what was not written over shows of the base version") {
  Fixture f(FileContent::of_stored(stored_node(100)));
  CHECK_FALSE(f->is_dirty());
  CHECK(f->only_in_base({0, 1000}) == std::vector<Range>{{0, 100}});
  f.write(20, 10);
  CHECK(f->only_in_base({0, 1000}) == std::vector<Range>{{0, 20}, {30, 100}});
  f.truncate(50);
  CHECK(f->only_in_base({0, 1000}) == std::vector<Range>{{0, 20}, {30, 50}});
  f.truncate(200);
  CHECK(f->base_visible() == 50);
  CHECK(f->only_in_base({60, 1000}).empty());
}

TEST_CASE("an emptied file is to be stored even if it was empty") {
  Fixture f(FileContent::of_stored(stored_node(0)));
  REQUIRE(f->empty(kNow));
  f.check("empty");
  CHECK(f->has_unstored_bytes());
  CHECK(f->stat().mtime == kNow);
}

TEST_CASE("the same size changes nothing") {
  Fixture f(FileContent::of_stored(stored_node(7)));
  f.truncate(7);
  CHECK_FALSE(f->is_dirty());
}

TEST_CASE("attributes change without the size") {
  Fixture f(FileContent::of_stored(stored_node(7)));
  Stat stat = f->stat();
  stat.mode = S_IFREG | 0600;
  stat.size = 99;
  f->confirm_attributes(stat);
  f.check("confirm_attributes");
  CHECK_FALSE(f->is_dirty());
  f->change_attributes(stat, typed("text/css"), true);
  f.check("change_attributes");
  CHECK(f->has_unstored_attributes());
  CHECK_FALSE(f->has_unstored_bytes());
  CHECK(f->stat().size == 7);
  CHECK(f->attributes() == typed("text/css"));
  CHECK(f->taken() == typed("text/plain"));
}

TEST_CASE("what could not be stored is taken back") {
  Fixture f(FileContent::of_stored(stored_node(100)));
  const FileContent::Before before = f->before_change();
  f.truncate(10);
  f->touch(kNow);
  f->failed({EACCES, "no"});
  f.check("failed");
  f->take_back(before);
  f.check("take_back");
  CHECK_FALSE(f->is_dirty());
  CHECK(f->failures() == 0);
  CHECK(f->stat().size == 100);
  CHECK(f->only_in_base({0, 1000}) == std::vector<Range>{{0, 100}});
}

TEST_CASE("a change of attributes that comes later leaves what was written") {
  Fixture f(new_file());
  f.write(0, 5);
  const FileContent::Before before = f->before_change();
  Stat stat = f->stat();
  stat.mode = S_IFREG;
  f->change_attributes(stat, typed("x"), false);
  f->take_back_attributes(before);
  f.check("take_back_attributes");
  CHECK(f->stat().size == 5);
  CHECK(f->stat().mode == (S_IFREG | 0644));
  CHECK(f->attributes() == typed("text/plain"));
  CHECK(f->must_be_stored());
}

TEST_CASE("an orphan keeps its bytes and is not stored any more") {
  Fixture f(FileContent::of_stored(stored_node(3)));
  f.write(0, 3);
  f->orphan(kNow);
  f.check("orphan");
  CHECK(f->is_orphaned());
  CHECK_FALSE(f->is_stored());
  CHECK(f->is_dirty());
  CHECK_FALSE(f->must_be_stored());
  CHECK_FALSE(f->give_up_local());
  CHECK(f->only_in_base({0, 10}).empty());
}

TEST_CASE("an orphan whose bytes were not kept still tells its version") {
  Fixture f(FileContent::of_stored(stored_node(3)));
  f->orphan(kNow);
  f.check("orphan");
  CHECK(f->is_stored());
  CHECK(f->only_in_base({0, 10}) == std::vector<Range>{{0, 3}});
}

TEST_CASE("a doubtful attempt hides an object until it is settled") {
  for (const bool made : {false, true}) {
    Fixture f(new_file());
    f.write(0, 10);
    f->note_doubt(typed("text/html"));
    f.check("note_doubt");
    CHECK(f->hides_object());
    f.truncate(4);
    CHECK(f->doubt()->visible == 4);
    Node second = stored_node(10);
    second.info.etag = kSecond;
    f->settle_doubt(made ? &second : nullptr);
    f.check("settle_doubt");
    CHECK_FALSE(f->doubt());
    CHECK(f->is_stored() == made);
    CHECK(f->hides_object() == !made);
    CHECK(f->base_visible() == (made ? 4 : 0));
    CHECK(f->base_size() == (made ? 10 : 0));
    CHECK(f->must_be_stored());
  }
}

TEST_CASE("a change that was taken back and made after all is part of the file") {
  const auto cut = [](Fixture& f) {
    const auto before = f->before_change();
    f.truncate(4);
    f->note_doubt({});
    f->take_back(before);
    f.check("take_back");
    REQUIRE(f->stat().size == 10);
  };
  Node made = stored_node(4);
  made.info.etag = kSecond;
  SECTION("at once") {
    Fixture f(FileContent::of_stored(stored_node(10)));
    cut(f);
    f->settle_doubt(&made);
    f.check("settle_doubt");
    CHECK_FALSE(f->is_dirty());
    CHECK(f->base() == kSecond);
    CHECK(f->stat().size == 4);
  }
  SECTION("beneath what was written since") {
    Fixture f(FileContent::of_stored(stored_node(10)));
    cut(f);
    f.write(2, 4);
    CHECK(f->stat().size == 10);
    f->settle_doubt(&made);
    f.check("settle_doubt");
    CHECK(f->stat().size == 6);
    CHECK(f->base_visible() == 4);
  }
  SECTION("and the file was cut elsewhere since") {
    Fixture f(FileContent::of_stored(stored_node(10)));
    cut(f);
    f.truncate(8);
    f->settle_doubt(&made);
    f.check("settle_doubt");
    CHECK(f->stat().size == 8);
    CHECK(f->base_visible() == 4);
  }
  SECTION("or was not made") {
    Fixture f(FileContent::of_stored(stored_node(10)));
    cut(f);
    f.write(2, 4);
    f->settle_doubt(nullptr);
    f.check("settle_doubt");
    CHECK(f->stat().size == 10);
    CHECK(f->base_visible() == 10);
  }
}

TEST_CASE("a file has its version under another name") {
  Fixture f(FileContent::of_stored(stored_node(3)));
  f->renamed(kSecond, kNow, typed("text/css"));
  f.check("renamed");
  CHECK(f->base() == kSecond);
  CHECK(f->node().info.attributes == typed("text/css"));
  CHECK_FALSE(f->is_dirty());
}

TEST_CASE("an unstored file takes no doubt along to another name") {
  Fixture f(new_file());
  f.write(0, 1);
  f->note_doubt({});
  f->renamed_unstored(kNow, "text/css", nullptr, false);
  f.check("renamed_unstored");
  CHECK_FALSE(f->doubt());
  CHECK_FALSE(f->hides_object());
  CHECK(f->attributes().content_type == "text/css");
  f->renamed_unstored(kNow, "text/css", &kFirst, false);
  CHECK(f->hides_object());
  f->became_stored(kFirst, {});
  f.check("became_stored");
}

TEST_CASE("the inode is pinned once for what is unstored") {
  Fixture f(new_file());
  f->add_user(true);
  f->add_user(false);
  CHECK(f->has_writers());
  f->remove_user(true);
  CHECK(f->has_users());
  CHECK_FALSE(f->has_writers());
  f->remove_user(false);
  f.check("remove_user");
  CHECK_FALSE(f->has_users());
  CHECK(f->keep_unstored());
  CHECK_FALSE(f->keep_unstored());
  CHECK(f->is_kept_unstored());
}

TEST_CASE("failures are counted") {
  Fixture f(new_file());
  f->failed({EIO, "first"});
  f->failed({EACCES, "second"});
  CHECK(f->failures() == 2);
  CHECK(f->last_failure().err == EACCES);
}

namespace {

/// A content of 30 MiB whose upload has begun.
struct Streaming : Fixture {
  test::FakeClock clock;
  test::FakeStore store{clock};
  Uploads uploads;
  AbandonedUploads abandoned{store};
  WorkerPool pool{2};

  Streaming() : Fixture(new_file()) {
    write(0, 30 * kMiB);
    PartStream::Target target;
    target.path = target.key = "f";
    target.attributes = typed("early");
    target.stat = content->stat();
    content->begin_stream(
        std::make_shared<PartStream>(PartStream::Means{store, pool, 2, uploads, abandoned},
                                     std::move(target), content->local(), 5 * kMiB));
    check("begin_stream");
  }
  ~Streaming() { content->drop_stream(); }
};

}  // namespace

TEST_CASE("an upload begun early leaves the attributes to be stored") {
  Streaming f;
  const auto stream = f->take_stream();
  CHECK_FALSE(f->stream());
  const auto etag = stream->finish(f->stat().size, {});
  REQUIRE(etag);
  f->bytes_became_stored(*etag, stream->target());
  f.check("bytes_became_stored");
  CHECK(f->is_stored());
  CHECK_FALSE(f->has_unstored_bytes());
  CHECK(f->has_unstored_attributes());
  CHECK(f->taken() == typed("early"));
}

TEST_CASE("a stream ends with the file's bytes or its name") {
  const std::vector<std::pair<std::string, std::function<void(Streaming&)>>> rows = {
      {"truncate", [](Streaming& f) { f.truncate(0); }},
      {"orphan", [](Streaming& f) { f->orphan(kNow); }},
      {"drop_stream", [](Streaming& f) { f->drop_stream(); }}};
  for (const auto& [name, event] : rows) {
    INFO(name);
    Streaming f;
    event(f);
    f.check(name);
    CHECK_FALSE(f->stream());
  }
}

TEST_CASE("the rules hold after any order of events") {
  std::mt19937 random(7);
  const auto roll = [&](unsigned n) { return random() % n; };
  for (int round = 0; round < 300; ++round) {
    Fixture f(roll(2) == 0 ? new_file() : FileContent::of_stored(stored_node(roll(5000))));
    const std::vector<std::pair<std::string, std::function<void()>>> events = {
        {"write", [&] { f.write(roll(6000), 1 + roll(3000)); }},
        {"truncate", [&] { f.truncate(roll(8000)); }},
        {"empty", [&] { REQUIRE(f->empty(kNow)); }},
        {"touch", [&] { f->touch(kNow); }},
        {"change_mode", [&] { f->change_mode(S_IFREG | 0600); }},
        {"became_stored",
         [&] {
           if (!f->is_orphaned()) f->became_stored(kSecond, typed("text/plain"));
         }},
        {"note_doubt",
         [&] {
           if (f->must_be_stored()) f->note_doubt({});
         }},
        {"settle_doubt",
         [&] {
           if (!f->doubt() || f->is_orphaned()) return;
           const Node made = stored_node(f->doubt()->size);
           f->settle_doubt(roll(2) == 0 ? &made : nullptr);
         }},
        {"give_up_local", [&] { f->give_up_local(); }},
        {"failed",
         [&] {
           f->failed({EIO, "failed"});
         }},
        {"orphan", [&] {
           if (roll(8) == 0) f->orphan(kNow);
         }}};
    std::string story;
    for (int step = 0; step < 30; ++step) {
      const auto& [name, event] = events[roll(static_cast<unsigned>(events.size()))];
      event();
      story += " " + name;
      f.check(story);
    }
  }
}
