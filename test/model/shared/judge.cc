// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace pailfs::test::shared {
namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;

// SEMANTICS.md, System calls.
constexpr std::chrono::milliseconds kOpenBelieves = 1s;
constexpr std::chrono::milliseconds kAbsenceBelieves = 1s;

bool is_below(const std::string& path, const std::string& directory) {
  return directory.empty() || path == directory || path.starts_with(directory + "/");
}
bool appends_alone(int flags) {
  return (flags & O_ACCMODE) == O_WRONLY && (flags & O_APPEND) != 0;
}
std::string about(std::size_t mount, const std::string& what) {
  return "mount " + std::to_string(mount) + ": " + what;
}
/// What readers of the content have been shown is in these bytes, in the same places.
bool begins_as_shown(const Content& content, const std::string& bytes) {
  return std::all_of(content.shown.begin(), content.shown.end(), [&](const auto& each) {
    return bytes.compare(std::min(each.first, bytes.size()), each.second.size(), each.second) == 0;
  });
}

}  // namespace

Judge::Judge(Ledger& ledger, Clock& clock, const Shape& shape)
    : ledger_(ledger),
      clock_(clock),
      shape_(shape),
      doing_(shape.mounts),
      refreshed_(shape.mounts),
      gone_(shape.mounts) {
  ledger_.set_watch([this](const std::string& key, const Version& before, const Version& after) {
    watch(key, before, after);
  });
}

std::optional<std::string> Judge::verdict() const {
  const MutexLock lock(ledger_.mutex);
  return verdict_;
}

void Judge::end(std::size_t mount) {
  const MutexLock lock(ledger_.mutex);
  doing_[mount].reset();
}

void Judge::begin(const Step& step, std::uint64_t id) {
  ledger_.begin_step(static_cast<int>(step.mount), id);
  const MutexLock lock(ledger_.mutex);
  doing_[step.mount] = Doing{step, id, clock_.now(), ledger_.last_number(), {}};
}

bool Judge::may_fail(std::size_t mount) const {
  return doing_[mount] && doing_[mount]->step.lost_reply > 0;
}

std::vector<ContentPtr> Judge::of(std::size_t mount, const std::string& path) const {
  std::vector<ContentPtr> found;
  for (const ContentPtr& content : contents_) {
    if (content->mount == mount && !content->path.empty() && content->path == path) {
      found.push_back(content);
    }
  }
  return found;
}

std::string Judge::told(const Content& content) const {
  std::string text = content.made ? "made" : "open";
  if (content.exclusive) text += " exclusively";
  for (const Edit& edit : content.edits) {
    text += edit.kind == Edit::Kind::truncate ? "; cut to "
            : edit.kind == Edit::Kind::append ? "; append "
                                              : "; at ";
    if (edit.kind != Edit::Kind::append) text += std::to_string(edit.at) + " ";
    text += brief(edit.bytes);
  }
  for (const Bytes& base : content.bases) text += "\n      upon " + brief(*base);
  return text;
}

std::uint64_t Judge::own(std::size_t mount, const std::string& key) {
  std::uint64_t last = 0;
  for (const Version& version : ledger_.versions(key)) {
    if (version.by == static_cast<int>(mount)) last = version.number;
  }
  return last;
}

bool Judge::others_changed(std::size_t mount, const std::string& key, std::uint64_t since) {
  const auto& versions = ledger_.versions(key);
  return std::any_of(versions.begin(), versions.end(), [&](const Version& version) {
    return version.number > since && version.by != static_cast<int>(mount);
  });
}

bool Judge::others_changed(const Content& content) {
  return others_changed(content.mount, content.path, content.oldest) ||
         std::any_of(content.former.begin(), content.former.end(), [&](const std::string& path) {
           return others_changed(content.mount, path, content.oldest);
         });
}

std::vector<const Version*> Judge::believable(std::size_t mount, const std::string& key, Past past,
                                              bool by_directory) {
  const auto& doing = doing_[mount];
  MonoTime from = (doing ? doing->began : clock_.now()) - past;
  std::uint64_t least = own(mount, key);
  for (const auto& [path, when] : refreshed_[mount]) {
    const bool counts = is_below(by_directory ? key.substr(0, key.find('/')) : key, path);
    if (counts) from = std::max(from, when);
  }
  const auto& versions = ledger_.versions(key);
  std::vector<const Version*> found;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].number < least) continue;
    const bool last = i + 1 == versions.size();
    // What was replaced while the step was under way could be seen before that.
    const bool then = !last && (versions[i + 1].since >= from ||
                                (doing && versions[i + 1].number > doing->number));
    if (last || then) found.push_back(&versions[i]);
  }
  return found;
}

bool Judge::may_be_absent(std::size_t mount, const std::string& path, Past past) {
  for (const auto& [name, when] : gone_[mount]) {
    if (is_below(path, name) && when >= clock_.now() - past) return true;
  }
  // Its directory may be taken for absent.
  const auto versions = believable(mount, path, past, true);
  return std::any_of(versions.begin(), versions.end(),
                     [](const Version* version) { return !version->exists; });
}

bool Judge::may_exist(std::size_t mount, const std::string& path, Past past) {
  const auto versions = believable(mount, path, past);
  return !of(mount, path).empty() ||
         std::any_of(versions.begin(), versions.end(),
                     [](const Version* version) { return version->exists; });
}

std::string Judge::view(const Content& content, const std::string& base) const {
  return applied(base, content.edits);
}

// Files.

ContentPtr Judge::opened(std::size_t mount, fs::InodeId ino, const std::string& path, int flags,
                         bool unstored) {
  const MutexLock lock(ledger_.mutex);
  ContentPtr content;
  for (const ContentPtr& each : of(mount, path)) {
    if (each->ino == ino) content = each;
  }
  std::vector<Bytes> fresh;
  for (const Version* version : believable(mount, path, kOpenBelieves)) {
    if (version->exists) fresh.push_back(version->bytes);
  }
  if (!content) {
    content = std::make_shared<Content>();
    content->mount = mount;
    content->ino = ino;
    content->path = path;
    content->bases = fresh;
    content->oldest = believable(mount, path, kOpenBelieves).front()->number;
    content->made = (flags & O_CREAT) != 0 && ((flags & O_EXCL) != 0 || unstored) &&
                    ((flags & O_TRUNC) == 0 || fresh.empty());
    content->exclusive = (flags & O_EXCL) != 0;
    if (content->made) content->bases.clear();
    contents_.push_back(content);
    if (!content->made && fresh.empty()) {
      wrong(about(mount, "open shows " + path + ", which has not been there for a second"));
    }
  } else if (!content->is_dirty() && content->bound == 0) {
    // No program has seen which version it was.
    content->bases = fresh;
    content->shown.clear();
  } else if (!content->is_dirty() && content->writers == 0) {
    // Its readers stay with their version, or one that has read to the end goes on with a longer
    // one; then the handles share that.
    std::vector<Bytes> left;
    for (const Bytes& bytes : fresh) {
      const bool known = std::any_of(content->bases.begin(), content->bases.end(),
                                     [&](const Bytes& base) { return *bytes == *base; });
      if (known || begins_as_shown(*content, *bytes)) left.push_back(bytes);
    }
    if (left.empty()) {
      wrong(about(mount, "open shows a version of " + path + " that was replaced long ago"));
    }
    content->bases = left;
  }
  if ((flags & O_TRUNC) != 0) content->edits.push_back({Edit::Kind::truncate, 0});
  ++content->handles;
  if (!appends_alone(flags)) ++content->bound;
  content->was_bound = content->was_bound || content->bound > 0;
  if ((flags & O_ACCMODE) != O_RDONLY) ++content->writers;
  return content;
}

void Judge::edited(Content& content, Edit edit) {
  const MutexLock lock(ledger_.mutex);
  if (!content.is_dirty() && content.bound == 0 && !content.path.empty()) {
    // What is only appended to may be the version of now.
    for (const Version& version : ledger_.versions(content.path)) {
      if (version.exists && version.number > content.oldest) content.bases.push_back(version.bytes);
    }
  }
  content.edits.push_back(std::move(edit));
}

void Judge::open_failed(std::size_t mount, const std::string& path, int flags, int err) {
  const MutexLock lock(ledger_.mutex);
  if (may_fail(mount)) return;
  const bool makes = (flags & O_CREAT) != 0;
  bool right = false;
  const std::uint64_t since = doing_[mount]->number;
  if (err == ENOENT) {
    const std::size_t slash = path.rfind('/');
    // With O_CREAT it is the directory that is missing.
    right = may_be_absent(mount, path, kAbsenceBelieves) && (!makes || slash != std::string::npos);
  } else if (err == EEXIST) {
    right = (flags & O_EXCL) != 0 &&
            may_exist(mount, path, std::chrono::seconds(shape_.attribute_seconds));
  } else if (err == ESTALE) {
    right = others_changed(mount, path, since);
  }
  if (!right) wrong(about(mount, "open " + path + " fails: errno " + std::to_string(err)));
}

void Judge::read(Content& content, std::uint64_t offset, std::size_t size,
                 const std::string& bytes) {
  const MutexLock lock(ledger_.mutex);
  const auto fits = [&](const Bytes& base) {
    const std::string all = view(content, *base);
    const std::string part = offset < all.size() ? all.substr(offset, size) : std::string();
    return part == bytes && begins_as_shown(content, *base);
  };
  std::vector<Bytes> bases = content.bases;
  if (content.made) bases = {std::make_shared<const std::string>()};
  std::vector<Bytes> left;
  std::copy_if(bases.begin(), bases.end(), std::back_inserter(left), fits);
  // A reader at the end may go on with a longer version.
  if (left.empty() && !content.is_dirty() && content.writers == 0 && !content.path.empty()) {
    for (const Version& version : ledger_.versions(content.path)) {
      if (version.exists && version.number >= content.oldest && fits(version.bytes)) {
        left.push_back(version.bytes);
      }
    }
  }
  if (left.empty() && content.uncertain) return;
  if (left.empty()) {
    std::string text = about(content.mount, "read of '" + content.path + "' at " +
                                                std::to_string(offset) + " shows " + brief(bytes) +
                                                ", which no version had; " + told(content));
    for (const auto& [at, seen] : content.shown) {
      text += "\n      shown at " + std::to_string(at) + ": " + brief(seen);
    }
    return wrong(text);
  }
  if (content.made) return;
  content.bases = left;
  if (content.edits.empty() && !bytes.empty()) content.shown.emplace_back(offset, bytes);
}

void Judge::read_failed(const Content& content, int err) {
  const MutexLock lock(ledger_.mutex);
  if (may_fail(content.mount)) return;
  // A service that copies another version than it was asked for leaves a wrong size behind.
  const bool miscopied = err == EIO && !shape_.conditional;
  const bool changed = content.path.empty() || content.uncertain || others_changed(content);
  if (!miscopied && !(err == ESTALE && changed)) {
    wrong(
        about(content.mount, "read of '" + content.path + "' fails: errno " + std::to_string(err)));
  }
}

void Judge::flushed(Content& content, int err, std::uint64_t oldest) {
  const MutexLock lock(ledger_.mutex);
  content.failed = err == 0 && !content.is_dirty() ? 0 : err;
  if (err == 0) content.doubtful.reset();
  if (content.path.empty() || content.uncertain) return;
  if (err == 0) {
    const Version& now = ledger_.now(content.path);
    // A file without bytes is the one that another client has made.
    if (content.made && content.edits.empty() && !content.exclusive && !content.renamed &&
        now.exists) {
      return stored_as(content, now);
    }
    if (!content.is_dirty()) return;
    return wrong(about(content.mount,
                       "'" + content.path + "': acknowledged and not stored: " + told(content)));
  }
  // A failed change whose reply was lost was made all the same.
  const Version& now = ledger_.now(content.path);
  if (may_fail(content.mount) && !content.is_dirty() && now.exists &&
      now.by == static_cast<int>(content.mount) && now.step == doing_[content.mount]->id) {
    content.bases.push_back(now.bytes);
    content.shown.clear();
  }
  const bool told_again = content.has_failed && !content.is_dirty();
  content.has_failed = true;
  if (told_again || may_fail(content.mount)) return;
  const bool lost = err == ESTALE || err == EEXIST;
  if (!lost && !shape_.lost_replies) {
    return wrong(
        about(content.mount, "flush of '" + content.path + "': errno " + std::to_string(err)));
  }
  if (!lost) return;
  const std::uint64_t since = std::exchange(content.oldest, oldest);
  const bool won = others_changed(content);
  content.oldest = since;
  if (!won) {
    return wrong(about(content.mount, "'" + content.path +
                                          "' has lost a race that nobody won: errno " +
                                          std::to_string(err) + "; " + told(content)));
  }
  const auto& versions = ledger_.versions(content.path);
  const bool gone = std::any_of(versions.begin(), versions.end(), [&](const Version& version) {
    return !version.exists && version.number > content.oldest;
  });
  const bool appends =
      content.is_dirty() && only_appends(content.edits) && !content.exclusive && !content.renamed;
  if (appends && !content.was_bound && !gone && !shape_.lost_replies) {
    wrong(about(content.mount,
                "what was appended to '" + content.path + "' has lost a race: " + told(content)));
  }
}

bool Judge::released(const ContentPtr& content, int flags, bool waits) {
  const MutexLock lock(ledger_.mutex);
  --content->handles;
  if (!appends_alone(flags)) --content->bound;
  if ((flags & O_ACCMODE) != O_RDONLY) --content->writers;
  if (content->handles > 0) return false;
  if (waits) return false;
  std::erase(contents_, content);
  // The attempt of the release may have been the one that lost.
  if (!content->is_dirty() || content->path.empty() || content->uncertain) return false;
  const bool cut_away = applied("x", content->edits).empty() ||
                        (content->made && applied("", content->edits).empty());
  return !cut_away;
}

void Judge::kept(const Content& content, const std::optional<std::string>& bytes) {
  const MutexLock lock(ledger_.mutex);
  if (!bytes) {
    return wrong(
        about(content.mount, "'" + content.path + "' lost a race, and its bytes are kept nowhere"));
  }
  // What was written last; of what was written before, later edits may have taken the place.
  if (content.edits.empty() || content.edits.back().kind == Edit::Kind::truncate) return;
  const std::string& ours = content.edits.back().bytes;
  for (std::size_t at = 0; at < ours.size(); at += kRecord) {
    const std::string record = ours.substr(at, kRecord);
    if (bytes->find(record) != std::string::npos) continue;
    return wrong(about(content.mount, "what is kept of '" + content.path + "' is " + brief(*bytes) +
                                          " instead of " + told(content)));
  }
}

}  // namespace pailfs::test::shared
