// SPDX-License-Identifier: Apache-2.0
#include "knowledge.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace pailfs::journal {
namespace {

constexpr std::size_t kMostSeen = 50'000;
constexpr std::size_t kMostReadings = 16;
constexpr std::size_t kMostChanges = 4096;
constexpr std::size_t kMostNames = 500'000;
constexpr std::size_t kMostListings = 10'000;
/// A version may be replaced by another client, which a condition or a look before sending finds
/// out.
constexpr std::chrono::hours kVersionLife{1};
/// An absent key may be made by any client.
constexpr std::chrono::seconds kAbsenceLife{60};

/// "a/b/" of "a/b/c" and of "a/b/c/".
std::string directory_of(const store::Key& key) {
  if (key.size() < 2) return {};
  const std::size_t slash = key.rfind('/', key.size() - 2);
  return slash == std::string::npos ? std::string() : key.substr(0, slash + 1);
}

/// Calls `visit` with each directory prefix that `key` is below or is: "", "a/", "a/b/" of "a/b/".
void for_each_prefix(const store::Key& key, const std::function<void(const std::string&)>& visit) {
  visit({});
  for (std::size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    visit(key.substr(0, at + 1));
  }
}

}  // namespace

Knowledge::Knowledge() : seen_(kMostSeen) {}

std::uint64_t Knowledge::digest(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

/// Digest of the name under which a listing of `prefix` shows `key`.
std::uint64_t Knowledge::shown(bool flat, const std::string& prefix, const store::Key& key) {
  const std::size_t slash = flat ? std::string::npos : key.find('/', prefix.size());
  return slash == std::string::npos ? digest(key)
                                    : digest(std::string_view(key).substr(0, slash + 1));
}

void Knowledge::note(const store::Key& key, const Known& known) {
  const auto before = find(key, known.time);
  const bool present = known.base.kind == Base::Kind::version;
  const bool same = before && before->base.kind == known.base.kind;
  const int by = same ? 0 : (present ? 1 : -1);
  count(key, by, before ? std::optional(before->time) : std::nullopt, known.time);
  const MonoTime good_until =
      known.time + (present ? MonoTime::duration(kVersionLife) : MonoTime::duration(kAbsenceLife));
  seen_.put(key, known, good_until);
}

void Knowledge::saw(const store::Key& key, const Known& known) {
  if (!may_tell(key, known.time, changed_since(known.time))) return;
  // The key has an object, but a reply without an ETag does not tell its version.
  if (known.base == Base::of({})) return forget(key);
  note(key, known);
}

void Knowledge::changed(const store::Key& key, const Known& known) {
  changes_.emplace_back(known.time, key);
  if (changes_.size() > kMostChanges) changes_.pop_front();
  note(key, known);
}

/// Keys that we have changed since then; nothing: there are more than are remembered.
std::optional<Knowledge::Keys> Knowledge::changed_since(MonoTime since) const {
  if (changes_.size() == kMostChanges && changes_.front().first >= since) return std::nullopt;
  Keys keys;
  for (auto change = changes_.rbegin(); change != changes_.rend() && change->first >= since;
       ++change) {
    keys.insert(change->second);
  }
  return keys;
}

bool Knowledge::may_tell(const store::Key& key, MonoTime asked, const std::optional<Keys>& ours) {
  const Known* newer = seen_.find(key, asked);
  if (newer != nullptr) return newer->time <= asked;
  return ours && !ours->contains(key);
}

void Knowledge::forget(const store::Key& key) {
  seen_.erase(key);
  count(key, 0, std::nullopt, MonoTime());
}

void Knowledge::count(const store::Key& key, int by, std::optional<MonoTime> known, MonoTime now) {
  // A listing since then may have shown another state.
  for_each_prefix(key, [&](const std::string& prefix) {
    const auto found = tallies_.find(prefix);
    if (found != tallies_.end() && known && *known < found->second.time) known.reset();
  });
  if (known && by == 0) return;
  // A name too many is harmless: it only leads to a removal of an absent key.
  if (!known || by > 0) add_name(key, now);
  const std::uint64_t name = digest(key);
  for_each_prefix(key, [&](const std::string& prefix) {
    const auto found = tallies_.find(prefix);
    if (found == tallies_.end()) return;
    if (!known) {
      tallies_.erase(found);
    } else {
      Tally& tally = found->second.tally;
      tally.count += by > 0 ? 1 : ~std::uint64_t{0};
      tally.sum += by > 0 ? name : 0 - name;
    }
  });
}

/// Notes that there may be an object at `key` now. Other keys that a listing lacks stay absent.
void Knowledge::add_name(const store::Key& key, MonoTime now) {
  for_each_prefix(key, [&](const std::string& prefix) {
    const auto found = listings_.find(prefix);
    if (found == listings_.end()) return;
    Listing& listing = found->second;
    if (listing.time + kAbsenceLife <= now) {
      names_ -= listing.names.size();
      listings_.erase(found);
      return;
    }
    listing.tells_empty = false;
    const std::uint64_t name = shown(listing.flat, prefix, key);
    const auto at = std::lower_bound(listing.names.begin(), listing.names.end(), name);
    if (at != listing.names.end() && *at == name) return;
    listing.names.insert(at, name);
    ++names_;
    // The directory was empty, so it has only the keys that we put into it.
    const std::size_t slash = key.find('/', prefix.size());
    if (listing.flat || slash == std::string::npos) return;
    const auto [fresh, made] = listings_.try_emplace(key.substr(0, slash + 1));
    if (!made && fresh->second.time >= listing.time) return;
    names_ -= fresh->second.names.size();
    fresh->second = {listing.time, true, false, {}};  // the key itself is added next
  });
  bound();
}

void Knowledge::saw_page(const store::ListRequest& request, const store::ListPage& page,
                         MonoTime asked) {
  const bool directory = request.prefix.empty() || request.prefix.back() == '/';
  if (!directory && request.continuation.empty() &&
      (page.objects.empty() || page.objects.front().key != request.prefix)) {
    saw(request.prefix, {Base::none(), 0, asked});  // a key comes before all that begin with it
  }
  const auto ours = changed_since(asked);
  for (const store::ListedObject& object : page.objects) {
    if (object.etag.empty() || !may_tell(object.key, asked, ours)) continue;
    seen_.put(object.key, {Base::of(object.etag), object.size, asked}, asked + kVersionLife);
  }
  Reading reading;
  if (!request.continuation.empty()) {
    const auto earlier = std::find_if(readings_.begin(), readings_.end(), [&](const Reading& each) {
      return each.prefix == request.prefix && each.delimited == request.delimited &&
             each.continuation == request.continuation;
    });
    if (earlier == readings_.end()) return;
    reading = std::move(*earlier);
    readings_.erase(earlier);
  } else {
    reading.prefix = request.prefix;
    reading.delimited = request.delimited;
    reading.time = asked;
  }
  add(reading, page);
  if (reading.names.size() > kMostNames / 4) return;
  if (page.next.empty()) return complete(std::move(reading));
  reading.continuation = page.next;
  readings_.push_back(std::move(reading));
  if (readings_.size() > kMostReadings) readings_.pop_front();
}

void Knowledge::add(Reading& reading, const store::ListPage& page) const {
  for (const store::ListedObject& object : page.objects) {
    const std::uint64_t name = digest(object.key);
    reading.names.push_back(name);
    for_each_prefix(object.key, [&](const std::string& prefix) {
      if (prefix.size() < reading.prefix.size()) return;
      Tally& tally = reading.tallies[prefix];
      ++tally.count;
      tally.sum += name;
    });
  }
  for (const std::string& prefix : page.prefixes) {
    reading.names.push_back(digest(prefix));
    reading.has_prefixes = true;
  }
}

void Knowledge::complete(Reading reading) {
  // Only listings of directories: keys that begin with "a/b" do not tell all about "a/".
  if (!reading.prefix.empty() && reading.prefix.back() != '/') return;
  const auto ours = changed_since(reading.time);
  if (!ours) return;
  const bool flat = !reading.delimited || !reading.has_prefixes;
  bool quiet = true;
  for (const std::string_view key : *ours) {
    if (!key.starts_with(reading.prefix)) continue;
    // The listing may or may not show our change.
    quiet = false;
    reading.names.push_back(shown(flat, reading.prefix, store::Key(key)));
  }
  if (flat && quiet) {
    reading.tallies.try_emplace(reading.prefix);
    const auto below = tallies_.lower_bound(reading.prefix);
    auto end = below;
    while (end != tallies_.end() && end->first.starts_with(reading.prefix)) ++end;
    tallies_.erase(below, end);
    for (const auto& [prefix, tally] : reading.tallies) tallies_[prefix] = {reading.time, tally};
  }
  std::sort(reading.names.begin(), reading.names.end());
  Listing& listing = listings_[reading.prefix];
  names_ += reading.names.size();
  names_ -= listing.names.size();
  listing = {reading.time, flat, flat && quiet, std::move(reading.names)};
  bound();
}

void Knowledge::bound() {
  // Rare and harmless: the store is asked again about a big tree.
  if (names_ > kMostNames || listings_.size() > kMostListings) {
    listings_.clear();
    names_ = 0;
  }
  if (tallies_.size() > kMostListings) tallies_.clear();
}

bool Knowledge::listed_absent(const store::Key& key, MonoTime now, MonoTime& when) const {
  const std::string directory = directory_of(key);
  bool absent = false;
  bool told = false;
  for_each_prefix(key, [&](const std::string& prefix) {
    const auto found = listings_.find(prefix);
    if (found == listings_.end() || found->second.time + kAbsenceLife <= now) return;
    const Listing& listing = found->second;
    const bool whole = listing.flat || prefix == directory;
    if (!whole && prefix == key) return;
    const std::uint64_t name = shown(listing.flat, prefix, key);
    const bool has = std::binary_search(listing.names.begin(), listing.names.end(), name);
    // The listing shows a common prefix above the key, which may be there because of the key.
    if (!whole && has) return;
    if (told && listing.time <= when) return;
    told = true;
    when = listing.time;
    absent = !has;
  });
  return absent;
}

std::optional<Knowledge::Known> Knowledge::find(const store::Key& key, MonoTime now) {
  const Known* seen = seen_.find(key, now);
  MonoTime when{};
  // Another client has removed the key since it was seen.
  const bool gone = listed_absent(key, now, when) && (seen == nullptr || when > seen->time);
  if (gone) return Known{Base::none(), 0, when};
  return seen != nullptr ? std::optional(*seen) : std::nullopt;
}

std::optional<Knowledge::Tally> Knowledge::below(const std::string& prefix, MonoTime now) const {
  const auto found = tallies_.find(prefix);
  if (found != tallies_.end()) {
    if (found->second.time + kAbsenceLife <= now) return std::nullopt;
    return found->second.tally;
  }
  // A flat listing of a directory above shows nothing below this prefix.
  std::optional<Tally> nothing;
  for_each_prefix(prefix, [&](const std::string& above) {
    const auto listing = listings_.find(above);
    if (listing == listings_.end() || !listing->second.tells_empty) return;
    const auto tally = tallies_.find(above);
    if (tally == tallies_.end() || listing->second.time + kAbsenceLife <= now) return;
    nothing = Tally{};
  });
  return nothing;
}

}  // namespace pailfs::journal
