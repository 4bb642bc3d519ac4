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

NameWalk::Advice NameWalk::next(const Name& name) {
  const std::uint32_t place = name.place;
  const bool read = reads_ > 0;
  if (last_ != place) {
    const bool goes_on = follows(place);
    if (!goes_on) begin_at(place);
    listed_ = false;
    run_ = goes_on ? run_ + 1 : 0;
    reads_ = goes_on && opened_ ? reads_ + 1 : 0;
    last_ = place;
    opened_ = false;
  }
  // What was left out of the advice before is wanted now.
  const bool all = name.is_file || name.expected > 0;
  if ((all && !asks_all_) || (reads_ > 0) != read) until_ = 0;
  asks_all_ = asks_all_ || all;
  const bool as_before = from_first_ && before_.asks;
  const bool reads_as_before = as_before && before_.reads && run_ == 0;
  Advice advice;
  advice.is_first = run_ == 0 && !as_before;
  advice.expects_reads = reads_ > 0 || reads_as_before;
  advice.all = asks_all_ || advice.expects_reads;
  if (under_way() && reads_ == 0) {
    const std::size_t wanted = from_first_ ? run_ * kEager : run_ / kShare + kBegin;
    advice.ahead = as_before ? kAttributes : std::min(wanted, kAttributes);
  }
  if (reads_ >= kSure || (reads_ > 0 && as_before) || reads_as_before) advice.ahead = kFiles;
  advice.ahead = std::max(advice.ahead, name.expected);
  if (advice.ahead == 0) return advice;
  advice.from = std::max(place + 1, until_);
  advice.until = place + 1 + advice.ahead;
  advice.reaches_end = advice.until > name.end;
  const auto end = std::min<std::size_t>(name.end, advice.until);
  until_ = std::max(until_, static_cast<std::uint32_t>(end));
  return advice;
}

void NameWalk::begin_at(std::uint32_t place) {
  from_first_ = listed_ && place <= kSkip;
  asks_all_ = from_first_ && before_.all;
  until_ = 0;
}

bool NameWalk::under_way() const {
  if (!from_first_) return run_ >= kSure;
  return before_.asks || run_ > 0;
}

NameWalk::Habit NameWalk::habit() const {
  Habit habit;
  habit.asks = from_first_ && under_way();
  habit.all = habit.asks && asks_all_;
  // Where only the first was asked about, a directory, nothing is known of files.
  habit.reads = habit.asks && (reads_ > 0 || opened_ || (run_ == 0 && before_.reads));
  return habit;
}

NameWalk::Advice NameWalk::opened(const Name& name) {
  const std::uint32_t place = name.place;
  Advice advice;
  // Of another file in between nothing is learnt.
  if (last_ && *last_ != place && !follows(place)) return advice;
  if (last_ != place) advice = next(name);
  opened_ = true;
  return advice;
}

bool NameWalk::follows(std::uint32_t place) const {
  return last_ && place > *last_ && place - *last_ <= kSkip;
}

}  // namespace pailfs::fs
