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
  bool prefix_as_key = false;        ///< an object x/ is an entry beside the prefix x/ of others
  bool prefix_repeats = false;       ///< a page may begin inside a prefix, and shows it then
  bool prefixes_every_page = false;  ///< all prefixes to come are on each page and do not count
};

struct ListEntry {
  std::string name;
  ObjectPtr object;  ///< null: `name` is a common prefix
};

struct ListPage {
  std::vector<ListEntry> entries;  ///< in byte order; a common prefix counts as one
  bool truncated = false;
  /// Where the next page goes on: the last name of this one, or with prefix_repeats the last key.
  std::string last() const { return entries.empty() ? std::string() : next; }
  std::string next = {};
};

using ObjectMap = std::map<std::string, ObjectPtr, std::less<>>;

ListPage list_page(const ObjectMap& objects, const ListQuery& query);
/// Takes the bucket's lock. `delay_ms` > 0 shows the bucket as it was so long ago (see
/// Rules::listing_delay_ms; overwritten objects are shown as they are now).
ListPage list_page(const Bucket& bucket, const ListQuery& query, std::int64_t now_ms,
                   std::int64_t delay_ms);

}  // namespace s3d
