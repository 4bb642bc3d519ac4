// SPDX-License-Identifier: Apache-2.0
#include "fs/read_stream.h"

#include <random>
#include <thread>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

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
      : bytes(noise(size)), store(clock), budget(memory), pool(4) {
    version.key = "k";
    version.etag = store.put_raw("k", bytes);
    version.size = size;
  }
  test::FakeClock clock;
  std::string bytes;
  test::FakeStore store;
  MemoryBudget budget;
  WorkerPool pool;
  Version version;

  std::string read(ReadStream& stream, std::uint64_t offset, std::size_t size) {
    std::string out(size, '?');
    const Status status = stream.read(version, offset, out);
    return status ? out : status.error().text;
  }
};

}  // namespace

TEST_CASE("a small file is fetched whole by its first read") {
  Fixture f(100'000);
  ReadStream stream(f.store, f.pool, f.budget);
  for (std::size_t at = 0; at < 100'000; at += 10'000) {
    REQUIRE(f.read(stream, at, 10'000) == f.bytes.substr(at, 10'000));
  }
  CHECK(f.store.count().get == 1);
}

TEST_CASE("a random read fetches at most 128 KiB") {
  Fixture f(50 * kMiB);
  ReadStream stream(f.store, f.pool, f.budget);
  for (const std::uint64_t at : {40 * kMiB, 3 * kMiB, 22 * kMiB + 77}) {
    REQUIRE(f.read(stream, at, 4096) == f.bytes.substr(at, 4096));
  }
  CHECK(f.store.count().get == 3);
  CHECK(f.store.bytes_out() <= 3 * 128 * 1024);
}

TEST_CASE("a sequential reader gets every byte once, in few requests") {
  Fixture f(40 * kMiB + 13);
  {
    ReadStream stream(f.store, f.pool, f.budget);
    for (std::uint64_t at = 0; at < f.version.size; at += 131'072) {
      const std::size_t n = std::min<std::uint64_t>(131'072, f.version.size - at);
      REQUIRE(f.read(stream, at, n) == f.bytes.substr(at, n));
    }
  }
  CHECK(f.store.bytes_out() == f.version.size);
  CHECK(f.store.count().get <= 12);
}

TEST_CASE("with no memory left reads still work, without reading ahead") {
  Fixture f(4 * kMiB, 0);
  ReadStream stream(f.store, f.pool, f.budget);
  for (std::uint64_t at = 0; at < f.version.size; at += 131'072) {
    REQUIRE(f.read(stream, at, 131'072) == f.bytes.substr(at, 131'072));
  }
  CHECK(f.store.bytes_out() == f.version.size);
}

TEST_CASE("what was reserved is given back") {
  Fixture f(30 * kMiB, 64 * kMiB);
  {
    ReadStream stream(f.store, f.pool, f.budget);
    for (std::uint64_t at = 0; at < f.version.size; at += kMiB) f.read(stream, at, 1000);
  }
  // Windows still being fetched hold theirs until they are done.
  bool all_back = false;
  for (int i = 0; i < 1000 && !all_back; ++i) {
    all_back = f.budget.reserve(64 * kMiB);
    if (!all_back) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(all_back);
}

TEST_CASE("another version is an error, not other bytes") {
  Fixture f(kMiB);
  ReadStream stream(f.store, f.pool, f.budget);
  REQUIRE(f.read(stream, 0, 10) == f.bytes.substr(0, 10));
  f.store.put_raw("k", noise(kMiB + 1));
  std::string out(10, '?');
  const Status status = stream.read(f.version, 900'000, out);
  REQUIRE_FALSE(status);
  CHECK(status.error().err == ESTALE);
}

TEST_CASE("a failed fetch is tried again by the next read") {
  Fixture f(kMiB);
  test::FaultStore faults(f.store);
  test::Fault fault;
  fault.verb = test::Verb::get;
  fault.nth = 1;
  faults.add(fault);
  ReadStream stream(faults, f.pool, f.budget);
  std::string out(10, '?');
  CHECK_FALSE(stream.read(f.version, 0, out));
  CHECK(stream.read(f.version, 0, out));
  CHECK(out == f.bytes.substr(0, 10));
}

TEST_CASE("readers that arrive out of order share what is fetched") {
  Fixture f(16 * kMiB);
  ReadStream stream(f.store, f.pool, f.budget);
  std::vector<std::thread> threads;
  std::vector<std::string> got(16);
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] { got[i] = f.read(stream, i * 65'536, 65'536); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i] == f.bytes.substr(i * 65'536, 65'536));
  }
}
