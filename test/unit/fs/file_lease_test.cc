// SPDX-License-Identifier: Apache-2.0
#include "fs/lock/file_lease.h"

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/util/log.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace pailfs::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const store::Key kKey = ".pailfs-locks/f";

/// A service of which is known that it obeys the condition of a DELETE.
class ObedientStore final : public store::ForwardingStore {
 public:
  explicit ObedientStore(store::ObjectStore& store) : ForwardingStore(store) {}
  [[nodiscard]] store::Obedience obedience() const override {
    store::Obedience obeys;
    obeys.put = obeys.put_absent = obeys.remove = store::Obeys::yes;
    return obeys;
  }
};

/// One mount of several: a machine with clocks of its own, and its way to the store.
struct Mount {
  Mount(store::ObjectStore& bucket, const std::string& name, FakeClock& its_clock)
      : clock(its_clock),
        faults(bucket),
        store(faults),
        random(name.size() + static_cast<unsigned char>(name[0])),
        holder{
            .store = store, .clock = clock, .random = random, .mount = name, .time = seconds(30)},
        lease(holder, kKey, "f") {
    lease.attach();
  }
  int lock(LockType type = LockType::exclusive, LockRange range = {}, std::uint64_t owner = 1,
           LockKind kind = LockKind::record) {
    return error(lease.take({kind, type, range, owner, owner, 7}, {}, {}));
  }
  int unlock(LockRange range = {}, std::uint64_t owner = 1) {
    return error(lease.give_back([&](LockTable& table) {
      table.clear({LockKind::record, LockType::shared, range, owner, owner, 0});
    }));
  }
  static int error(const Status& status) { return status ? 0 : status.error().err; }
  void cut_off() {
    Fault fault;
    fault.error = {ETIMEDOUT, "cut off"};
    faults.add(fault);
  }
  void renew() {
    if (lease.begin_renewal()) lease.renew();
  }

  FakeClock& clock;
  FaultStore faults;
  ObedientStore store;
  FakeRandom random;
  Leaseholder holder;
  FileLease lease;
};

struct World {
  FakeClock clock;
  FakeStore bucket{clock};
  Mount a{bucket, "a", clock};
  Mount b{bucket, "bb", clock};

  [[nodiscard]] std::string entries() const {
    const auto object = bucket.object(kKey);
    if (!object) return "none";
    const auto document = LeaseDocument::parse(object->content());
    std::string text;
    for (const LeaseEntry& entry : document->entries) text += entry.mount + " ";
    return text;
  }
};

}  // namespace

TEST_CASE("a lock excludes those of another mount until it is given back") {
  World world;
  CHECK(world.a.lock() == 0);
  CHECK(world.entries() == "a ");
  CHECK(world.b.lock() == EAGAIN);
  CHECK(world.b.lock(LockType::shared) == EAGAIN);
  CHECK(world.b.lock(LockType::exclusive, {}, 1, LockKind::whole) == 0);
  CHECK(world.a.unlock() == 0);
  CHECK(world.entries() == "bb ");
  CHECK(world.b.lock() == 0);
  CHECK(world.a.lock() == EAGAIN);
  const auto found =
      world.a.lease.find_conflict({LockKind::record, LockType::shared, {5, 9}, 1, 1, 7});
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->pid == 0);
  CHECK((*found)->type == LockType::exclusive);
  world.b.lease.detach();
  world.clock.advance(seconds(3));
  world.b.renew();
  CHECK(world.entries() == "none");
}

TEST_CASE("a lock costs one request when it is free and one to give back") {
  World world;
  CHECK(world.a.lock() == 0);
  CHECK(world.bucket.count().total() == 1);
  CHECK(world.a.lock(LockType::exclusive, {5, 9}, 1) == 0);  // has it already
  CHECK(world.bucket.count().total() == 1);
  CHECK(world.a.unlock() == 0);
  CHECK(world.bucket.count().total() == 2);
}

TEST_CASE("ranges and shared locks of two mounts stand side by side") {
  World world;
  CHECK(world.a.lock(LockType::exclusive, {0, 9}) == 0);
  CHECK(world.b.lock(LockType::exclusive, {10, 19}) == 0);
  CHECK(world.a.lock(LockType::shared, {20, 29}) == 0);
  CHECK(world.b.lock(LockType::shared, {20, 29}) == 0);
  CHECK(world.a.lock(LockType::exclusive, {25, 25}) == EAGAIN);
  CHECK(world.a.lock(LockType::shared, {19, 19}) == EAGAIN);
  CHECK(world.b.unlock({20, 29}) == 0);
  CHECK(world.a.lock(LockType::exclusive, {25, 25}) == 0);
  CHECK(world.b.lock(LockType::shared, {29, 29}) == 0);
}

TEST_CASE("a flock that cannot be converted is gone and a record lock stays") {
  World world;
  CHECK(world.a.lock(LockType::shared) == 0);
  CHECK(world.b.lock(LockType::shared) == 0);
  CHECK(world.a.lock(LockType::exclusive) == EAGAIN);
  CHECK(world.entries() == "a bb ");
  CHECK(world.a.lock(LockType::shared, {}, 5, LockKind::whole) == 0);
  CHECK(world.b.lock(LockType::shared, {}, 5, LockKind::whole) == 0);
  CHECK(world.a.lock(LockType::exclusive, {}, 5, LockKind::whole) == EAGAIN);
  CHECK(world.b.lock(LockType::exclusive, {}, 5, LockKind::whole) == 0);
}

TEST_CASE("a renewed lease lasts and one that is not renewed is taken over") {
  World world;
  CHECK(world.a.lock() == 0);
  for (int i = 0; i < 20; ++i) {
    world.clock.advance(seconds(10));
    world.a.renew();
    CHECK(world.b.lock() == EAGAIN);
    CHECK(world.a.lease.check());
  }
  // From here on mount a is as dead: it would have to know after 27 seconds.
  world.clock.advance(milliseconds(26'999));
  CHECK(world.a.lease.check());
  world.clock.advance(milliseconds(1));
  CHECK_FALSE(world.a.lease.check());
  CHECK(world.b.lock() == EAGAIN);
  world.clock.advance(milliseconds(5'999));
  CHECK(world.b.lock() == EAGAIN);
  world.clock.advance(milliseconds(1));
  CHECK(world.b.lock() == 0);
  CHECK(world.entries() == "bb ");
  CHECK(world.a.lock() == EIO);
  CHECK(world.a.unlock() == EIO);
  // Closed and opened again it goes on.
  world.a.lease.detach();
  world.a.lease.attach();
  CHECK(world.a.lock() == EAGAIN);
  CHECK(world.b.unlock() == 0);
  CHECK(world.a.lock() == 0);
}

TEST_CASE("a holder that is cut off knows it before another mount takes over") {
  // The wall clocks are hours apart and jump; each machine has started at another time.
  FakeClock of_store;
  FakeStore bucket(of_store);
  FakeClock here(WallTime(hours(9)));
  FakeClock there(WallTime(hours(900'000)));
  here.advance(hours(50));
  for (int start = 0; start < 40; ++start) {
    Mount a(bucket, "a" + std::to_string(start), here);
    Mount b(bucket, "b" + std::to_string(start), there);
    REQUIRE(a.lock() == 0);
    const auto pass = [&](milliseconds time) {
      of_store.advance(time);
      here.advance(time);
      there.advance(time);
    };
    pass(milliseconds(start * 700));
    if (a.lease.begin_renewal()) a.lease.renew();
    a.cut_off();
    here.set_wall(WallTime(hours(start)));
    for (int step = 0; step < 1000; ++step) {
      const bool knows = !a.lease.check();
      if (b.lock() == 0) {
        REQUIRE(knows);
        break;
      }
      REQUIRE(step < 700);
      pass(milliseconds(100));
      a.renew();
    }
    b.lease.detach();
    of_store.advance(hours(1));
    bucket.remove_raw(kKey);
  }
}

TEST_CASE("a renewal that was late but before any other mount took over keeps the lease") {
  World world;
  CHECK(world.a.lock() == 0);
  world.clock.advance(seconds(29));
  world.a.renew();  // no operation has been told that it is lost
  CHECK(world.a.lease.check());
  CHECK(world.b.lock() == EAGAIN);
}

TEST_CASE("a holder whose entry was removed has lost its locks at once") {
  World world;
  CHECK(world.a.lock() == 0);
  CHECK(world.bucket.remove_raw(kKey));
  world.clock.advance(seconds(11));
  world.a.renew();
  CHECK_FALSE(world.a.lease.check());
  CHECK(world.entries() == "none");
}

TEST_CASE("lost replies neither give two mounts a lock nor leave one for ever") {
  for (const Verb verb : {Verb::put, Verb::remove, Verb::get}) {
    for (int nth = 1; nth <= 3; ++nth) {
      for (const auto action : {Fault::Action::fail, Fault::Action::apply_then_fail}) {
        INFO(static_cast<int>(verb) << " " << nth << " " << static_cast<int>(action));
        World world;
        Fault fault;
        fault.verb = verb;
        fault.nth = nth;
        fault.times = 1;
        fault.action = action;
        fault.error = {ETIMEDOUT, "lost"};
        world.a.faults.add(fault);
        for (int round = 0; round < 6; ++round) {
          const int got = world.a.lock();
          const int other = world.b.lock();
          REQUIRE((got == 0 || other == 0 || world.entries() == "a "));
          REQUIRE_FALSE((got == 0 && other == 0));
          if (got == 0) CHECK(world.a.unlock() == 0);
          if (other == 0) CHECK(world.b.unlock() == 0);
          world.clock.advance(seconds(5));
          world.a.renew();
          world.b.renew();
          CHECK(world.entries() == "none");
        }
      }
    }
  }
}

TEST_CASE("of two mounts that take a lock at the same moment one gets it") {
  for (const bool other_is_first : {false, true}) {
    World world;
    int other = -1;
    Fault fault;
    fault.verb = Verb::put;
    fault.times = 1;
    fault.action = Fault::Action::none;
    const auto meanwhile = [&](const StoreCall&) {
      std::thread([&] { other = world.b.lock(); }).join();  // of another machine
    };
    if (other_is_first) fault.before = meanwhile;
    if (!other_is_first) fault.after = meanwhile;
    world.a.faults.add(fault);
    const int got = world.a.lock();
    CHECK(got == (other_is_first ? EAGAIN : 0));
    CHECK(other == (other_is_first ? 0 : EAGAIN));
  }
}

TEST_CASE("a content that cannot be brought up to date or a caller that is gone takes no lock") {
  World world;
  const Lock lock{LockKind::record, LockType::exclusive, {}, 1, 1, 7};
  int held = -1;
  CHECK(Mount::error(world.a.lease.take(lock,
                                        [&] {
                                          std::thread([&] { held = world.b.lock(); }).join();
                                          return Status(Error{ESTALE, "gone"});
                                        },
                                        {})) == ESTALE);
  CHECK(held == EAGAIN);
  CHECK(world.entries() == "none");
  CHECK(world.a.lock(LockType::shared) == 0);
  CHECK(Mount::error(world.a.lease.take(lock, {}, [] { return false; })) == EINTR);
  CHECK(world.b.lock(LockType::shared) == 0);
  REQUIRE(world.a.lease.locks().size() == 1);
  CHECK(world.a.lease.locks()[0].type == LockType::shared);
}

TEST_CASE("a strange lease object is an error and no free lock") {
  World world;
  world.bucket.put_raw(kKey, "<html>");
  CHECK(world.a.lock() == EIO);
  CHECK(world.a.lock() == EIO);
  CHECK(world.bucket.object(kKey)->content() == "<html>");
}

TEST_CASE("locks whose object is removed at once are not said to be another mount's") {
  std::string said;
  log::set_sink([&](LogLevel, std::string_view text) { said += std::string(text) + "\n"; });
  FakeClock clock;
  FakeStore bucket(clock);
  Mount a(bucket, "a", clock);
  REQUIRE(a.lock() == 0);
  const bool taken_over = GENERATE(false, true);
  if (taken_over) {
    clock.advance(seconds(40));
  } else {
    clock.advance(seconds(11));
  }
  REQUIRE(bucket.remove_raw(kKey));
  a.lease.renew();
  CHECK(a.lease.check().error().err == EIO);
  CHECK((said.find("has confirmed") != std::string::npos) == !taken_over);
  log::set_sink([](LogLevel, std::string_view) {});
}
