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

/// What `key` is shown as; empty: as itself.
std::string common_prefix(const std::string& key, const ListQuery& query) {
  if (query.delimiter.empty()) return {};
  const std::size_t at = key.find(query.delimiter, query.prefix.size());
  if (at == std::string::npos) return {};
  const std::size_t end = at + query.delimiter.size();
  if (query.prefix_as_key && end == key.size()) return {};
  return key.substr(0, end);
}

}  // namespace

ListPage list_page(const ObjectMap& objects, const ListQuery& query) {
  ListPage page;
  if (query.max == 0) return page;
  const bool anywhere = query.prefix_repeats || query.prefixes_every_page;
  std::size_t counted = 0;
  auto it = query.after >= query.prefix && !query.after.empty() ? objects.upper_bound(query.after)
                                                                : objects.lower_bound(query.prefix);
  while (it != objects.end() && it->first.starts_with(query.prefix)) {
    const std::string& key = it->first;
    std::string common = common_prefix(key, query);
    // A common prefix that is not past the marker was on an earlier page.
    const bool fresh = common.empty() || anywhere || common > query.after;
    const bool counts = common.empty() || !query.prefixes_every_page;
    if (fresh && counts && counted == query.max) {
      page.truncated = true;
      if (!query.prefixes_every_page) return page;
      ++it;
      continue;
    }
    if (fresh && counts) {
      ++counted;
      page.next = common.empty() || query.prefix_repeats ? key : common;
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
