// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace pailfs {

/// Half-open byte range [begin, end).
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  [[nodiscard]] bool empty() const { return end <= begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

/// A set of bytes kept as ordered, disjoint, non-adjacent ranges. Not thread-safe: its owner locks.
class RangeSet final {
 public:
  void add(Range range);
  void remove(Range range);
  void clear() { ranges_.clear(); }

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(Range range) const;
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] std::size_t pieces() const { return ranges_.size(); }
  /// The parts of `within` that are / are not in the set, in order.
  [[nodiscard]] std::vector<Range> present(Range within) const;
  [[nodiscard]] std::vector<Range> missing(Range within) const;
  /// All of [from, front(from)) is in the set.
  [[nodiscard]] std::uint64_t front(std::uint64_t from = 0) const;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // begin -> end
};

}  // namespace pailfs
