// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/node_fetcher.h"

#include <future>

#include "fs/tree/known_tree.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

ListedName directory() {
  ListedName name;
  name.directory = true;
  return name;
}

TEST_CASE("what is fetched ahead goes by what was listed a moment ago, not long ago") {
  test::FakeClock clock;
  test::FakeStore store(clock);
  store.put_raw("b/", "");
  const Config config;
  KnownTree known(config, clock);
  const auto reading = known.listings.begin_reading("", clock.now());
  ListingCache::Page page;
  page.names = {{"a", directory()}, {"b", directory()}};
  page.last = true;
  known.listings.add_page(reading, page, clock.now());
  cache::BlockMemory memory;
  cache::BlockCache blocks(memory, 1U << 20U, clock);
  WorkerPool busy(1);
  BlockFetcher fetcher(store, busy, blocks, nullptr, clock);
  NodeFetcher nodes(config, store, known.nodes, known.names, fetcher, busy, clock);
  store.reset_count();

  std::promise<void> free;
  busy.submit([&] { free.get_future().wait(); });
  nodes.fetch_ahead("", known.names.select("", {.from = 1, .end = 2}), 0);
  const bool long_ago = GENERATE(false, true);
  if (long_ago) clock.advance(10s);
  free.set_value();
  std::promise<void> done;
  busy.submit([&] { done.set_value(); });
  done.get_future().wait();
  CHECK(known.nodes.find("b").has_value() == !long_ago);
  CHECK(store.count().total() == (long_ago ? 0 : 1));
}

}  // namespace
}  // namespace pailfs::fs
