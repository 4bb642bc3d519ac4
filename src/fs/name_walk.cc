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
/// The first few are a round trip each, of which `ls -l` of a thousand names far away has 25.
constexpr unsigned kBegin = 4;
/// Whole files: they must be opened before what was learnt with them is a second old.
constexpr std::size_t kFiles = 16;

}  // namespace

NameWalk::Advice NameWalk::next(std::uint32_t place) {
  const bool follows = last_ && place > *last_ && place - *last_ <= kSkip;
  if (last_ != place) {
    run_ = follows ? run_ + 1 : 0;
    reads_ = follows && opened_ ? reads_ + 1 : 0;
    last_ = place;
    opened_ = false;
  }
  Advice advice;
  advice.is_first = run_ == 0;
  advice.expects_reads = reads_ > 0;
  if (under_way() && reads_ == 0)
    advice.ahead = std::min<std::size_t>(run_ / kShare + kBegin, kAttributes);
  if (reads_ >= kSure) advice.ahead = kFiles;
  return advice;
}

void NameWalk::opened(std::uint32_t place) {
  if (last_ == place) opened_ = true;
}

}  // namespace pailfs::fs
