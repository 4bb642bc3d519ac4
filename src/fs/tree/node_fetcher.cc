// SPDX-License-Identifier: Apache-2.0
#include "node_fetcher.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// A GET of so little is as quick as a HEAD.
constexpr std::uint64_t kTiny = 16U << 10U;
/// Directories that are being walked through at a time, and how long nobody may go on in one.
constexpr std::size_t kWalks = 64;
constexpr std::chrono::seconds kPause{2};
/// An answer of that age is not asked for again.
constexpr std::chrono::seconds kFresh{1};
/// What a listing said that long ago is not gone by any more.
constexpr std::chrono::seconds kStale{5};

}  // namespace

NodeFetcher::Walk& NodeFetcher::walk_in(const std::string& directory) {
  if (walks_.size() >= kWalks && !walks_.contains(directory)) {
    walks_.erase(std::min_element(walks_.begin(), walks_.end(),
                                  [](auto& a, auto& b) { return a.second.last < b.second.last; }));
  }
  const MonoTime now = clock_.now();
  Walk& walk = walks_[directory];
  if (walk.last + kPause < now) walk.names = NameWalk();
  walk.last = now;
  return walk;
}

NameWalk::Advice NodeFetcher::note(const std::string& path, std::size_t expected) {
  const auto place = names_.place(path);
  if (!place) return {};
  MutexLock lock(mutex_);
  return walk_in(parent_path(path)).names.next({place->id, place->is_file, place->end, expected});
}

NodeFetcher::Habit NodeFetcher::listed(const std::string& directory) {
  MutexLock lock(mutex_);
  const auto before = walks_.find(std::exchange(listed_last_, directory));
  const bool just_now = before != walks_.end() && clock_.now() <= before->second.last + kPause;
  const Habit habit = just_now ? before->second.names.habit() : Habit{};
  walk_in(directory).names.listed(habit);
  return habit;
}

void NodeFetcher::expects(const std::string& directory, Habit habit, std::size_t most) {
  if (!habit.asks) return;
  const ListedNames::WithoutAttributes which{.end = most, .all = habit.all || habit.reads};
  fetch_all(directory, names_.select(directory, which), habit.reads);
}

void NodeFetcher::touched(const std::string& path) {
  {
    MutexLock lock(mutex_);
    if (!walks_.contains(parent_path(path))) return;
  }
  fetch_ahead(path, note(path));
}

void NodeFetcher::expects_all(const std::string& path) {
  constexpr std::size_t kAbreast = 64;
  fetch_ahead(path, note(path, kAbreast));
}

void NodeFetcher::opened(const std::string& path) {
  const auto place = names_.place(path);
  if (!place) return;
  NameWalk::Advice advice;
  {
    MutexLock lock(mutex_);
    advice = walk_in(parent_path(path)).names.opened({place->id, place->is_file, place->end});
  }
  fetch_ahead(path, advice);
}

std::size_t NodeFetcher::files_ahead() const {
  return blocks_.budget().small_files();
}

bool NodeFetcher::is_walked(const std::string& directory) {
  MutexLock lock(mutex_);
  const auto walk = walks_.find(directory);
  return walk != walks_.end() && walk->second.names.under_way() &&
         clock_.now() <= walk->second.last + kPause;
}

void NodeFetcher::fetch_ahead(const std::string& path, const NameWalk::Advice& advice) {
  if (advice.ahead == 0) return;
  const bool whole = advice.expects_reads;
  // A file that is to be opened must be known for a moment only.
  ListedNames::WithoutAttributes which{.from = advice.from,
                                       .end = advice.until,
                                       .all = advice.all,
                                       .age = whole ? std::optional(kFresh) : std::nullopt};
  const std::string directory = parent_path(path);
  fetch_all(directory, names_.select(directory, which), whole);
  if (!whole || directory.empty() || !advice.reaches_end) return;
  which.from = 0;
  which.end = advice.ahead;
  for (const std::string& next : names_.directories_after(directory, 1)) {
    const std::string below = join_path(parent_path(directory), next);
    fetch_all(below, names_.select(below, which), whole);
  }
}

void NodeFetcher::fetch_all(const std::string& directory, Names names, bool whole) {
  for (auto& [name, listed] : names) {
    const bool all = whole && listed.file && listed.size <= kSmallObject;
    std::string next = join_path(directory, name);
    const auto ticket = flights_.join(next);
    if (!ticket.is_first) continue;
    const MonoTime submitted = clock_.now();
    pool_.submit([this, next = std::move(next), listed = std::move(listed), all,
                  flight = ticket.flight, submitted] {
      if (clock_.now() - submitted < kStale) return flights_.land(flight, learn(next, listed, all));
      // Another client may have made a file of the directory since; a thread that waits for this
      // flight asks for both.
      flights_.land(flight, Error{ENOENT, printable(next) + ": was listed too long ago"});
    });
  }
}

Result<Node> NodeFetcher::fetch(const std::string& path, const ListedName& listed) {
  const auto advice = note(path);
  fetch_ahead(path, advice);
  return flights_.share(path, [&] {
    const std::uint64_t most = advice.expects_reads ? kSmallObject : advice.is_first ? kTiny : 0;
    return learn(path, listed, listed.file && listed.size <= most);
  });
}

Result<Node> NodeFetcher::fetch_to_read(const std::string& path, const Node& known) {
  return flights_.share(path, [&] {
    ListedName last;
    last.file = true;
    last.size = known.info.size;
    last.etag = known.info.etag;
    return learn(path, last, true);
  });
}

Result<Node> NodeFetcher::learn(const std::string& path, const ListedName& listed, bool whole) {
  const MonoTime asked = clock_.now();
  // Another flight may have brought it between the caller's look into the cache and the beginning
  // of this one.
  const auto learnt = cache_.learnt_at(path);
  std::optional<Node> known;
  if (learnt && asked - *learnt < kFresh) known = cache_.find(path);
  if (known && known->form != Form::absent) return std::move(*known);
  auto node = ask(path, listed, whole);
  if (node) {
    cache_.keep_ctime(path, *node);
    cache_.learn(path, *node, asked);
  }
  return node;
}

Result<Node> NodeFetcher::ask(const std::string& path, const ListedName& listed, bool whole) {
  if (!listed.file) {
    if (names_.marker(path) != Presence::absent) {
      const auto marker = store_.head(directory_key(config_.prefix, path));
      if (marker) return decode(*marker, true, config_);
      if (marker.error().err != ENOENT) return marker.error();
    }
    Node node;
    node.form = Form::implicit_directory;
    node.stat = implicit_directory_stat(config_);
    node.stat.size = 4096;
    return node;
  }
  const store::Key key = file_key(config_.prefix, path);
  if (whole && listed.size > 0) {
    const auto info = blocks_.fetch_whole({key, listed.etag, listed.size});
    if (info) return decode(*info, false, config_);
    // Another version than the listed one, or no memory for it: then without its bytes.
    if (info.error().err != ESTALE && info.error().err != ENOMEM) return info.error();
  }
  for (const bool again : {true, false}) {
    const auto info = store_.head(key);
    if (!info) return info.error();
    // One version has one size: a HEAD that tells another than the listing is asked again.
    const bool contradicts =
        !listed.etag.empty() && info->etag == listed.etag && info->size != listed.size;
    if (!contradicts) return decode(*info, false, config_);
    if (again) continue;
    return Error{EIO, printable(key) + ": listed with " + std::to_string(listed.size) +
                          " bytes, and the same version with " + std::to_string(info->size)};
  }
  return Error{EIO, printable(key)};
}

}  // namespace pailfs::fs
