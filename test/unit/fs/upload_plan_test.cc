// SPDX-License-Identifier: Apache-2.0
#include "fs/write/upload_plan.h"

#include <random>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr store::Limits kLimits;

/// What every plan must hold, whatever the input.
void check_plan(const UploadInput& in, const UploadPlan& plan) {
  const std::uint64_t stored = std::min(in.base_size, in.size);
  RangeSet available = *in.local;
  for (const Range& range : plan.download) {
    CHECK(range.end <= stored);
    CHECK(in.local->present(range).empty());  // what was written here is never overwritten
    available.add(range);
  }
  if (plan.parts.empty()) {
    CHECK(available.missing({0, stored}).empty());
    return;
  }
  CHECK(plan.parts.size() <= kLimits.most_parts);
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    const PlannedPart& part = plan.parts[i];
    REQUIRE(part.range.begin == at);
    REQUIRE_FALSE(part.range.empty());
    at = part.range.end;
    if (i + 1 < plan.parts.size()) REQUIRE(part.range.size() >= kLimits.smallest_part);
    REQUIRE(part.range.size() <= kLimits.largest_part);
    if (part.copy) {
      REQUIRE(part.range.end <= stored);
      REQUIRE(in.local->present(part.range).empty());  // stale bytes are never copied over new ones
      REQUIRE(in.copy_allowed);
    } else {
      REQUIRE(available.missing({part.range.begin, std::min(part.range.end, stored)}).empty());
    }
  }
  REQUIRE(at == in.size);
}

UploadInput input(std::uint64_t size, const RangeSet& local, std::uint64_t base) {
  UploadInput in;
  in.size = size;
  in.local = &local;
  in.base_size = base;
  in.part_size = 10 * kMiB;
  in.copy_part_size = 512 * kMiB;
  return in;
}

}  // namespace

TEST_CASE("a small file is one PUT, completed from the stored version") {
  RangeSet local;
  local.add({100, 200});
  const auto plan = plan_upload(input(1000, local, 500));
  REQUIRE(plan);
  CHECK(plan->parts.empty());
  CHECK(plan->download == std::vector<Range>{{0, 100}, {200, 500}});
}

TEST_CASE("a new large file is sent in parts of about the configured size") {
  RangeSet local;
  local.add({0, 1024 * kMiB});
  const auto in = input(1024 * kMiB, local, 0);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  CHECK(plan->download.empty());
  CHECK(plan->parts.size() == 103);
  check_plan(in, *plan);
}

TEST_CASE("what is sent as a whole has parts of one size, the last a little shorter") {
  for (std::uint64_t size = 10 * kMiB; size < 400 * kMiB; size += 1'234'567) {
    RangeSet local;
    local.add({0, size});
    auto in = input(size, local, 0);
    in.part_size = size % 3 == 0 ? kLimits.smallest_part : 10 * kMiB;
    const auto plan = plan_upload(in);
    REQUIRE(plan);
    check_plan(in, *plan);
    const auto& parts = plan->parts;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      REQUIRE(parts[i].range.size() == parts[0].range.size());
    }
    REQUIRE(parts.back().range.size() <= parts[0].range.size());
    REQUIRE(parts.back().range.size() + parts.size() >= parts[0].range.size());
    const auto copied = plan_copy(size, in.part_size, kLimits);
    for (std::size_t i = 0; i + 1 < copied.size(); ++i) {
      REQUIRE(copied[i].size() == copied[0].size());
    }
  }
}

TEST_CASE("a short overwrite in a large object copies all but one part") {
  RangeSet local;
  local.add({32 * kMiB, 32 * kMiB + 4096});
  const auto in = input(64 * kMiB, local, 64 * kMiB);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  check_plan(in, *plan);
  CHECK(plan->parts.size() == 3);
  std::uint64_t downloaded = 0;
  for (const Range& range : plan->download) downloaded += range.size();
  CHECK(downloaded <= kLimits.smallest_part);
}

TEST_CASE("an append copies the stored version and sends the rest") {
  RangeSet local;
  local.add({100 * kMiB, 100 * kMiB + 10});
  const auto in = input(100 * kMiB + 10, local, 100 * kMiB);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  check_plan(in, *plan);
  CHECK(plan->download.empty());
  REQUIRE(plan->parts.size() == 2);
  CHECK(plan->parts[0].copy);
  CHECK_FALSE(plan->parts[1].copy);
}

TEST_CASE("holes behind the stored version are sent as zeros, not fetched") {
  RangeSet local;
  local.add({200 * kMiB, 200 * kMiB + 1});
  const auto in = input(200 * kMiB + 1, local, 1 * kMiB);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  check_plan(in, *plan);
  CHECK(plan->download == std::vector<Range>{{0, kMiB}});
}

TEST_CASE("without part copies everything missing is fetched") {
  RangeSet local;
  local.add({32 * kMiB, 33 * kMiB});
  auto in = input(64 * kMiB, local, 64 * kMiB);
  in.copy_allowed = false;
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  check_plan(in, *plan);
  CHECK(plan->download == std::vector<Range>{{0, 32 * kMiB}, {33 * kMiB, 64 * kMiB}});
}

TEST_CASE("parts grow so that ten thousand of them hold the file") {
  RangeSet local;
  const std::uint64_t size = 5ULL << 40U;
  local.add({0, size});
  const auto in = input(size, local, 0);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  check_plan(in, *plan);
  CHECK(plan->parts.size() <= kLimits.most_parts);
}

TEST_CASE("what S3 cannot hold is refused before anything is sent") {
  RangeSet local;
  const std::uint64_t size = kLimits.largest_part * kLimits.most_parts + kMiB;
  local.add({0, size});
  const auto plan = plan_upload(input(size, local, 0));
  REQUIRE_FALSE(plan);
  CHECK(plan.error().err == EFBIG);
  auto single = input(kLimits.largest_part + 1, local, 0);
  single.multipart_allowed = false;
  CHECK(plan_upload(single).error().err == EFBIG);
}

TEST_CASE("any pattern of writes gives a plan that S3 accepts") {
  std::mt19937_64 random(20261122);
  const auto below = [&](std::uint64_t limit) { return random() % (limit + 1); };
  for (int round = 0; round < 2000; ++round) {
    RangeSet local;
    const std::uint64_t size = below(200 * kMiB);
    for (std::uint64_t i = below(12); i > 0; --i) {
      const std::uint64_t begin = below(size);
      local.add({begin, std::min(size, begin + below(round % 3 == 0 ? 30 * kMiB : 9000))});
    }
    auto in = input(size, local, below(220 * kMiB));
    in.part_size = (5 + below(20)) * kMiB;
    in.copy_part_size = (5 + below(50)) * kMiB;
    in.copy_allowed = below(3) > 0;
    in.multipart_allowed = below(5) > 0;
    CAPTURE(round, size, in.base_size, in.part_size, in.copy_part_size);
    const auto plan = plan_upload(in);
    REQUIRE(plan);
    check_plan(in, *plan);
  }
}

TEST_CASE("very many short holes between writes still fit ten thousand parts") {
  RangeSet local;
  const std::uint64_t stride = 11 * kMiB;
  const std::uint64_t size = stride * 9000;
  for (std::uint64_t at = 0; at < size; at += stride) local.add({at, at + kLimits.smallest_part});
  const auto in = input(size, local, size);
  const auto plan = plan_upload(in);
  REQUIRE(plan);
  CHECK(plan->parts.size() <= kLimits.most_parts);
  check_plan(in, *plan);
}

TEST_CASE("a copy in parts covers the object in legal pieces") {
  for (const std::uint64_t size : {kMiB + 0, 6 * kMiB, 11 * kMiB, 513 * kMiB, 6144 * kMiB}) {
    const auto ranges = plan_copy(size, 5 * kMiB, kLimits);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      CHECK(ranges[i].begin == at);
      at = ranges[i].end;
      if (i + 1 < ranges.size()) CHECK(ranges[i].size() >= kLimits.smallest_part);
    }
    CHECK(at == size);
  }
}
