// SPDX-License-Identifier: Apache-2.0
#include "fs/read/front_proof.h"

#include <string>
#include <vector>

#include "fs/read/object_reader.h"
#include "fs/read/shown.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"

using namespace pailfs;
using namespace pailfs::fs;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
const std::string kMd5 = "\"0123456789abcdef0123456789ABCDEF\"";

Version version(const std::string& etag, std::uint64_t size) {
  return {"k", {etag}, size};
}

/// One object and a cache over it.
struct Bench {
  Version put(const std::string& bytes) {
    store.put_raw("k", bytes);
    const auto info = store.head("k");
    REQUIRE(info);
    return {"k", info->etag, bytes.size()};
  }
  void read(const Version& version, Range range) {
    ObjectReader reader(fetcher, budget, clock);
    REQUIRE(reader.read(version, range));
  }

  test::FakeClock clock;
  test::FakeStore store{clock};
  cache::BlockMemory memory;
  cache::BlockCache blocks{memory, 64 * kMiB, clock};
  ReadAheadBudget budget{64 * kMiB};
  BlockFetcher fetcher{store, pool, blocks, nullptr, clock};
  FrontProof proof{fetcher};
  WorkerPool pool{4};  // ends before what its tasks use
};

}  // namespace

TEST_CASE("the way to prove a front follows from sizes, names and the bytes at hand") {
  struct Row {
    const char* what;
    Version old;
    Version now;
    std::vector<Range> shown;
    bool here;
    FrontWay way;
  };
  const std::vector<Row> rows{
      {"the same version", version("a", 5), version("a", 5), {{0, 5}}, false, FrontWay::certain},
      {"grown under its old name",
       version("a", 5),
       version("a", 6),
       {{0, 5}},
       true,
       FrontWay::compare},
      {"nothing was shown", version("a", 5), version("b", 9), {}, false, FrontWay::certain},
      {"it was empty", version("a", 0), version("b", 9), {}, false, FrontWay::certain},
      {"cut", version("a", 5), version("b", 4), {{0, 2}}, true, FrontWay::differs},
      {"cut, and nothing was shown", version("a", 5), version("b", 4), {}, true, FrontWay::differs},
      {"of the same size", version("a", 5), version("b", 5), {{0, 5}}, true, FrontWay::compare},
      {"small, and at hand", version(kMd5, 5), version("b", 9), {{0, 5}}, true, FrontWay::compare},
      {"small, not at hand, with a digest",
       version(kMd5, 5),
       version("b", 9),
       {{0, 5}},
       false,
       FrontWay::digest},
      {"small, not at hand, of parts",
       version("\"0123-2\"", 5),
       version("b", 9),
       {{0, 5}},
       false,
       FrontWay::none},
      {"large, of which little was shown",
       version("a-9", 900 * kMiB),
       version("b", 901 * kMiB),
       {{900 * kMiB - 9'000, 900 * kMiB}},
       true,
       FrontWay::compare},
      {"large, and that is not at hand",
       version(kMd5, 900 * kMiB),
       version("b", 901 * kMiB),
       {{900 * kMiB - 9'000, 900 * kMiB}},
       false,
       FrontWay::none},
      {"large, of which much was shown",
       version(kMd5, 9 * kMiB),
       version("b", 10 * kMiB),
       {{0, 9 * kMiB}},
       true,
       FrontWay::none},
      {"at the limit",
       version(kMd5, 8 * kMiB),
       version("b", 10 * kMiB),
       {{0, 8 * kMiB}},
       true,
       FrontWay::compare},
      {"at the limit, by its digest",
       version(kMd5, 8 * kMiB),
       version("b", 10 * kMiB),
       {{0, 8 * kMiB}},
       false,
       FrontWay::digest},
      {"versions without names", version("", 5), version("", 9), {{0, 5}}, true, FrontWay::none},
      {"a new version without a name",
       version(kMd5, 5),
       version("", 9),
       {{0, 5}},
       true,
       FrontWay::none},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(choose_way(row.old, row.now, row.shown, row.here) == row.way);
  }
}

TEST_CASE("only an ETag of 32 digits may be an MD5") {
  CHECK(may_be_md5({kMd5}));
  CHECK(may_be_md5({"0123456789abcdef0123456789abcdef"}));
  for (const char* etag :
       {"", "\"\"", "\"0123456789abcdef0123456789abcde\"", "\"0123456789abcdef0123456789abcdef-2\"",
        "\"0123456789abcdef0123456789abcdeg\""}) {
    CAPTURE(etag);
    CHECK_FALSE(may_be_md5({etag}));
  }
}

TEST_CASE("a version that goes on where the older one ended is proven by its bytes") {
  for (const std::uint64_t size : {std::uint64_t{1}, cache::kBlockSize - 1, cache::kBlockSize,
                                   cache::kBlockSize + 1, 3 * cache::kBlockSize + 7}) {
    for (const bool here : {true, false}) {
      CAPTURE(size, here);
      Bench b;
      std::string text(size, 'x');
      const Version old = b.put(text);
      if (here) b.read(old, {0, size});
      const auto check = [&](const std::string& bytes, Front expected) {
        const auto before = b.store.count();
        const auto front = b.proof.find_out(old, b.put(bytes), {{0, size}});
        REQUIRE(front);
        CHECK(*front == expected);
        CHECK(b.store.count().get - before.get <= 1);
      };
      check(text + "more", Front::same);
      check(text + std::string(200'000, 'y'), Front::same);
      std::string other = text;
      other[size / 2] = 'z';
      // A digest that is another one proves nothing: it may be none.
      check(other + "more", here ? Front::differs : Front::unproven);
      other = text;
      other.back() = 'z';
      check(other + "more", here ? Front::differs : Front::unproven);
      check(text.substr(1), Front::differs);
    }
  }
}

TEST_CASE("of a large object only what was shown is compared") {
  Bench b;
  std::string text(20 * kMiB, 'x');
  const Version old = b.put(text);
  const Range tail{text.size() - 9'000, text.size()};
  b.read(old, tail);
  text[0] = 'z';  // no reader has seen it
  const Version now = b.put(text + "more");
  const auto before = b.store.bytes_out();
  CHECK(b.proof.find_out(old, now, {tail}).value() == Front::same);
  CHECK(b.store.bytes_out() - before < kMiB);
  CHECK(b.proof.find_out(old, now, {{0, text.size()}}).value() == Front::unproven);
  text[text.size() - 8'000] = 'z';
  CHECK(b.proof.find_out(old, b.put(text + "more"), {tail}).value() == Front::differs);
}

TEST_CASE("a version that cannot be read proves nothing") {
  Bench b;
  const Version old = b.put("text");
  b.read(old, {0, 4});
  const Version now = b.put("text and more");
  b.put("another by now");
  CHECK_FALSE(b.proof.find_out(old, now, {{0, 4}}));
}

TEST_CASE("what was shown is remembered in few ranges, and nothing of it is lost") {
  Shown shown;
  CHECK(shown.ranges(100).empty());
  shown.show({10, 20}, 100);
  CHECK_FALSE(shown.reached_end());
  shown.show({15, 30}, 100);
  CHECK(shown.ranges(100) == std::vector<Range>{{10, 30}});
  CHECK(shown.ranges(25) == std::vector<Range>{{10, 25}});
  for (std::uint64_t i = 1; i <= 200; ++i) shown.show({i * 1'000, i * 1'000 + 1}, 1'000'000);
  CHECK(shown.ranges(1'000'000).size() <= 65);
  for (std::uint64_t i = 1; i <= 200; ++i) {
    RangeSet all;
    for (const Range& range : shown.ranges(1'000'000)) all.add(range);
    CHECK(all.contains({i * 1'000, i * 1'000 + 1}));
  }
  shown.show({999'000, 1'000'000}, 1'000'000);
  CHECK(shown.reached_end());
  shown.confirm(MonoTime(5s));
  CHECK_FALSE(shown.is_due(MonoTime(5'999ms)));
  CHECK(shown.is_due(MonoTime(6s)));
}
