// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: listings, their order, their pages and their common prefixes.
#include <algorithm>
#include <thread>

#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using Keys = std::vector<store::Key>;

Keys keys_of(const store::ListPage& page) {
  Keys keys;
  for (const auto& object : page.objects) keys.push_back(object.key);
  return keys;
}

/// Of a whole listing.
Keys prefixes_of(const Bench& bench, const store::ListPage& page) {
  Keys prefixes = page.prefixes;
  if (const auto why = bench.exempt("prefix on one page only")) {
    WARN(bench.name() << ": " << *why);
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  }
  return prefixes;
}

void fill(store::ObjectStore& store, const Keys& keys) {
  std::vector<int> outcome(keys.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < keys.size(); i += 8)
        outcome[i] = err(put_text(store, keys[i], keys[i].ends_with('/') ? "" : "x"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(std::count(outcome.begin(), outcome.end(), 0) == std::ssize(outcome));
}

TEST_CASE("a listing of more than a page has every key once, in byte order") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  // Swift stores ten objects a second: a page of its own size says as much in a tenth of the time.
  const bool slow = bench->name().find("swift") != std::string::npos;
  const std::size_t page = slow ? 100 : 1000;
  Keys keys;
  for (std::size_t i = 0; i < page + 23; ++i) {
    keys.push_back(bench->key("n" + std::to_string(100'000 + i)));
  }
  fill(bench->store(), keys);

  const auto first = bench->store().list({bench->prefix(), true, "", page});
  REQUIRE(err(first) == 0);
  CHECK(first->objects.size() == page);
  CHECK_FALSE(first->next.empty());
  const auto all = list_all(bench->store(), bench->prefix(), true, page);
  REQUIRE(err(all) == 0);
  CHECK(keys_of(*all) == keys);
  CHECK(all->prefixes.empty());
  const auto undelimited = list_all(bench->store(), bench->prefix(), false, page);
  REQUIRE(err(undelimited) == 0);
  CHECK(keys_of(*undelimited) == keys);
}

TEST_CASE("a page that ends exactly at the last key is the last page") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  fill(bench->store(), {bench->key("1"), bench->key("2"), bench->key("3"), bench->key("4")});
  const auto page = bench->store().list({bench->prefix(), true, "", 4});
  REQUIRE(err(page) == 0);
  CHECK(page->objects.size() == 4);
  CHECK(page->next.empty());
}

TEST_CASE("names are grouped at the slash, whatever the page size") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  // '-' sorts before '/', '0' after it: the three orders in which a group can meet its neighbours.
  Keys at_root{bench->key("a"), bench->key("a-"), bench->key("a-b"), bench->key("a0"),
               bench->key("z")};
  if (const auto why = bench->exempt("key beside others below it")) {
    WARN(bench->name() << ": " << *why);
    at_root.erase(at_root.begin());
  }
  fill(bench->store(), at_root);
  fill(bench->store(), {bench->key("a/"), bench->key("a/1"), bench->key("a/2/3"),
                        bench->key("b/c/d"), bench->key("b/c/e"), bench->key("c/")});
  const std::size_t page_size = GENERATE(1U, 2U, 3U, 1000U);
  CAPTURE(page_size);
  const auto root = list_all(bench->store(), bench->prefix(), true, page_size);
  REQUIRE(err(root) == 0);
  CHECK(keys_of(*root) == at_root);
  CHECK(prefixes_of(*bench, *root) == Keys{bench->key("a/"), bench->key("b/"), bench->key("c/")});
  const auto inner = list_all(bench->store(), bench->key("a/"), true, page_size);
  REQUIRE(err(inner) == 0);
  CHECK(keys_of(*inner) == Keys{bench->key("a/"), bench->key("a/1")});
  CHECK(prefixes_of(*bench, *inner) == Keys{bench->key("a/2/")});
  const auto partial = list_all(bench->store(), bench->key("a"), false, page_size);
  REQUIRE(err(partial) == 0);
  CHECK(partial->objects.size() == at_root.size() + 2);
}

TEST_CASE("a listing of nothing is empty and a success") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto page = bench->store().list({bench->key("nothing here/"), true, "", 1000});
  REQUIRE(err(page) == 0);
  CHECK(page->objects.empty());
  CHECK(page->prefixes.empty());
  CHECK(page->next.empty());
}

TEST_CASE("a listing says of an object what its head says") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  REQUIRE(err(put_text(bench->store(), bench->key("one"), pattern(12'345))) == 0);
  const auto head = bench->store().head(bench->key("one"));
  const auto page = bench->store().list({bench->key("one"), true, "", 10});
  REQUIRE(err(head) == 0);
  REQUIRE(err(page) == 0);
  REQUIRE(page->objects.size() == 1);
  CHECK(page->objects.front().size == 12'345);
  CHECK(page->objects.front().etag == head->etag);
  // A listing may show fractions of the second that a head leaves out.
  using std::chrono::seconds;
  CHECK(std::chrono::floor<seconds>(page->objects.front().last_modified) ==
        std::chrono::floor<seconds>(head->last_modified));
}

}  // namespace
}  // namespace pailfs::test
