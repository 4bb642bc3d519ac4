// SPDX-License-Identifier: Apache-2.0
// The changes that are left, and why: for status, sync and unmount.
#include <algorithm>

#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

/// Most names in one sentence; a list has Waiting::kMostShown.
constexpr std::size_t kMostNamed = 5;

}  // namespace

std::string Journal::why_it_waits(const store::Key& key, const Pending::Entry& entry,
                                  const Pending::Needs& needs) {
  const auto need = needs.find(key);
  if (need != needs.end() && need->second != key) {
    return "waits until " + printable(need->second) + " is stored, which has its bytes from here";
  }
  if (entry.attempts > 0 && !last_trouble_.empty()) {
    return "failed " + std::to_string(entry.attempts) + " times, at last: " + last_trouble_;
  }
  const bool removal = entry.want.kind == Want::Kind::absent;
  std::string text =
      removal ? "is removed after all that was made before is stored" : "is not sent yet";
  return last_trouble_.empty() ? text : text + "; the store: " + last_trouble_;
}

Waiting Journal::waiting() {
  MutexLock lock(mutex_);
  Waiting waiting;
  waiting.directory = directory_.path;
  waiting.changes = pending_.entries().size();
  waiting.bytes = pending_.bytes();
  waiting.refusals = pending_.refusals();
  const MonoTime now = clock_.now();
  const Pending::Needs needs = pending_.needs_of_refused();
  MonoTime oldest = now;
  for (const auto& [key, entry] : pending_.entries()) {
    oldest = std::min(oldest, entry.first);
    auto& list = entry.refusal ? waiting.refused : waiting.others;
    if (list.size() == Waiting::kMostShown) continue;
    list.push_back({key, entry.refusal ? entry.refusal->text : why_it_waits(key, entry, needs)});
  }
  waiting.oldest = std::chrono::duration_cast<std::chrono::seconds>(now - oldest);
  waiting.carried_out = carried_out_;
  waiting.conflicts = conflicts_;
  waiting.set_aside.assign(set_aside_.begin(), set_aside_.end());
  waiting.acknowledges = acknowledges_;
  return waiting;
}

std::string Journal::left_behind() {
  std::string text = std::to_string(pending_.entries().size()) + " changes (" +
                     human_size(pending_.bytes()) + ") are still in the journal " +
                     directory_.path + "; the next mount with this cache carries them out";
  std::size_t named = 0;
  for (const auto& [key, entry] : pending_.entries()) {
    if (!entry.refusal || named == kMostNamed) continue;
    text += (named++ == 0 ? "; refused: " : "; ") + printable(key) + ": " + entry.refusal->text;
  }
  if (pending_.refusals() > named) {
    text += "; and " + std::to_string(pending_.refusals() - named) + " more";
  }
  if (named == 0 && !last_trouble_.empty()) text += "; last failure: " + last_trouble_;
  return text;
}

}  // namespace pailfs::journal
