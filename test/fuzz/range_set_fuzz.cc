// SPDX-License-Identifier: Apache-2.0
#include <bitset>

#include "pailfs/util/range_set.h"

#include "fuzz_input.h"

namespace {

/// Three bytes an operation, compared with one bit a byte.
void check(std::string_view text) {
  pailfs::RangeSet set;
  std::bitset<512> model;
  for (; text.size() >= 3; text.remove_prefix(3)) {
    const std::uint64_t begin = static_cast<unsigned char>(text[1]);
    const std::uint64_t end = begin + static_cast<unsigned char>(text[2]);
    const bool add = (text[0] & 1) != 0;
    if (add) {
      set.add({begin, end});
    } else {
      set.remove({begin, end});
    }
    for (std::uint64_t i = begin; i < end; ++i) model[i] = add;
  }
  hold(set.total() == model.count());
  for (const pailfs::Range& range : set.present({0, 512})) {
    hold(!range.empty() && set.contains(range) && set.front(range.begin) == range.end);
    hold(range.end == 512 || !model[range.end]);
    for (std::uint64_t i = range.begin; i < range.end; ++i) hold(model[i]);
  }
  for (const pailfs::Range& range : set.missing({0, 512})) {
    for (std::uint64_t i = range.begin; i < range.end; ++i) hold(!model[i]);
  }
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
