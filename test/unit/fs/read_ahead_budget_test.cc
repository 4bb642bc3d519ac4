// SPDX-License-Identifier: Apache-2.0
#include "fs/read/read_ahead_budget.h"

#include <memory>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace pailfs::fs {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

TEST_CASE("three quarters of the memory are the streams', in equal shares") {
  ReadAheadBudget budget(64 * kMiB);
  CHECK(budget.room_for_stream() == 48 * kMiB);  // of the first, before it is told
  ReadAheadBudget::Reader first(budget);
  CHECK(first.room_for_stream() == 48 * kMiB);
  first.set_streams(1);
  CHECK(first.room_for_stream() == 48 * kMiB);
  {
    ReadAheadBudget::Reader second(budget);
    second.set_streams(3);
    CHECK(first.room_for_stream() == 12 * kMiB);
    second.set_streams(1);
    CHECK(first.room_for_stream() == 24 * kMiB);
    first.set_streams(2);
    CHECK(second.room_for_stream() == 16 * kMiB);
  }
  CHECK(first.room_for_stream() == 24 * kMiB);  // the second one has been closed
  first.set_streams(0);
  CHECK(first.room_for_stream() == 48 * kMiB);
}

TEST_CASE("small files that no program has opened get a sixteenth of the memory") {
  CHECK(ReadAheadBudget(0).small_files() == 0);
  CHECK(ReadAheadBudget(kMiB - 1).small_files() == 0);
  CHECK(ReadAheadBudget(kMiB).small_files() == 1);
  CHECK(ReadAheadBudget(64 * kMiB).small_files() == 64);
  CHECK(ReadAheadBudget(0).room_for_stream() == 0);
}

TEST_CASE("streams that begin and end on several threads are all counted") {
  ReadAheadBudget budget(64 * kMiB);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&budget] {
      for (std::size_t round = 0; round < 1'000; ++round) {
        ReadAheadBudget::Reader reader(budget);
        reader.set_streams(round % 3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ReadAheadBudget::Reader last(budget);
  last.set_streams(4);
  CHECK(budget.room_for_stream() == 12 * kMiB);
}

}  // namespace
}  // namespace pailfs::fs
