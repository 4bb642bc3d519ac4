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

LostRaces::Bytes LostRaces::bytes_of(const FileContent& content) {
  Bytes bytes{
      content.last_failure(), content.stat().size, content.attributes(), {}, content.local()};
  if (bytes.local) bytes.ranges = bytes.local->present().present({0, bytes.size});
  return bytes;
}

Result<std::string> LostRaces::write(const std::string& path, const Bytes& bytes) const {
  if (directory_.empty()) return Error{ENOENT, "there is no directory for them"};
  const auto kept = cache::KeptConflicts::open(directory_);
  if (!kept) return kept.error();
  const cache::Conflict what{path,       bytes.why.text, clock_.wall(),
                             bytes.size, bytes.ranges,   bytes.attributes.metadata,
                             mountpoint_};
  return kept->keep(what, [&](std::uint64_t offset, std::span<char> out) {
    return bytes.local->read(offset, out);
  });
}

std::string LostRaces::keep(const std::string& path, const Bytes& bytes) {
  const auto file = write(path, bytes);
  const std::string& why = bytes.why.text;
  const bool gone = bytes.why.http_status == 404 || bytes.why.s3_code == "NoSuchKey";
  const std::string what =
      "conflict: " + printable(path) +
      (gone ? " was removed by another client; " : " is another client's version; ");
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
  return file ? *file : std::string();
}

void LostRaces::forget(const std::string& kept_in) {
  if (kept_in.empty()) return;
  const auto kept = cache::KeptConflicts::open(directory_);
  const std::string name = kept_in.substr(kept_in.rfind('/') + 1);
  if (kept) static_cast<void>(kept->forget(name.substr(0, name.rfind('.'))));
  MutexLock lock(mutex_);
  std::erase_if(last_, [&](const LostRace& race) { return race.kept_in == kept_in; });
  --count_;
}

void LostRaces::report(Activity& activity) {
  MutexLock lock(mutex_);
  activity.lost_races = count_;
  activity.last_lost_races.assign(last_.begin(), last_.end());
}

}  // namespace pailfs::fs
