// SPDX-License-Identifier: Apache-2.0
#include "listing.h"

#include <shared_mutex>
#include <utility>

namespace s3d {
namespace {

/// The first name after all that begin with `prefix`; empty when there is none.
std::string after_all_of(std::string prefix) {
  while (!prefix.empty()) {
    auto last = static_cast<unsigned char>(prefix.back());
    if (last < 0xff) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return prefix;
}

}  // namespace

ListPage list_page(const ObjectMap& objects, const ListQuery& query) {
  ListPage page;
  if (query.max == 0) return page;
  auto it = query.after >= query.prefix && !query.after.empty() ? objects.upper_bound(query.after)
                                                                : objects.lower_bound(query.prefix);
  while (it != objects.end() && it->first.starts_with(query.prefix)) {
    const std::string& key = it->first;
    std::size_t at = query.delimiter.empty() ? std::string::npos
                                             : key.find(query.delimiter, query.prefix.size());
    std::string common =
        at == std::string::npos ? std::string() : key.substr(0, at + query.delimiter.size());
    // A common prefix that is not past the marker was on an earlier page.
    bool fresh = common.empty() || common > query.after;
    if (fresh && page.entries.size() == query.max) {
      page.truncated = true;
      return page;
    }
    if (common.empty()) {
      page.entries.push_back({key, it->second});
      ++it;
      continue;
    }
    std::string next = after_all_of(common);
    if (fresh) page.entries.push_back({std::move(common), nullptr});
    it = next.empty() ? objects.end() : objects.lower_bound(next);
  }
  return page;
}

ListPage list_page(const Bucket& bucket, const ListQuery& query, std::int64_t now_ms,
                   std::int64_t delay_ms) {
  std::shared_lock lock(bucket.mutex);
  if (delay_ms <= 0) return list_page(bucket.objects, query);
  std::int64_t then = now_ms - delay_ms;
  ObjectMap shown;
  for (const auto& [key, object] : bucket.objects)
    if (object->created_ms <= then) shown.emplace(key, object);
  for (const auto& [key, ghost] : bucket.ghosts)
    if (ghost.deleted_ms > then && ghost.object->created_ms <= then)
      shown.emplace(key, ghost.object);
  return list_page(shown, query);
}

}  // namespace s3d
