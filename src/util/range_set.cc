// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/range_set.h"

#include <algorithm>

namespace pailfs {

void RangeSet::add(Range range) {
  if (range.empty()) return;
  auto it = ranges_.upper_bound(range.begin);
  if (it != ranges_.begin() && std::prev(it)->second >= range.begin) --it;
  while (it != ranges_.end() && it->first <= range.end) {
    range.begin = std::min(range.begin, it->first);
    range.end = std::max(range.end, it->second);
    it = ranges_.erase(it);
  }
  ranges_.emplace(range.begin, range.end);
}

void RangeSet::remove(Range range) {
  if (range.empty()) return;
  auto it = ranges_.upper_bound(range.begin);
  if (it != ranges_.begin() && std::prev(it)->second > range.begin) --it;
  while (it != ranges_.end() && it->first < range.end) {
    const Range old{it->first, it->second};
    it = ranges_.erase(it);
    if (old.begin < range.begin) ranges_.emplace(old.begin, range.begin);
    if (old.end > range.end) it = ranges_.emplace(range.end, old.end).first;
  }
}

bool RangeSet::contains(Range range) const {
  if (range.empty()) return true;
  const auto it = ranges_.upper_bound(range.begin);
  return it != ranges_.begin() && std::prev(it)->second >= range.end;
}

std::uint64_t RangeSet::front(std::uint64_t from) const {
  const auto after = ranges_.upper_bound(from);
  return after == ranges_.begin() ? from : std::max(from, std::prev(after)->second);
}

std::uint64_t RangeSet::total() const {
  std::uint64_t sum = 0;
  for (const auto& [begin, end] : ranges_) sum += end - begin;
  return sum;
}

std::vector<Range> RangeSet::present(Range within) const {
  std::vector<Range> found;
  auto it = ranges_.upper_bound(within.begin);
  if (it != ranges_.begin()) --it;
  for (; it != ranges_.end() && it->first < within.end; ++it) {
    const Range part{std::max(it->first, within.begin), std::min(it->second, within.end)};
    if (!part.empty()) found.push_back(part);
  }
  return found;
}

std::vector<Range> RangeSet::missing(Range within) const {
  std::vector<Range> found;
  std::uint64_t at = within.begin;
  for (const Range& part : present(within)) {
    if (part.begin > at) found.push_back({at, part.begin});
    at = part.end;
  }
  if (at < within.end) found.push_back({at, within.end});
  return found;
}

}  // namespace pailfs
