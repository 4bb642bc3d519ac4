// SPDX-License-Identifier: Apache-2.0
#include "name_walk.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

/// Who skips more has something else in mind.
constexpr std::uint32_t kSkip = 16;
/// Attributes of as many as a service answers side by side; but where it ends nobody knows, and
/// what was asked for in vain must stay little beside what was not.
constexpr std::size_t kAttributes = 64;
constexpr unsigned kShare = 4;
/// The first few are a round trip each.
constexpr unsigned kBegin = 4;
/// Where the names were listed right before: `ls -l` of a thousand names far away took 27 round
/// trips with the two above.
constexpr std::size_t kEager = 8;
/// Whole files: they must be opened before what was learnt with them is a second old.
constexpr std::size_t kFiles = 16;

}  // namespace

NameWalk::Advice NameWalk::next(std::uint32_t place) {
  const bool follows = last_ && place > *last_ && place - *last_ <= kSkip;
  if (last_ != place) {
    if (!follows) from_first_ = listed_ && place <= kSkip;
    listed_ = false;
    run_ = follows ? run_ + 1 : 0;
    reads_ = follows && opened_ ? reads_ + 1 : 0;
    last_ = place;
    opened_ = false;
  }
  Advice advice;
  advice.is_first = run_ == 0;
  advice.expects_reads = reads_ > 0;
  if (under_way() && reads_ == 0) {
    const std::size_t wanted = from_first_ ? run_ * kEager : run_ / kShare + kBegin;
    advice.ahead = std::min(wanted, kAttributes);
  }
  if (reads_ >= kSure) advice.ahead = kFiles;
  return advice;
}

void NameWalk::opened(std::uint32_t place) {
  if (last_ == place) opened_ = true;
}

}  // namespace pailfs::fs
