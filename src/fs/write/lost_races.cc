// SPDX-License-Identifier: Apache-2.0
#include "lost_races.h"

#include "pailfs/cache/kept_conflicts.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {

bool LostRaces::is_one(const FileContent& content) {
  const int err = content.last_failure().err;
  return content.has_unstored_bytes() && content.stat().size > 0 &&
         (err == ESTALE || err == EEXIST);
}

Result<std::string> LostRaces::write(const std::string& path, const FileContent& content) const {
  if (directory_.empty()) return Error{ENOENT, "there is no directory for them"};
  const auto kept = cache::KeptConflicts::open(directory_);
  if (!kept) return kept.error();
  cache::Conflict what{path, content.last_failure().text, clock_.wall(), content.stat().size, {},
                       {}};
  what.metadata = content.attributes().metadata;
  if (content.local()) what.ranges = content.local()->present().present({0, content.stat().size});
  return kept->keep(what, [&](std::uint64_t offset, std::span<char> out) {
    return content.local()->read(offset, out);
  });
}

void LostRaces::keep(const std::string& path, const FileContent& content) {
  const auto file = write(path, content);
  const std::string& why = content.last_failure().text;
  const std::string what = "conflict: " + printable(path) + " is another client's version; ";
  if (file) {
    log_critical(what + "what was written here is kept in " + *file +
                 " (pailfs conflicts): " + why);
  } else {
    log_critical(what + "what was written here could not be kept (" + file.error().text +
                 "): " + why);
  }
  MutexLock lock(mutex_);
  ++count_;
  last_.push_back({path, file ? *file : std::string(), why});
  if (last_.size() > Activity::kMostShown) last_.pop_front();
}

void LostRaces::report(Activity& activity) {
  MutexLock lock(mutex_);
  activity.lost_races = count_;
  activity.last_lost_races.assign(last_.begin(), last_.end());
}

}  // namespace pailfs::fs
