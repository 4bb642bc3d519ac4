// SPDX-License-Identifier: Apache-2.0
#include "dir_snapshot.h"

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {

DirSnapshot::DirSnapshot(const Config& config, s3::ObjectStore& store, NodeCache& known,
                         MonoTime now, std::string path, std::vector<std::string> local_names)
    : config_(config), store_(store), known_(known), path_(std::move(path)), begun_(now) {
  ListedName local;
  local.file = true;
  for (const std::string& name : local_names) add(name, local);
  const bool listed = known_.with_listing(path_, [this](const Listing& listing) {
    for (const auto& [name, entry] : listing.names) add(name, entry);
  });
  if (!listed) reading_ = known_.begin_reading(path_);
}

Result<const DirSnapshot::Item*> DirSnapshot::at(std::size_t index) {
  while (index >= items_.size() && reading_) {
    const Status fetched = fetch_page();
    if (!fetched) return fetched.error();
  }
  return index < items_.size() ? &items_[index] : nullptr;
}

Status DirSnapshot::fetch_page() {
  s3::ListRequest request;
  request.prefix = children_prefix(config_.prefix, path_);
  request.continuation = continuation_;
  const auto page = store_.list(request);
  if (!page) return page.error();

  std::size_t hidden = 0;
  for (const s3::ListedObject& object : page->objects) {
    const std::string_view name = std::string_view(object.key).substr(request.prefix.size());
    if (name.empty()) continue;  // the directory's own object
    if (!is_storable_name(name)) {
      ++hidden;
      continue;
    }
    ListedName listed;
    listed.file = true;
    listed.size = object.size;
    listed.etag = object.etag;
    add(name, listed);
  }
  for (const std::string& prefix : page->prefixes) {
    std::string_view name = std::string_view(prefix).substr(request.prefix.size());
    name.remove_suffix(name.ends_with('/') ? 1 : 0);
    if (!is_storable_name(name)) {
      ++hidden;
      continue;
    }
    ListedName listed;
    listed.directory = true;
    add(name, listed);
  }
  if (hidden > 0) {
    log_warning("directory " + printable(path_) + ": " + std::to_string(hidden) +
                " keys cannot be file names and are not shown");
  }
  continuation_ = page->next;
  if (!continuation_.empty()) return {};

  Listing listing;
  for (const Item& item : items_) listing.names.emplace(item.name, item.listed);
  known_.finish_reading(reading_, std::move(listing));
  reading_ = nullptr;
  return {};
}

void DirSnapshot::add(std::string_view name, const ListedName& listed) {
  const auto [place, is_new] = index_.try_emplace(std::string(name), items_.size());
  if (is_new) {
    items_.push_back({std::string(name), listed});
    return;
  }
  ListedName& known = items_[place->second].listed;
  known.directory = known.directory || listed.directory;
  if (listed.file) {
    known.file = true;
    known.size = listed.size;
    known.etag = listed.etag;
  }
}

}  // namespace pailfs::fs
