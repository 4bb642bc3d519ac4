// SPDX-License-Identifier: Apache-2.0
#include "name_walk.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

/// A program that skips more names is on no walk.
constexpr std::uint32_t kSkip = 16;
/// The most names whose attributes are asked for: a service answers so many questions side by side.
/// But where a walk ends is not known, so that no more than a share of the names that it has passed
/// is asked for ahead: requests in vain stay few beside the others.
constexpr std::size_t kAttributes = 64;
constexpr unsigned kShare = 4;
/// Names ahead where a walk begins, each of which would take a round trip.
constexpr unsigned kBegin = 4;
/// Names ahead for each that was passed, where all were listed right before: `ls -l` of a thousand
/// names far away took 27 round trips with the two numbers above.
constexpr std::size_t kEager = 8;
/// The most files that are fetched whole: the program must open them within kFreshToOpen.
constexpr std::size_t kFiles = 16;

}  // namespace

NameWalk::Advice NameWalk::on_question(const Name& name) {
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
  // The names of earlier advice are advised again: certain files, or files' bytes, were left out.
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
  // Where the first name alone was asked about it may be a directory, which tells nothing of files.
  habit.reads = habit.asks && (reads_ > 0 || opened_ || (run_ == 0 && before_.reads));
  return habit;
}

NameWalk::Advice NameWalk::on_open(const Name& name) {
  const std::uint32_t place = name.place;
  Advice advice;
  // An open of a file elsewhere in the directory tells nothing of the walk.
  if (last_ && *last_ != place && !follows(place)) return advice;
  if (last_ != place) advice = on_question(name);
  opened_ = true;
  return advice;
}

bool NameWalk::follows(std::uint32_t place) const {
  return last_ && place > *last_ && place - *last_ <= kSkip;
}

}  // namespace pailfs::fs
