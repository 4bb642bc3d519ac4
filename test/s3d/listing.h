// SPDX-License-Identifier: Apache-2.0
/// One page of a listing: the rules of prefix, delimiter and marker that both ListObjects versions
/// share.
#pragma once
#include <string>
#include <vector>

#include "store.h"

namespace s3d {

struct ListQuery {
  std::string prefix;
  std::string delimiter;
  std::string after;  ///< everything up to and including this name is skipped
  std::size_t max = 1000;
};

struct ListEntry {
  std::string name;
  ObjectPtr object;  ///< null: `name` is a common prefix
};

struct ListPage {
  std::vector<ListEntry> entries;  ///< in byte order; a common prefix counts as one
  bool truncated = false;
  /// Where the next page goes on: the last name of this one.
  std::string last() const { return entries.empty() ? std::string() : entries.back().name; }
};

using ObjectMap = std::map<std::string, ObjectPtr, std::less<>>;

ListPage list_page(const ObjectMap& objects, const ListQuery& query);
/// Takes the bucket's lock. `delay_ms` > 0 shows the bucket as it was so long ago (see
/// Rules::listing_delay_ms; overwritten objects are shown as they are now).
ListPage list_page(const Bucket& bucket, const ListQuery& query, std::int64_t now_ms,
                   std::int64_t delay_ms);

}  // namespace s3d
