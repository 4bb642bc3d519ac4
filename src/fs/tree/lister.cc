// SPDX-License-Identifier: Apache-2.0
#include "lister.h"

#include <algorithm>
#include <utility>

#include "flat_listing.h"
#include "unshown.h"

namespace pailfs::fs {

Result<FetchedPage> Lister::fetch(const std::string& directory, const std::string& continuation,
                                  bool delimited) const {
  store::ListRequest request;
  request.delimited = delimited;
  request.prefix = children_prefix(config_.prefix, directory);
  request.continuation = continuation;
  const MonoTime asked = clock_.now();
  auto page = store_.list(request);
  if (!page) {
    Error error = page.error();
    if (error.err == ENOENT) error.err = EIO;
    return error;
  }
  return FetchedPage{std::move(*page), asked};
}

void Lister::add(const ListingCursorPtr& reading, const FetchedPage& fetched) const {
  const std::string& directory = reading->directory;
  const std::string prefix = children_prefix(config_.prefix, directory);
  ListingCache::Page page;
  page.last = fetched.page.next.empty();
  page.names.reserve(fetched.page.objects.size() + fetched.page.prefixes.size());
  const auto leave_out = [&page](const std::string& key) {
    if (page.unshown++ == 0) page.unshown_key = key;
  };
  for (const store::ListedObject& object : fetched.page.objects) {
    const std::string_view name = std::string_view(object.key).substr(prefix.size());
    ListedName listed = listed_object(object);
    if (name.empty()) {
      page.marker = std::move(listed);
    } else if (is_storable_name(name)) {
      page.names.emplace_back(name, std::move(listed));
    } else {
      leave_out(object.key);
    }
  }
  for (const std::string& below : fetched.page.prefixes) {
    std::string_view name = std::string_view(below).substr(prefix.size());
    name.remove_suffix(name.ends_with('/') ? 1 : 0);
    if (name.empty() && prefix.empty()) {
      // "/", the object of a whole bucket's root, begins with the empty name.
      page.marker_unknown = true;
      continue;
    }
    if (!is_storable_name(name)) {
      leave_out(below);
      continue;
    }
    ListedName listed;
    listed.directory = true;
    page.names.emplace_back(name, listed);
  }
  if (prefix.empty() && !page.last) page.marker_unknown = true;
  listings_.add_page(reading, page, fetched.asked);
  log_unshown(listings_, reading);
  reading->continuation = fetched.page.next;
}

void Lister::begin(const std::string& directory, const FetchedPage& first) const {
  auto reading = listings_.begin_reading(directory, first.asked);
  add(reading, first);
  if (!first.page.next.empty()) listings_.save_reading(std::move(reading));
}

Status Lister::list_first(const std::string& directory) const {
  const auto first = fetch(directory, "");
  if (!first) return first.error();
  begin(directory, *first);
  return {};
}

Status Lister::list_whole(const std::string& directory, std::size_t most) const {
  ListingCursorPtr reading;
  for (std::size_t pages = 0; pages < most; ++pages) {
    const auto page = fetch(directory, reading ? reading->continuation : std::string());
    if (!page) return page.error();
    if (!reading) reading = listings_.begin_reading(directory, page->asked);
    add(reading, *page);
    if (reading->continuation.empty()) return {};
  }
  listings_.set_too_long(directory);
  return {};
}

Status Lister::list_below(const std::string& directory) const {
  const auto all = fetch(directory, "", false);
  if (!all) return all.error();
  if (!all->page.next.empty()) listings_.outgrew_one_page(directory);
  FlatListing(config_, listings_, directory).add(all->page, all->asked);
  return {};
}

}  // namespace pailfs::fs
