// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/range_set.h"

#include <array>
#include <random>

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

namespace {

constexpr std::uint64_t kSize = 64;

/// The obvious implementation: one flag a byte.
struct Model {
  std::array<bool, kSize> bytes{};

  void set(Range range, bool value) {
    for (std::uint64_t i = range.begin; i < range.end; ++i) bytes.at(i) = value;
  }
  [[nodiscard]] std::vector<Range> runs(Range within, bool value) const {
    std::vector<Range> found;
    for (std::uint64_t i = within.begin; i < within.end; ++i) {
      if (bytes.at(i) != value) continue;
      if (!found.empty() && found.back().end == i) {
        found.back().end = i + 1;
      } else {
        found.push_back({i, i + 1});
      }
    }
    return found;
  }
};

}  // namespace

TEST_CASE("a range set agrees with an array of flags after any operations", "[util]") {
  const auto seed = GENERATE(range(1U, 21U));
  std::mt19937 random(seed);
  const auto draw = [&](std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random);
  };
  const auto draw_range = [&] {
    const std::uint64_t begin = draw(kSize + 1);
    return Range{begin, begin + draw(kSize - begin + 1)};
  };
  RangeSet set;
  Model model;
  int disagreements = 0;
  for (int step = 0; step < 400; ++step) {
    const Range changed = draw_range();
    const bool adds = draw(2) == 0;
    if (adds) {
      set.add(changed);
    } else {
      set.remove(changed);
    }
    model.set(changed, adds);
    const Range asked = draw_range();
    const Range everything{0, kSize};
    const auto all = model.runs(everything, true);
    std::uint64_t total = 0;
    for (const Range& run : all) total += run.size();
    if (set.present({0, 1000}) != all || set.total() != total || set.empty() != all.empty() ||
        set.present(asked) != model.runs(asked, true) ||
        set.missing(asked) != model.runs(asked, false) ||
        set.contains(asked) != model.runs(asked, false).empty()) {
      ++disagreements;
    }
  }
  CAPTURE(seed);
  CHECK(disagreements == 0);
}

TEST_CASE("adjacent ranges become one", "[util]") {
  RangeSet set;
  set.add({0, 10});
  set.add({20, 30});
  set.add({10, 20});
  CHECK(set.present({0, 1000}) == std::vector<Range>{{0, 30}});
  set.clear();
  CHECK(set.empty());
}

TEST_CASE("empty and inverted ranges change nothing", "[util]") {
  RangeSet set;
  set.add({5, 5});
  set.add({9, 3});
  CHECK(set.empty());
  set.add({0, 10});
  set.remove({5, 5});
  set.remove({9, 3});
  CHECK(set.present({0, 1000}) == std::vector<Range>{{0, 10}});
  CHECK(set.contains({7, 7}));
  CHECK(set.contains({100, 100}));
}

TEST_CASE("ranges reach to the last offset there is", "[util]") {
  constexpr std::uint64_t kMax = ~0ULL;
  RangeSet set;
  set.add({kMax - 10, kMax});
  CHECK(set.contains({kMax - 1, kMax}));
  CHECK(set.missing({0, kMax}) == std::vector<Range>{{0, kMax - 10}});
  set.add({0, kMax});
  CHECK(set.total() == kMax);
}
