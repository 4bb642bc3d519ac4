// SPDX-License-Identifier: Apache-2.0
#include "overlay.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace pailfs::journal {
namespace {

/// Counting stops here.
constexpr std::size_t kMostLooked = 4000;

store::ListedObject listed(const store::Key& key, const Want& want) {
  return {key, want.size, want.etag, std::chrono::floor<std::chrono::seconds>(want.time)};
}

/// The common prefix that stands for `key` in a listing; nothing: it shows as itself.
std::optional<std::string> group_of(const store::ListRequest& request, const store::Key& key) {
  if (!request.delimited) return std::nullopt;
  const std::size_t slash = key.find('/', request.prefix.size());
  if (slash == std::string::npos) return std::nullopt;
  return key.substr(0, slash + 1);
}

}  // namespace

std::size_t Overlay::removals_below(const std::string& prefix) const {
  std::size_t count = 0;
  std::size_t looked = 0;
  const auto& entries = pending_.entries();
  for (auto at = entries.lower_bound(prefix);
       at != entries.end() && at->first.starts_with(prefix) && count < kStorePage; ++at) {
    if (at->second.want.kind == Want::Kind::absent) ++count;
    if (++looked == kMostLooked) return kStorePage;
  }
  return count;
}

bool Overlay::is_known_all_removed(const std::string& prefix, MonoTime now) {
  Knowledge::Tally tally;
  const auto& entries = pending_.entries();
  for (auto at = entries.lower_bound(prefix); at != entries.end() && at->first.starts_with(prefix);
       ++at) {
    if (at->second.want.kind != Want::Kind::absent) return false;
    // A key that the store never had is not in its count.
    if (at->second.base.kind == Base::Kind::absent) continue;
    ++tally.count;
    tally.sum += Knowledge::digest(at->first);
  }
  if (tally.count == 0) return false;
  const auto below = knowledge_.below(prefix, now);
  return below && *below == tally;
}

bool Overlay::was_removed_below(const std::string& prefix, MonoTime since) const {
  bool found = false;
  confirmed_.visit_since(since, [&](const store::Key& key, const Want& want) {
    found = want.kind == Want::Kind::absent && key.starts_with(prefix);
    return !found;
  });
  return found;
}

bool Overlay::is_removed(const store::Key& key, MonoTime since) const {
  if (const Pending::Entry* entry = pending_.find(key)) {
    return entry->want.kind == Want::Kind::absent;
  }
  bool removed = false;
  confirmed_.visit_since(since, [&](const store::Key& changed, const Want& want) {
    if (changed != key) return true;
    removed = want.kind == Want::Kind::absent;
    return false;
  });
  return removed;
}

void Overlay::lay_confirmed_names(Items& items, MonoTime asked) {
  for (auto& [name, item] : items) {
    if (!item.object) continue;
    store::ListedObject& object = *item.object;
    object.etag = confirmed_.shown_name(object.key, object.etag);
    const Want* stored = confirmed_.content(object.key, asked);
    if (stored != nullptr && stored->etag != object.etag) confirmed_.forget_content(object.key);
  }
}

Overlay::Items Overlay::lay_over(const store::ListRequest& request, const store::ListPage& page,
                                 MonoTime asked, const std::string& after) {
  Items items;
  std::string last;
  for (const store::ListedObject& object : page.objects) {
    last = std::max(last, object.key);
    items[object.key] = {object, true};
  }
  for (const std::string& prefix : page.prefixes) {
    last = std::max(last, prefix);
    items[prefix] = {std::nullopt, true};
  }
  const bool to_the_end = page.next.empty();
  const auto show = [&](const store::Key& key, const Want& want, bool in_store) {
    const auto group = group_of(request, key);
    const std::string& name = group ? *group : key;
    // Names up to `after` count only if this page shows them, as a page without order may.
    if (name <= after && items.count(name) == 0) return;
    if (!to_the_end && name > last) return;
    const bool absent = want.kind == Want::Kind::absent;
    if (group) {
      if (!absent) items[name] = {std::nullopt, in_store};
    } else if (absent) {
      items.erase(key);
    } else {
      items[key] = {listed(key, want), false};
    }
  };
  lay_confirmed_names(items, asked);
  // Changes confirmed while the store was asked may be in its page or not.
  std::set<std::string_view> shown;
  confirmed_.visit_since(asked, [&](const store::Key& key, const Want& want) {
    const bool is_last_word = shown.insert(key).second;
    if (is_last_word && key.starts_with(request.prefix)) show(key, want, true);
    return true;
  });
  // From `after` on: keys before it that share its common prefix have been shown.
  const std::string first = items.empty() ? after : std::min(after, items.begin()->first);
  const auto& entries = pending_.entries();
  for (auto at = entries.lower_bound(std::max(request.prefix, first));
       at != entries.end() && at->first.starts_with(request.prefix); ++at) {
    if (!to_the_end && group_of(request, at->first).value_or(at->first) > last) break;
    show(at->first, at->second.want, false);
  }
  return items;
}

}  // namespace pailfs::journal
