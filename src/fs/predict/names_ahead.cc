// SPDX-License-Identifier: Apache-2.0
#include "names_ahead.h"

#include "small_files.h"

namespace pailfs::fs {

std::uint64_t whole_up_to(const NameWalk::Advice& advice) {
  if (advice.expects_reads) return kSmallObject;
  return advice.is_first ? kTinyObject : 0;
}

NamesAhead names_here(const NameWalk::Advice& advice) {
  if (advice.ahead == 0) return {};
  NamesAhead names{.from = advice.from, .end = advice.until, .all = advice.all};
  if (advice.expects_reads) {
    names.whole_up_to = kSmallObject;
    // The open would ask again about attributes that are older.
    names.age = kFreshToOpen;
  }
  return names;
}

NamesAhead names_in_next_directory(const NameWalk::Advice& advice) {
  if (!advice.expects_reads || !advice.reaches_end) return {};
  NamesAhead names = names_here(advice);
  names.from = 0;
  names.end = advice.ahead;
  return names;
}

NamesAhead first_names(NameWalk::Habit habit) {
  if (!habit.asks) return {};
  return {.end = kFirstNames,
          .all = habit.all || habit.reads,
          .whole_up_to = habit.reads ? kSmallObject : 0};
}

}  // namespace pailfs::fs
