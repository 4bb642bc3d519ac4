// SPDX-License-Identifier: Apache-2.0
#include "flat_listing.h"

#include <utility>

#include "unshown.h"

namespace pailfs::fs {
namespace {

/// Keys of a full page.
constexpr std::size_t kPageKeys = 1000;

}  // namespace

void FlatListing::close_from(std::size_t depth) {
  for (std::size_t i = depth; i < at_.size(); ++i) open_[at_[i]].closed = true;
  at_.resize(std::min(depth, at_.size()));
}

/// The directory `name` in the one at `depth`, where the listing now stands.
FlatListing::Open& FlatListing::enter(std::size_t depth, std::string_view name, MonoTime asked) {
  Open& above = open_[at_[depth]];
  const std::string path = join_path(above.path, name);
  if (depth + 1 < at_.size() && open_[at_[depth + 1]].path == path) return open_[at_[depth + 1]];
  ListedName listed;
  listed.directory = true;
  above.has_below = true;
  above.page.names.emplace_back(name, listed);
  close_from(depth + 1);
  at_.push_back(open_.size());
  open_.push_back({path, listings_.begin_reading(path, asked, whole_), {}});
  return open_.back();
}

void FlatListing::add_key(const store::ListedObject& object, MonoTime asked) {
  const std::string prefix = children_prefix(config_.prefix, top_);
  std::string_view rest = std::string_view(object.key).substr(prefix.size());
  std::size_t depth = 0;
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    if (!is_storable_name(rest.substr(0, slash))) return leave_out(depth, object.key);
    enter(depth++, rest.substr(0, slash), asked);
    rest.remove_prefix(slash + 1);
  }
  close_from(depth + 1);
  for (const std::size_t above : at_) ++open_[above].keys;
  Open& directory = open_[at_[depth]];
  ListedName listed = listed_object(object);
  if (rest.empty()) {
    directory.page.marker = std::move(listed);
  } else if (is_storable_name(rest)) {
    directory.page.names.emplace_back(rest, std::move(listed));
  } else {
    leave_out(depth, object.key);
  }
}

void FlatListing::leave_out(std::size_t depth, const std::string& key) {
  ListingCache::Page& page = open_[at_[depth]].page;
  const bool of_root = key == "/" && children_prefix(config_.prefix, top_).empty();
  if (!of_root && page.unshown++ == 0) page.unshown_key = key;
}

void FlatListing::add(const store::ListPage& page, MonoTime asked) {
  // A service that lists in another order (S3's directory buckets) may come back to a directory.
  for (const store::ListedObject& object : page.objects) {
    out_of_order_ = out_of_order_ || object.key < last_key_;
    last_key_ = object.key;
  }
  if (out_of_order_) return;
  if (at_.empty()) {
    at_.push_back(open_.size());
    open_.push_back({top_, listings_.begin_reading(top_, asked, whole_), {}});
  }
  const bool whole_bucket = children_prefix(config_.prefix, top_).empty();
  for (const store::ListedObject& object : page.objects) {
    // "/", the object of a whole bucket's root, or something below it: only a listing with
    // delimiter tells which.
    if (whole_bucket && object.key.starts_with('/')) open_[at_[0]].page.marker_unknown = true;
    add_key(object, asked);
  }
  const bool last = page.next.empty();
  if (last) close_from(0);
  const bool past_slash = !page.objects.empty() && page.objects.back().key.front() > '/';
  if (whole_bucket && !last && !past_slash) open_.front().page.marker_unknown = true;
  std::vector<Open> still_open;
  for (Open& directory : open_) {
    directory.page.last = directory.closed;
    directory.page.subtree_fits_one_page = directory.has_below && directory.keys <= kPageKeys;
    listings_.add_page(directory.reading, directory.page, asked);
    log_unshown(listings_, directory.reading);
    if (directory.closed) continue;
    at_[still_open.size()] = still_open.size();
    directory.page = {};
    still_open.push_back(std::move(directory));
  }
  open_ = std::move(still_open);
}

}  // namespace pailfs::fs
