// SPDX-License-Identifier: Apache-2.0
// list: pages of the store with the waiting changes laid over them.
#include <algorithm>

#include "journal.h"
#include "list_position.h"

namespace pailfs::journal {
namespace {

/// The page has a name at that place or behind it.
bool reaches(const store::ListPage& page, const std::string& place) {
  const auto& objects = page.objects;
  const auto& prefixes = page.prefixes;
  return std::any_of(objects.begin(), objects.end(),
                     [&](const auto& object) { return object.key >= place; }) ||
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return prefix >= place; });
}

}  // namespace

/// `since`: when the page was asked for that has shown `prefix`.
Result<bool> Journal::is_all_removed(const std::string& prefix, MonoTime since) {
  store::ListRequest request;
  request.prefix = prefix;
  request.delimited = false;
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (overlay_.is_known_all_removed(prefix, clock_.now())) return true;
      // A removal confirmed meanwhile counts too: the store's page may be from before it.
      if (overlay_.removals_below(prefix) == 0 && !overlay_.was_removed_below(prefix, since))
        return false;
    }
    const MonoTime asked = clock_.now();
    const auto page = store_.list(request);
    if (!page) return page.error();
    MutexLock lock(mutex_);
    knowledge_.saw_page(request, *page, asked);
    for (const store::ListedObject& object : page->objects) {
      if (!overlay_.is_removed(object.key, asked)) return false;
    }
    if (page->next.empty()) return true;
    request.continuation = page->next;
  }
}

Result<store::ListPage> Journal::list(const store::ListRequest& request) {
  const auto start = ListPosition::parse(request.continuation);
  if (!start) return Error{EINVAL, "not a continuation of a listing"};
  if (request.continuation.empty()) {
    MutexLock lock(mutex_);
    const bool directory = request.prefix.empty() || request.prefix.back() == '/';
    if (directory && overlay_.is_known_all_removed(request.prefix, clock_.now()))
      return store::ListPage{};
  }
  return list_overlaid(request, *start);
}

Result<store::ListPage> Journal::list_overlaid(const store::ListRequest& request,
                                               const ListPosition& start) {
  store::ListPage result;
  std::string after = start.after;
  bool inside = start.inside;
  store::ListRequest inner = request;
  inner.continuation = start.inner;
  const auto count = [&] { return result.objects.size() + result.prefixes.size(); };
  for (;;) {
    {
      MutexLock lock(mutex_);
      // A larger page is asked for, so that names about to be removed do not empty it.
      const std::size_t more = overlay_.removals_below(request.prefix);
      inner.max_keys =
          std::min(std::max(Overlay::kStorePage, request.max_keys), request.max_keys + more);
    }
    const MonoTime asked = clock_.now();
    const auto page = store_.list(inner);
    if (!page) return page.error();
    Overlay::Items items;
    {
      MutexLock lock(mutex_);
      knowledge_.saw_page(inner, *page, asked);
      items = overlay_.lay_over(request, *page, asked, after);
    }
    // Only names of the page that was returned in part are skipped, because some stores list
    // without order.
    if (inside) items.erase(items.begin(), items.upper_bound(after));
    for (auto& [name, item] : items) {
      if (!item.object && item.from_store) {
        const auto gone = is_all_removed(name, asked);
        if (!gone) return gone.error();
        if (*gone) continue;
      }
      if (count() == request.max_keys) {
        result.next = ListPosition{after, inner.continuation, true}.text();
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
    // A page that has become shorter since it was returned in part does not reach that place again:
    // the next one brings names that were returned before.
    inside = inside && !reaches(*page, start.after);
    if (count() == request.max_keys) {
      result.next = ListPosition{after, inner.continuation, false}.text();
      return result;
    }
  }
}

}  // namespace pailfs::journal
