// SPDX-License-Identifier: Apache-2.0
#include "fs/write/part_ledger.h"

#include <map>
#include <random>

#include "fs/write/upload_plan.h"
#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr store::Limits kLimits;

store::ETag etag(int n) {
  return {"\"" + std::to_string(n) + "\""};
}

}  // namespace

TEST_CASE("growing parts follow each other and hold 5 TiB") {
  for (const std::uint64_t first : {5 * kMiB, 10 * kMiB, 5120 * kMiB}) {
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < kLimits.most_parts; ++i) {
      const Range part = growing_part(i, first, kLimits.largest_part);
      REQUIRE(part.begin == at);
      REQUIRE(part.size() >= kLimits.smallest_part);
      REQUIRE(part.size() <= kLimits.largest_part);
      at = part.end;
    }
    CHECK(at >= (5ULL << 40U));
    CHECK(growing_part(kLimits.most_parts, first, kLimits.largest_part).empty());
  }
}

TEST_CASE("parts become ready in order as the file grows without a gap") {
  PartLedger ledger(10 * kMiB);
  ledger.wrote({0, 9 * kMiB}, 9 * kMiB);
  CHECK_FALSE(ledger.next());
  ledger.wrote({30 * kMiB, 60 * kMiB}, 9 * kMiB);  // behind a gap
  CHECK_FALSE(ledger.next());
  ledger.wrote({9 * kMiB, 30 * kMiB}, 60 * kMiB);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto job = ledger.next();
    REQUIRE(job);
    CHECK(job->index == i);
    CHECK(job->range == Range{i * 10 * kMiB, (i + 1) * 10 * kMiB});
  }
  CHECK_FALSE(ledger.next());
  CHECK(ledger.on_their_way() == 6);
}

TEST_CASE("what changed after it was sent or while it was on its way is sent again, at the end") {
  PartLedger ledger(10 * kMiB);
  ledger.wrote({0, 30 * kMiB}, 30 * kMiB);
  for (int i = 0; i < 3; ++i) REQUIRE(ledger.next());
  ledger.sent(0, etag(0));
  ledger.wrote({5, 6}, 30 * kMiB);                  // sent already
  ledger.wrote({15 * kMiB, 16 * kMiB}, 30 * kMiB);  // on its way
  ledger.sent(1, etag(1));
  ledger.sent(2, etag(2));
  CHECK_FALSE(ledger.next());
  CHECK(ledger.take_held() == std::vector<Range>{{20 * kMiB, 30 * kMiB}});
  const auto jobs = ledger.missing(35 * kMiB);
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].index == 0);
  CHECK(jobs[1].index == 1);
  CHECK(jobs[2].range == Range{30 * kMiB, 35 * kMiB});
}

TEST_CASE("a file cut short has a shorter last part") {
  PartLedger ledger(10 * kMiB);
  ledger.wrote({0, 40 * kMiB}, 40 * kMiB);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(ledger.next());
    ledger.sent(static_cast<std::size_t>(i), etag(i));
  }
  ledger.truncated(25 * kMiB);
  const auto jobs = ledger.missing(25 * kMiB);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].range == Range{20 * kMiB, 25 * kMiB});
  ledger.sent(jobs[0].index, etag(9));
  const auto parts = ledger.parts(25 * kMiB);
  REQUIRE(parts.size() == 3);
  CHECK(parts[2].etag == etag(9));
  CHECK(parts[2].size == 5 * kMiB);
}

TEST_CASE("a part that failed is missing at the end") {
  PartLedger ledger(10 * kMiB);
  ledger.wrote({0, 20 * kMiB}, 20 * kMiB);
  REQUIRE(ledger.next());
  REQUIRE(ledger.next());
  ledger.failed(0);
  ledger.sent(1, etag(1));
  CHECK(ledger.on_their_way() == 0);
  REQUIRE(ledger.missing(20 * kMiB).size() == 1);
}

TEST_CASE("when the file is being stored its last part follows the others at once") {
  PartLedger ledger(10 * kMiB);
  ledger.wrote({0, 23 * kMiB}, 23 * kMiB);
  REQUIRE(ledger.next());
  REQUIRE(ledger.next());
  CHECK_FALSE(ledger.next());
  ledger.close(23 * kMiB);
  const auto last = ledger.next();
  REQUIRE(last);
  CHECK(last->range == Range{20 * kMiB, 23 * kMiB});
  CHECK_FALSE(ledger.next());
  for (std::size_t i = 0; i < 3; ++i) ledger.sent(i, etag(1));
  CHECK(ledger.missing(23 * kMiB).empty());
  // It could not be completed, and the file grew: the short part is no longer right.
  ledger.wrote({23 * kMiB, 31 * kMiB}, 31 * kMiB);
  CHECK_FALSE(ledger.next());
  CHECK(ledger.missing(31 * kMiB).size() == 2);
}

TEST_CASE("whatever happens in between, the store ends with the file's last bytes") {
  // The store keeps, for each part, a stamp for every byte range of one mebibyte as it was when
  // the part left.
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    PartLedger ledger(5 * kMiB);
    std::map<std::uint64_t, int> file;  // mebibyte -> stamp; absent: never written
    std::map<std::size_t, std::map<std::uint64_t, int>> store;
    std::map<std::size_t, std::map<std::uint64_t, int>> leaving;
    std::uint64_t size = 0;
    int stamp = 0;
    const auto snapshot = [&](const PartLedger::Job& job) {
      std::map<std::uint64_t, int> bytes;
      for (std::uint64_t at = job.range.begin / kMiB; at < job.range.end / kMiB; ++at) {
        bytes[at] = file.contains(at) ? file[at] : 0;
      }
      return bytes;
    };
    const auto front = [&] {
      std::uint64_t at = 0;
      while (file.contains(at)) ++at;
      return at * kMiB;
    };
    for (int step = 0; step < 60; ++step) {
      switch (random() % 6) {
        case 0:
        case 1:
        case 2: {
          const std::uint64_t at = random() % 4 == 0 ? random() % 40 : size / kMiB;
          file[at] = ++stamp;
          size = std::max(size, (at + 1) * kMiB);
          ledger.wrote({at * kMiB, (at + 1) * kMiB}, front());
          break;
        }
        case 3:
          if (random() % 8 == 0) {
            size = size / kMiB / 2 * kMiB;
            file.erase(file.lower_bound(size / kMiB), file.end());
            ledger.truncated(size);
          }
          break;
        case 4:
          if (random() % 16 == 0) ledger.close(size);
          if (const auto job = ledger.next()) leaving[job->index] = snapshot(*job);
          break;
        default:
          if (!leaving.empty()) {
            auto node = leaving.extract(leaving.begin());
            if (random() % 5 == 0) {
              ledger.failed(node.key());
            } else {
              ledger.sent(node.key(), etag(1));
              store[node.key()] = node.mapped();
            }
          }
      }
    }
    for (auto& [index, bytes] : leaving) {
      ledger.sent(index, etag(1));
      store[index] = bytes;
    }
    for (const auto& job : ledger.missing(size)) {
      store[job.index] = snapshot(job);
      ledger.sent(job.index, etag(1));
    }
    std::map<std::uint64_t, int> object;
    const auto parts = ledger.parts(size);
    for (const auto& part : parts) {
      object.merge(store[static_cast<std::size_t>(part.number) - 1]);
    }
    for (std::uint64_t at = 0; at < size / kMiB; ++at) {
      REQUIRE(object.contains(at));
      REQUIRE(object[at] == (file.contains(at) ? file[at] : 0));
    }
    REQUIRE(object.size() == size / kMiB);
  }
}
