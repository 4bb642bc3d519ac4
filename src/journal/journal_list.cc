// SPDX-License-Identifier: Apache-2.0
// list: pages of the store with what waits laid over them. A page of ours can hold more than one of
// the store's, or a part of one: a continuation is the name after which to go on, and how the
// store's page is asked for in which that is.
#include <algorithm>
#include <set>
#include <string_view>

#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

constexpr std::size_t kStorePage = 1000;
/// Counting goes no further: more is only a matter of how many pages are asked for.
constexpr std::size_t kMostLooked = 4000;

store::ListedObject listed(const store::Key& key, const Want& want) {
  return {key, want.size, want.etag, std::chrono::floor<std::chrono::seconds>(want.time)};
}

/// What of `key` a common prefix shows in a listing; nothing: it shows as itself.
std::optional<std::string> group_of(const store::ListRequest& request, const store::Key& key) {
  if (!request.delimited) return std::nullopt;
  const std::size_t slash = key.find('/', request.prefix.size());
  if (slash == std::string::npos) return std::nullopt;
  return key.substr(0, slash + 1);
}

}  // namespace

/// How far a listing has come.
struct Journal::Position {
  std::string after;    ///< the last name that was given out; empty: none
  std::string inner;    ///< the store's continuation
  bool inside = false;  ///< `after` is in the page that is asked for with it

  [[nodiscard]] std::string text() const {
    return (inside ? "+" : "-") + std::to_string(after.size()) + ":" + after + inner;
  }
  static std::optional<Position> parse(const std::string& text) {
    if (text.empty()) return Position{};
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    const auto length = parse_uint(text.substr(1, colon - 1));
    if (!length || *length > text.size() - colon - 1) return std::nullopt;
    const std::string rest = text.substr(colon + 1);
    return Position{rest.substr(0, *length), rest.substr(*length), text.front() == '+'};
  }
};

/// One page of ours in the making.
struct Journal::Overlay {
  struct Item {
    std::optional<store::ListedObject> object;  ///< none: a common prefix
    bool from_store = false;  ///< a prefix that the store shows and nothing waiting
  };
  const store::ListRequest& request;
  std::map<std::string, Item> items = {};  ///< of one page of the store, in its range
  MonoTime asked{};                        ///< when the store was asked for that page
};

std::size_t Journal::removals_below(const std::string& prefix) {
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

/// Every object that the store is known to hold below `prefix` is about to be removed. Only said
/// when there is such a removal: without one the store is asked.
bool Journal::known_all_removed(const std::string& prefix) {
  Knowledge::Tally tally;
  const auto& entries = pending_.entries();
  for (auto at = entries.lower_bound(prefix); at != entries.end() && at->first.starts_with(prefix);
       ++at) {
    if (at->second.want.kind != Want::Kind::absent) return false;
    // What the store never had is not in its count.
    if (at->second.base.kind == Base::Kind::absent) continue;
    ++tally.count;
    tally.sum += Knowledge::digest(at->first);
  }
  if (tally.count == 0) return false;
  const auto below = knowledge_.below(prefix, clock_.now());
  return below && *below == tally;
}

bool Journal::removed_below(const std::string& prefix, MonoTime since) {
  bool found = false;
  confirmed_.visit_since(since, [&](const store::Key& key, const Want& want) {
    found = want.kind == Want::Kind::absent && key.starts_with(prefix);
    return !found;
  });
  return found;
}

bool Journal::is_removed(const store::Key& key, MonoTime since) {
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

/// `since`: when the store was asked that has shown something there.
Result<bool> Journal::is_all_removed(const std::string& prefix, MonoTime since) {
  store::ListRequest request;
  request.prefix = prefix;
  request.delimited = false;
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (known_all_removed(prefix)) return true;
      // One that has been confirmed meanwhile counts: the store's page may be from before.
      if (removals_below(prefix) == 0 && !removed_below(prefix, since)) return false;
    }
    const MonoTime asked = clock_.now();
    const auto page = store_.list(request);
    if (!page) return page.error();
    MutexLock lock(mutex_);
    knowledge_.saw_page(request, *page, asked);
    for (const store::ListedObject& object : page->objects) {
      if (!is_removed(object.key, asked)) return false;
    }
    if (page->next.empty()) return true;
    request.continuation = page->next;
  }
}

void Journal::lay_over(Overlay& overlay, const store::ListPage& page, const std::string& after) {
  const store::ListRequest& request = overlay.request;
  auto& items = overlay.items;
  items.clear();
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
    // Up to `after` only what this page shows, as pages in no order may.
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
  MutexLock lock(mutex_);
  for (auto& [name, item] : items) {
    if (!item.object) continue;
    store::ListedObject& object = *item.object;
    object.etag = confirmed_.shown_name(object.key, object.etag);
    const Want* stored = confirmed_.content(object.key, overlay.asked);
    if (stored != nullptr && stored->etag != object.etag) confirmed_.forget_content(object.key);
  }
  // What was confirmed while the store was asked may be in its page or not.
  std::set<std::string_view> shown;
  confirmed_.visit_since(overlay.asked, [&](const store::Key& key, const Want& want) {
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
}

Result<store::ListPage> Journal::list(const store::ListRequest& request) {
  const auto start = Position::parse(request.continuation);
  if (!start) return Error{EINVAL, "not a continuation of a listing"};
  if (request.continuation.empty()) {
    MutexLock lock(mutex_);
    const bool directory = request.prefix.empty() || request.prefix.back() == '/';
    if (directory && known_all_removed(request.prefix)) return store::ListPage{};
  }
  return list_overlaid(request, *start);
}

Result<store::ListPage> Journal::list_overlaid(const store::ListRequest& request,
                                               const Position& start) {
  store::ListPage result;
  Overlay overlay{request};
  std::string after = start.after;
  bool inside = start.inside;
  store::ListRequest inner = request;
  inner.continuation = start.inner;
  const auto count = [&] { return result.objects.size() + result.prefixes.size(); };
  for (;;) {
    {
      MutexLock lock(mutex_);
      // What is about to be removed must not make a page of two a page of none.
      const std::size_t more = removals_below(request.prefix);
      inner.max_keys = std::min(std::max(kStorePage, request.max_keys), request.max_keys + more);
    }
    const MonoTime asked = clock_.now();
    const auto page = store_.list(inner);
    if (!page) return page.error();
    {
      MutexLock lock(mutex_);
      knowledge_.saw_page(inner, *page, asked);
    }
    overlay.asked = asked;
    lay_over(overlay, *page, after);
    // Some stores list in no order: only of the page that was given out in part is this true.
    if (inside) overlay.items.erase(overlay.items.begin(), overlay.items.upper_bound(after));
    for (auto& [name, item] : overlay.items) {
      if (!item.object && item.from_store) {
        const auto gone = is_all_removed(name, asked);
        if (!gone) return gone.error();
        if (*gone) continue;
      }
      if (count() == request.max_keys) {
        result.next = Position{after, inner.continuation, true}.text();
        return result;
      }
      if (item.object) {
        result.objects.push_back(*item.object);
      } else {
        result.prefixes.push_back(name);
      }
      after = name;
    }
    if (page->next.empty()) return result;
    inner.continuation = page->next;
    inside = false;
    if (count() == request.max_keys) {
      result.next = Position{after, inner.continuation, false}.text();
      return result;
    }
  }
}

}  // namespace pailfs::journal
