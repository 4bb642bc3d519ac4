// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_cache.h"

#include <cstring>
#include <thread>

#include "support/catch.h"
#include "support/fake_clock.h"

using namespace pailfs;
using namespace pailfs::cache;

namespace {

using Purpose = BlockCache::Purpose;
using Reader = BlockCache::Reader;

/// Reserves, fills and settles `count` blocks from `first` on; how many there was memory for.
std::uint64_t fetch(const BlockCache::ObjectPtr& object, std::uint64_t first, std::uint64_t count,
                    Purpose purpose) {
  const auto arrival = std::make_shared<Arrival>();
  const auto blocks = object->reserve(first, count, purpose, arrival);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::memset(blocks[i]->bytes(), static_cast<int>(first + i), kBlockSize);
    arrival->reached((i + 1) * kBlockSize);
  }
  object->settle(first, blocks.size(), blocks.size());
  arrival->finish({});
  return blocks.size();
}

}  // namespace

TEST_CASE("blocks are found under the identity they were fetched for and no other") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 64 * kBlockSize, clock);
  const auto a = cache.open("a");
  const auto b = cache.open("b");
  REQUIRE(fetch(a, 3, 2, Purpose::demand) == 2);
  CHECK(cache.open("a")->find(4, Reader::random)->bytes()[7] == 4);
  CHECK_FALSE(b->has(3));
  CHECK_FALSE(a->has(5));
}

TEST_CASE("nothing is fetched ahead at the cost of what is to be read") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 8 * kBlockSize, clock);
  const auto object = cache.open("a");
  CHECK(fetch(object, 0, 10, Purpose::ahead) == 8);
  CHECK(fetch(object, 20, 1, Purpose::ahead) == 0);
  // Who waits gets memory, from what is oldest.
  CHECK(fetch(object, 30, 1, Purpose::demand) == 1);
  CHECK_FALSE(object->has(0));
  // What was read makes room for what will be.
  CHECK(object->find(1, Reader::sequential));
  CHECK(fetch(object, 20, 1, Purpose::ahead) == 1);
  CHECK_FALSE(object->has(1));
}

TEST_CASE("what nobody came for in time makes room") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 4 * kBlockSize, clock);
  const auto object = cache.open("a");
  CHECK(fetch(object, 0, 4, Purpose::ahead) == 4);
  CHECK(fetch(object, 10, 1, Purpose::ahead) == 0);
  clock.advance(std::chrono::seconds(6));
  CHECK(fetch(object, 10, 1, Purpose::ahead) == 1);
}

TEST_CASE("blocks on their way are not evicted, and those that never came are forgotten") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 2 * kBlockSize, clock);
  const auto object = cache.open("a");
  const auto arrival = std::make_shared<Arrival>();
  REQUIRE(object->reserve(0, 2, Purpose::demand, arrival).size() == 2);
  CHECK(fetch(object, 5, 1, Purpose::ahead) == 0);
  CHECK(fetch(object, 5, 1, Purpose::demand) == 1);  // beyond the limit rather than not at all
  const BlockPtr waiting = object->find(1, Reader::random);
  object->settle(0, 2, 1);
  arrival->finish(Error{EIO, "lost"});
  CHECK_FALSE(object->has(1));
  CHECK_FALSE(waiting->wait(1));
}

TEST_CASE("a waiter is woken by the bytes it waits for") {
  Arrival arrival;
  Status status = Error{EIO, "not yet"};
  std::thread waiter([&] { status = arrival.wait(1000); });
  for (std::uint64_t bytes = 0; bytes <= 1000; ++bytes) arrival.reached(bytes);
  waiter.join();
  CHECK(status);
  arrival.finish({});
  CHECK(arrival.wait(1000));
  CHECK_FALSE(arrival.wait(1001));
}

TEST_CASE("of small files read one after the other those fetched ahead stay longest") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 64 * kBlockSize, clock);
  for (int i = 0; i < 8; ++i) {
    REQUIRE(fetch(cache.open("ahead" + std::to_string(i)), 0, 1, Purpose::ahead) == 1);
  }
  for (int i = 0; i < 8; ++i) {
    const auto file = cache.open("read" + std::to_string(i));
    REQUIRE(fetch(file, 0, 1, Purpose::demand) == 1);
    REQUIRE(file->find(0, Reader::random));
  }
  CHECK(cache.size() == 8 * kBlockSize);
  CHECK(cache.open("ahead0")->has(0));
  CHECK_FALSE(cache.open("read0")->has(0));
  clock.advance(std::chrono::seconds(6));  // no reader has come for them
  {
    const auto file = cache.open("late");
    REQUIRE(fetch(file, 0, 1, Purpose::demand) == 1);
    REQUIRE(file->find(0, Reader::random));
  }
  CHECK(cache.open("late")->has(0));
  CHECK_FALSE(cache.open("ahead0")->has(0));
}

TEST_CASE("memory that nobody holds is the same again, or goes back to the system") {
  BlockMemory memory;
  WriteMemory share(memory, 1000 * kBlockSize);
  std::vector<char*> blocks;
  for (int i = 0; i < 200; ++i) {
    blocks.push_back(share.take());
    REQUIRE(blocks.back() != nullptr);
    std::memset(blocks.back(), 'x', kBlockSize);
  }
  CHECK(memory.in_use() == 200 * kBlockSize);
  for (char* const block : blocks) share.give(block);
  CHECK(memory.in_use() == 0);
  // The first to come back were the first to go: zeros where the system took them.
  CHECK(blocks.front()[0] == '\0');
  CHECK(blocks.back()[0] == 'x');
  CHECK(share.take() == blocks.back());
  share.give(blocks.back());
}

TEST_CASE("a held block outlives its eviction") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, kBlockSize, clock);
  auto object = cache.open("a");
  REQUIRE(fetch(object, 1, 1, Purpose::demand) == 1);
  const BlockPtr held = object->find(1, Reader::random);
  REQUIRE(fetch(object, 2, 1, Purpose::demand) == 1);
  CHECK_FALSE(object->has(1));
  CHECK(held->bytes()[0] == 1);
}

TEST_CASE("a version that is forgotten is fetched anew, whatever is still on its way") {
  test::FakeClock clock;
  BlockMemory memory;
  BlockCache cache(memory, 8 * kBlockSize, clock);
  auto object = cache.open("a");
  const auto other = cache.open("b");
  REQUIRE(fetch(object, 0, 2, Purpose::demand) == 2);
  REQUIRE(fetch(other, 0, 1, Purpose::demand) == 1);
  const auto arrival = std::make_shared<Arrival>();
  REQUIRE(object->reserve(5, 1, Purpose::demand, arrival).size() == 1);
  cache.forget("a");
  cache.forget("unknown");
  CHECK(object->is_forgotten());
  CHECK_FALSE(object->has(0));
  CHECK_FALSE(object->has(1));
  CHECK_FALSE(other->is_forgotten());
  CHECK(other->has(0));
  const auto again = cache.open("a");
  CHECK_FALSE(again->is_forgotten());
  CHECK_FALSE(again->has(5));
  REQUIRE(fetch(again, 5, 1, Purpose::demand) == 1);
  object->settle(5, 1, 1);  // what was on its way has come
  object = nullptr;
  CHECK(again->has(5));
  CHECK(cache.size() == 2 * kBlockSize);
}
