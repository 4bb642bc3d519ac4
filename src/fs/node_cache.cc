// SPDX-License-Identifier: Apache-2.0
#include "node_cache.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

bool is_at_or_below(const std::string& path, const std::string& top) {
  return top.empty() || path == top ||
         (path.size() > top.size() && path[top.size()] == '/' && path.starts_with(top));
}

}  // namespace

NodeCache::NodeCache(const Config& config, Clock& clock)
    : attribute_ttl_(config.attribute_ttl),
      ttl_from_last_use_(config.ttl_from_last_use),
      listing_ttl_(std::min(config.listing_ttl, config.attribute_ttl)),
      clock_(clock),
      nodes_(config.max_cached_attributes),
      listings_(config.max_cached_attributes) {}

NodeCache::Known* NodeCache::find_locked(const std::string& path) {
  Known* known = nodes_.find(path, clock_.now());
  if (known == nullptr || path.empty()) return known;
  // A younger listing of its directory that lacks the name knows better.
  const Listing* listing = listings_.find(parent_path(path), clock_.now());
  if (listing == nullptr || known->node.form == Form::absent || known->learnt >= listing->begun ||
      listing->names.contains(last_name(path))) {
    return known;
  }
  nodes_.erase(path);
  return nullptr;
}

std::optional<Node> NodeCache::find(const std::string& path) {
  MutexLock lock(mutex_);
  const Known* known = find_locked(path);
  if (known == nullptr) return std::nullopt;
  // Not what is absent: whoever waits for a name by asking for it must see it come.
  if (ttl_from_last_use_ && known->node.form != Form::absent) {
    nodes_.extend(path, clock_.now() + attribute_ttl_);
  }
  return known->node;
}

std::optional<MonoTime> NodeCache::learnt(const std::string& path) {
  MutexLock lock(mutex_);
  const Known* known = find_locked(path);
  if (known == nullptr) return std::nullopt;
  return known->learnt;
}

void NodeCache::learn_locked(const std::string& path, const Node& node) {
  const MonoTime now = clock_.now();
  const auto ttl = node.form == Form::absent ? listing_ttl_ : attribute_ttl_;
  nodes_.put(path, {node, now}, now + ttl);
}

void NodeCache::learn(const std::string& path, const Node& node, MonoTime asked) {
  MutexLock lock(mutex_);
  const Known* known = nodes_.find(path, clock_.now());
  if (known != nullptr && known->learnt > asked) return;
  learn_locked(path, node);
}

void NodeCache::erase(const std::string& path) {
  MutexLock lock(mutex_);
  nodes_.erase(path);
}

void NodeCache::stored(const std::string& path, const Node& node) {
  MutexLock lock(mutex_);
  learn_locked(path, node);
  if (path.empty()) return;
  const std::string directory = parent_path(path);
  disturb(directory);
  Listing* listing = listings_.find(directory, clock_.now());
  if (listing == nullptr) return;
  ListedName& name = listing->names[last_name(path)];
  if (node.form == Form::file || node.form == Form::directory_object) {
    name.file = true;
    name.size = node.info.size;
    name.etag = node.info.etag;
  } else {
    name.directory = true;
  }
}

void NodeCache::removed(const std::string& path) {
  MutexLock lock(mutex_);
  learn_locked(path, Node{});
  const std::string directory = parent_path(path);
  disturb(directory);
  Listing* listing = listings_.find(directory, clock_.now());
  if (listing != nullptr) listing->names.erase(last_name(path));
  listings_.erase(path);
}

void NodeCache::erase_below(const std::string& path) {
  MutexLock lock(mutex_);
  const auto doomed = [&path](const std::string& key) { return is_at_or_below(key, path); };
  nodes_.erase_if(doomed);
  listings_.erase_if(doomed);
  for (const auto& weak : readings_) {
    const auto reading = weak.lock();
    if (reading && doomed(reading->directory)) reading->disturbed = true;
  }
}

NodeCache::Sizes NodeCache::sizes() {
  MutexLock lock(mutex_);
  return {nodes_.size(), listings_.size()};
}

bool NodeCache::with_listing(const std::string& directory,
                             const std::function<void(const Listing&)>& use) {
  MutexLock lock(mutex_);
  const Listing* listing = listings_.find(directory, clock_.now());
  if (listing == nullptr) return false;
  use(*listing);
  return true;
}

std::shared_ptr<NodeCache::Reading> NodeCache::begin_reading(const std::string& directory) {
  auto reading = std::make_shared<Reading>(Reading{directory, clock_.now(), false});
  MutexLock lock(mutex_);
  std::erase_if(readings_, [](const auto& weak) { return weak.expired(); });
  readings_.push_back(reading);
  return reading;
}

void NodeCache::finish_reading(const std::shared_ptr<Reading>& reading, Listing listing) {
  MutexLock lock(mutex_);
  if (reading->disturbed) return;
  for (const auto& [name, listed] : listing.names) {
    const std::string path = join_path(reading->directory, name);
    const Known* known = nodes_.find(path, clock_.now());
    if (known == nullptr || known->learnt > reading->begun) continue;
    const bool is_object = known->node.form == Form::file;
    const bool same = is_object ? listed.file && known->node.info.etag == listed.etag
                                : known->node.form != Form::absent && listed.directory;
    if (!same) nodes_.erase(path);
  }
  listing.begun = reading->begun;
  const std::size_t weight = std::max<std::size_t>(listing.names.size(), 1);
  listings_.put(reading->directory, std::move(listing), reading->begun + listing_ttl_, weight);
}

void NodeCache::disturb(const std::string& directory) {
  for (const auto& weak : readings_) {
    const auto reading = weak.lock();
    if (reading && reading->directory == directory) reading->disturbed = true;
  }
}

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string last_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string join_path(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

}  // namespace pailfs::fs
