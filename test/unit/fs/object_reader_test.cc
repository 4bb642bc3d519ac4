// SPDX-License-Identifier: Apache-2.0
#include "fs/read/object_reader.h"

#include <optional>
#include <random>
#include <thread>

#include "fs/read/upload_cache.h"
#include "support/beside.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"
#include "support/scratch_directory.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

struct Fixture {
  explicit Fixture(std::size_t size, std::uint64_t memory = 64 * kMiB)
      : bytes(noise(size)),
        store(clock),
        faults(store),
        cache(blocks, memory, clock),
        budget(memory),
        fetcher(faults, pool, cache, nullptr, clock) {
    version.key = "k";
    version.etag = store.put_raw("k", bytes);
    version.size = size;
  }
  test::FakeClock clock;
  std::string bytes;
  test::FakeStore store;
  test::FaultStore faults;
  cache::BlockMemory blocks;
  cache::BlockCache cache;
  ReadAheadBudget budget;
  BlockFetcher fetcher;
  Version version;

  std::string read(ObjectReader& reader, std::uint64_t offset, std::size_t size) const {
    const auto read = reader.read(version, {offset, offset + size});
    if (!read) return read.error().text;
    std::string out(read->size(), '?');
    read->copy_to(out);
    return out;
  }
  bool right(ObjectReader& reader, std::uint64_t offset, std::size_t size) const {
    return read(reader, offset, size) == bytes.substr(offset, size);
  }
  void read_through(ObjectReader& reader, std::uint64_t step) const {
    for (std::uint64_t at = 0; at < version.size; at += step) {
      REQUIRE(right(reader, at, std::min(step, version.size - at)));
    }
  }

  WorkerPool pool{4};  // ends before what its tasks use
};

/// Another mount of the fixture's bucket, with blocks kept on disk.
struct Mount {
  Mount(Fixture& fixture, const std::string& directory)
      : f(fixture),
        cache(blocks, 64 * kMiB, f.clock),
        kept({directory, "store", 1U << 30U, {0, 0, std::uint64_t{1} << 60U}, 100}),
        fetcher(f.faults, pool, cache, &kept, f.clock) {}
  void read_through() {
    ObjectReader reader(fetcher, f.budget, f.clock);
    f.read_through(reader, 131'072);
  }
  Fixture& f;
  cache::BlockMemory blocks;
  cache::BlockCache cache;
  cache::DiskBlocks kept;
  BlockFetcher fetcher;
  WorkerPool pool{4};
};

}  // namespace

TEST_CASE("a small file is fetched whole by its first read") {
  Fixture f(100'000);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  f.read_through(reader, 10'000);
  CHECK(f.store.count().get == 1);
}

TEST_CASE("a random read fetches at most 128 KiB") {
  Fixture f(50 * kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  for (const std::uint64_t at : {40 * kMiB, 3 * kMiB, 22 * kMiB + 77}) {
    REQUIRE(f.right(reader, at, 4096));
  }
  CHECK(f.store.count().get == 3);
  CHECK(f.store.bytes_out() <= 3 * 128 * 1024);
}

TEST_CASE("a sequential reader gets every byte once, in few requests") {
  Fixture f(40 * kMiB + 13);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  f.read_through(reader, 131'072);
  CHECK(f.store.bytes_out() == f.version.size);
  CHECK(f.store.count().get <= 12);
}

TEST_CASE("interleaved readers through one handle each get every byte once") {
  Fixture f(48 * kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  const std::uint64_t third = f.version.size / 3;
  for (std::uint64_t at = 0; at < third; at += 131'072) {
    for (std::uint64_t begin : {std::uint64_t{0}, third, 2 * third}) {
      REQUIRE(f.right(reader, begin + at, 131'072));
    }
  }
  CHECK(f.store.bytes_out() == f.version.size);
  CHECK(f.store.count().get <= 40);
}

TEST_CASE("handles share what is fetched, and what was read stays for the next one") {
  Fixture f(8 * kMiB);
  ObjectReader first(f.fetcher, f.budget, f.clock);
  ObjectReader second(f.fetcher, f.budget, f.clock);
  f.read_through(first, kMiB);
  f.read_through(second, kMiB);
  CHECK(f.store.bytes_out() == f.version.size);
}

TEST_CASE("a seek back within the pool costs nothing") {
  Fixture f(16 * kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  f.read_through(reader, kMiB);
  const auto requests = f.store.count().get;
  REQUIRE(f.right(reader, 3 * kMiB, 5 * kMiB));
  CHECK(f.store.count().get == requests);
}

TEST_CASE("with no memory left reads still work, without reading ahead") {
  Fixture f(4 * kMiB, 0);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  f.read_through(reader, 131'072);
  CHECK(f.store.bytes_out() == f.version.size);
}

TEST_CASE("the pool keeps its limit whatever is read") {
  Fixture f(64 * kMiB, 8 * kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  for (std::uint64_t at = 0; at < f.version.size; at += kMiB) {
    REQUIRE(f.right(reader, at, kMiB));
    CHECK(f.cache.size() <= 10 * kMiB);
  }
}

TEST_CASE("when nobody reads any more most of the memory is given up") {
  Fixture f(32 * kMiB, 32 * kMiB);
  {
    ObjectReader reader(f.fetcher, f.budget, f.clock);
    f.read_through(reader, kMiB);
    CHECK(f.cache.size() > 16 * kMiB);
  }
  CHECK(test::eventually([&] { return f.cache.size() <= 4 * kMiB; }));
}

TEST_CASE("another version is an error, not other bytes") {
  Fixture f(kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  REQUIRE(f.right(reader, 0, 10));
  f.store.put_raw("k", noise(kMiB + 1));
  const auto read = reader.read(f.version, {900'000, 900'010});
  REQUIRE_FALSE(read);
  CHECK(read.error().err == ESTALE);
}

TEST_CASE("a failed fetch fails its read, and the next read tries again") {
  // Many times: who fails at once must not be tried again by the read that saw nothing of it.
  for (int round = 0; round < 30; ++round) {
    Fixture f(kMiB);
    test::Fault fault;
    fault.verb = test::Verb::get;
    fault.nth = 1;
    f.faults.add(fault);
    ObjectReader reader(f.fetcher, f.budget, f.clock);
    REQUIRE_FALSE(reader.read(f.version, {0, 10}));
    REQUIRE(f.right(reader, 0, 10));
  }
}

TEST_CASE("readers that arrive out of order share what is fetched") {
  Fixture f(16 * kMiB);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  std::vector<std::thread> threads;
  std::vector<std::string> got(16);
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] { got[i] = f.read(reader, i * 65'536, 65'536); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i] == f.bytes.substr(i * 65'536, 65'536));
  }
}

TEST_CASE("without an ETag no handle reads what another one has fetched") {
  Fixture f(100'000);
  f.version.etag = {};
  ObjectReader first(f.fetcher, f.budget, f.clock);
  CHECK(f.right(first, 0, 10));
  f.bytes = noise(100'001).substr(1);
  f.store.put_raw("k", f.bytes);
  CHECK_FALSE(f.right(first, 50'000, 10));  // its own, from the same request
  ObjectReader second(f.fetcher, f.budget, f.clock);
  CHECK(f.right(second, 0, 10));
  CHECK(f.right(second, 50'000, 10));
  CHECK_FALSE(f.fetcher.fetch_whole(f.version));
}

TEST_CASE("a reader that meets what was written and cannot be kept asks the store") {
  Fixture f(100'000);
  ObjectReader reader(f.fetcher, f.budget, f.clock);
  std::string got;
  bool met = false;
  std::optional<test::Beside> meets;
  keep_written(f.fetcher, f.version, [&](auto, auto) {
    // The block is reserved: a thread that reads now waits for it.
    meets.emplace([&] {
      got = f.read(reader, 0, 10);
      return true;
    });
    met = f.fetcher.open(f.version)->has(0) && meets->waits();
    return Status(Error{EIO, "lost"});
  });
  CHECK(met);
  REQUIRE(meets);
  CHECK(meets->ends());
  CHECK(got == f.bytes.substr(0, 10));
}

TEST_CASE("what is kept on disk is not fetched again by the next mount") {
  Fixture f(20 * kMiB + 13);
  const test::ScratchDirectory scratch;
  Mount(f, scratch.path()).read_through();
  const auto fetched = f.store.count().get;
  Mount(f, scratch.path()).read_through();
  CHECK(f.store.count().get == fetched);
}

TEST_CASE("of what is kept on disk in part only the rest is fetched") {
  Fixture f(2 * kMiB);
  const test::ScratchDirectory scratch;
  {
    Mount first(f, scratch.path());
    ObjectReader reader(first.fetcher, f.budget, f.clock);
    REQUIRE(f.right(reader, 0, 4096));
  }
  const std::uint64_t fetched = f.store.bytes_out();
  CHECK(fetched == 128 * 1024);
  Mount(f, scratch.path()).read_through();
  CHECK(f.store.bytes_out() == f.version.size);
}

TEST_CASE("another version is not read from what is kept on disk") {
  Fixture f(kMiB);
  const test::ScratchDirectory scratch;
  Mount(f, scratch.path()).read_through();
  f.bytes = noise(kMiB + 1).substr(1);
  f.version.etag = f.store.put_raw("k", f.bytes);
  Mount(f, scratch.path()).read_through();
  CHECK(f.store.bytes_out() == 2 * kMiB);
}

TEST_CASE("a reply cut short leaves on disk only what has come") {
  Fixture f(kMiB);
  const test::ScratchDirectory scratch;
  {
    Mount first(f, scratch.path());
    ObjectReader reader(first.fetcher, f.budget, f.clock);
    test::Fault cut;
    cut.verb = test::Verb::get;
    cut.times = 1;
    cut.action = test::Fault::Action::cut;
    cut.cut_after = 100'000;
    f.faults.add(cut);
    CHECK_FALSE(f.right(reader, 0, 120'000));
  }
  Mount(f, scratch.path()).read_through();
}
