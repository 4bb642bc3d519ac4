// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/listing_fetcher.h"

#include <atomic>
#include <future>

#include "fs/tree/known_tree.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::fs {
namespace {

/// A bucket with the directory "d", and a pool of one thread that is busy until it is let go.
struct World {
  World() {
    store.put_raw("d/f", "x");
    pool.submit([this] { free.get_future().wait(); });
    store.reset_count();
  }
  void fetch(const std::string& directory) {
    fetcher.fetch_ahead(directory, [this] { ++called; });
  }
  /// Everything that was asked for is over.
  void finish() {
    free.set_value();
    std::promise<void> done;
    pool.submit([&] { done.set_value(); });
    done.get_future().wait();
  }

  test::FakeClock clock;
  test::FakeStore store{clock};
  test::FaultStore faults{store};
  const Config config;
  KnownTree known{config, clock};
  const Lister lister{config, faults, known.listings, clock};
  std::promise<void> free;
  std::atomic<int> called = 0;
  ListingFetcher fetcher{lister, known.listings, pool, clock};
  WorkerPool pool{1};  // its tasks end before what they use
};

TEST_CASE("a directory is listed ahead with one request, and not again while that is believed") {
  World w;
  w.fetch("d");
  w.fetch("d");
  w.finish();
  CHECK(w.called == 1);
  CHECK(w.store.count().list == 1);
  CHECK(w.known.listings.is_listed("d"));
  w.fetch("d");
  CHECK(w.called == 2);  // at once
  CHECK(w.store.count().list == 1);
  w.fetcher.join("d");  // nothing is under way
}

TEST_CASE("a reader that comes before the pool does not wait for its queue") {
  World w;
  w.fetch("d");
  w.fetcher.join("d");
  CHECK_FALSE(w.known.listings.is_listed("d"));
  w.finish();
  CHECK(w.called == 0);
  CHECK(w.store.count().list == 0);
}

TEST_CASE("a reader that comes while the directory is listed waits for that") {
  World w;
  std::promise<void> begun;
  std::promise<void> answer;
  test::Fault fault;
  fault.action = test::Fault::Action::none;
  fault.verb = test::Verb::list;
  fault.nth = 1;
  fault.before = [&](const test::StoreCall&) {
    begun.set_value();
    answer.get_future().wait();
  };
  w.faults.add(fault);
  w.fetch("d");
  w.free.set_value();
  begun.get_future().wait();
  auto reader = std::async(std::launch::async, [&] {
    w.fetcher.join("d");
    return w.known.listings.is_listed("d");
  });
  answer.set_value();
  CHECK(reader.get());
}

TEST_CASE("a listing ahead that fails fails no reader") {
  World w;
  test::Fault fault;
  fault.verb = test::Verb::list;
  fault.times = 1;
  w.faults.add(fault);
  w.fetch("d");
  w.finish();
  CHECK(w.called == 1);
  CHECK_FALSE(w.known.listings.is_listed("d"));
  w.fetch("d");
  w.fetcher.join("d");
}

}  // namespace
}  // namespace pailfs::fs
