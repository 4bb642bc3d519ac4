// SPDX-License-Identifier: Apache-2.0
#include "fs/rename/tree_rename.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

struct Fixture {
  Fixture() : store(clock), faults(store), pool(4) {
    config.copy_part_size = 5U << 20U;
    for (int i = 0; i < 20; ++i) {
      store.put_raw("from/" + std::to_string(i), "content " + std::to_string(i));
    }
    store.put_raw("from/", "");
    store.put_raw("from/sub/", "");
    store.put_raw("from/large", std::string(12U << 20U, 'x'));
    store.put_raw("fromage", "not ours");
    marker.content_type = "application/x-directory";
  }
  Result<MovedTree> run(TreeMove::Target target = TreeMove::Target::absent) {
    return TreeRename(config, faults, pool).run({"from/", "to/", marker, target});
  }
  test::FakeClock clock;
  test::FakeStore store;
  test::FaultStore faults;
  Config config;
  WorkerPool pool;
  store::ObjectAttributes marker;
};

}  // namespace

TEST_CASE("a tree moves whole and leaves nothing behind") {
  Fixture f;
  const auto before = f.store.objects();
  const auto moved = f.run();
  REQUIRE(moved);
  CHECK(moved->objects.size() == 22);
  for (const auto& [key, object] : before) {
    if (!key.starts_with("from/")) continue;
    CHECK_FALSE(f.store.object(key));
    const auto there = f.store.object("to/" + key.substr(5));
    REQUIRE(there);
    CHECK(there->content() == object.content());
  }
  CHECK(f.store.object("fromage"));
  CHECK(f.store.uploads_in_progress() == 0);
}

TEST_CASE("a store that cannot copy is helped by way of this machine") {
  Fixture f;
  for (const test::Verb verb : {test::Verb::copy, test::Verb::copy_part}) {
    test::Fault fault;
    fault.verb = verb;
    fault.error = {ENOTSUP, "NotImplemented"};
    f.faults.add(fault);
  }
  const auto before = f.store.objects();
  REQUIRE(f.run());
  for (const auto& [key, object] : before) {
    if (!key.starts_with("from/")) continue;
    CHECK_FALSE(f.store.object(key));
    REQUIRE(f.store.object("to/" + key.substr(5)));
    CHECK(f.store.object("to/" + key.substr(5))->content() == object.content());
  }
  CHECK(f.store.uploads_in_progress() == 0);
}

TEST_CASE("copies are made in parts from the size that is named") {
  Fixture f;
  const auto part_copies = [&](std::uint64_t from, std::uint64_t size) {
    f.config.copy_in_parts_from = from;
    test::Fault count;
    count.verb = test::Verb::copy_part;
    count.action = test::Fault::Action::none;
    const auto rule = f.faults.add(count);
    f.store.put_raw("s", std::string(size, 'x'));
    const store::ETag version = f.store.head("s")->etag;
    CHECK(ObjectCopier(f.config, f.faults, f.pool).copy({"s", "d", version, size, {}}, false));
    const int fired = f.faults.fired(rule);
    f.faults.clear();
    return fired;
  };
  CHECK(part_copies(0, 5U << 20U) == 0);
  CHECK(part_copies(0, (5U << 20U) + 1) > 0);
  CHECK(part_copies(8U << 20U, (8U << 20U) - 1) == 0);
  CHECK(part_copies(8U << 20U, 8U << 20U) > 0);
}

TEST_CASE("when any copy fails, nothing is lost and nothing is left over") {
  Fixture f;
  const auto before = f.store.keys();
  for (const test::Verb verb :
       {test::Verb::copy, test::Verb::copy_part, test::Verb::put, test::Verb::complete_upload}) {
    test::Fault fault;
    fault.verb = verb;
    fault.nth = 1;
    const auto rule = f.faults.add(fault);
    const auto moved = f.run();
    CHECK_FALSE(moved);
    CHECK(f.faults.fired(rule) == 1);
    CHECK(f.store.keys() == before);
    CHECK(f.store.uploads_in_progress() == 0);
    f.faults.clear();
  }
}

TEST_CASE("a copy whose reply was lost is taken back, and nothing that was there before") {
  Fixture f;
  const bool into_copies = GENERATE(false, true);
  if (into_copies) f.store.put_raw("to/7", "content 7");
  f.store.put_raw("to/8", "somebody else's");
  const auto before = f.store.keys();
  for (const char* key : {"to/3", "to/7", "to/large"}) {
    test::Fault fault;
    fault.key = key;
    fault.verb = key == std::string("to/large") ? test::Verb::complete_upload : test::Verb::copy;
    fault.action = test::Fault::Action::apply_then_fail;
    f.faults.add(fault);
  }
  test::Fault refused;
  refused.key = "to/8";
  refused.verb = test::Verb::copy;
  f.faults.add(refused);
  const auto moved = f.run(into_copies ? TreeMove::Target::copies : TreeMove::Target::empty);
  CHECK_FALSE(moved);
  auto after = f.store.keys();
  // Copied in parts it is another version than its source, and perhaps another client's.
  std::erase(after, "to/large");
  CHECK(after == before);
  CHECK(f.store.object("to/8")->content() == "somebody else's");
}

TEST_CASE("bytes in a directory's own object move with it") {
  Fixture f;
  f.store.put_raw("from/", "precious");
  f.config.no_copy_api = GENERATE(false, true);
  REQUIRE(f.run());
  CHECK(f.store.object("to/")->content() == "precious");
  CHECK(f.store.object("to/")->attributes.content_type == "application/x-directory");
  CHECK_FALSE(f.store.object("from/"));
}

TEST_CASE("a listing that fails moves nothing") {
  Fixture f;
  test::Fault fault;
  fault.verb = test::Verb::list;
  f.faults.add(fault);
  CHECK_FALSE(f.run());
  CHECK(f.store.count().copy == 0);
  CHECK_FALSE(f.store.object("to/"));
}

TEST_CASE("a source that cannot be removed is reported, with both names readable") {
  Fixture f;
  test::Fault fault;
  fault.verb = test::Verb::remove_many;
  fault.key = "from/7";
  f.faults.add(fault);
  CHECK_FALSE(f.run());
  CHECK(f.store.object("from/7"));
  CHECK(f.store.object("to/7"));
}
