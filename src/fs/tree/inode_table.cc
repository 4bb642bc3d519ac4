// SPDX-License-Identifier: Apache-2.0
#include "inode_table.h"

#include <algorithm>

namespace pailfs::fs {

InodeTable::InodeTable(const InodeNumbers::Settings& numbers)
    : root_(std::make_shared<Inode>(InodeNumbers::Given{kRootInode, 0}, true)), numbers_(numbers) {
  root_->lookups_ = 1;
  MutexLock lock(mutex_);
  by_id_.emplace(kRootInode, root_);
}

InodePtr InodeTable::find(InodeId id) {
  MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

InodePtr InodeTable::look_up(InodeId id) {
  MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  ++found->second->lookups_;
  return found->second;
}

std::optional<InodeNumbers::Search> InodeTable::search(InodeId id) {
  MutexLock lock(mutex_);
  return numbers_.search(id);
}

InodePtr InodeTable::child(const InodePtr& parent, std::string_view name) {
  MutexLock lock(mutex_);
  const auto found = by_place_.find(Place{parent->id, name});
  return found == by_place_.end() ? nullptr : *found;
}

InodeId InodeTable::number_in(const InodePtr& parent, std::string_view name) {
  MutexLock lock(mutex_);
  const auto found = by_place_.find(Place{parent->id, name});
  if (found != by_place_.end()) return (*found)->id;
  return numbers_.peek(code_below(*parent, name), taken());
}

InodeId InodeTable::number_above(const InodePtr& inode) {
  MutexLock lock(mutex_);
  return inode->parent_ ? inode->parent_->id : kRootInode;
}

std::optional<PlaceCode> InodeTable::code_of(const Inode& inode) {
  if (inode.detached_) return std::nullopt;
  if (!inode.parent_) return numbers_.root();
  const auto above = code_of(*inode.parent_);
  return above ? std::optional(code_in(*above, inode.name_)) : above;
}

PlaceCode InodeTable::code_below(const Inode& parent, std::string_view name) {
  // An inode below a detached one must not take the number of a file in the tree.
  return code_in(code_of(parent).value_or(PlaceCode{parent.id}), name);
}

InodeNumbers::Taken InodeTable::taken() {
  return [this](InodeId number) REQUIRES(mutex_) { return by_id_.contains(number); };
}

InodePtr InodeTable::reference_as_seen(const InodePtr& parent, std::string_view name,
                                       bool directory, const InodePtr& seen) {
  MutexLock lock(mutex_);
  const auto there = by_place_.find(Place{parent->id, name});
  const bool other_kind = there != by_place_.end() && (*there)->directory != directory;
  if (other_kind && *there != seen) return nullptr;
  return reference_locked(parent, name, directory, 1);
}

InodePtr InodeTable::reference(const InodePtr& parent, std::string_view name, bool directory,
                               std::uint64_t lookups) {
  MutexLock lock(mutex_);
  return reference_locked(parent, name, directory, lookups);
}

InodePtr InodeTable::reference_locked(const InodePtr& parent, std::string_view name, bool directory,
                                      std::uint64_t lookups) {
  const auto found = by_place_.find(Place{parent->id, name});
  if (found != by_place_.end()) {
    InodePtr inode = *found;
    if (inode->directory == directory) {
      inode->lookups_ += lookups;
      return inode;
    }
    detach_locked(inode);
    drop_if_unused(inode);
  }
  const InodeNumbers::Given given = numbers_.take(code_below(*parent, name), taken());
  auto inode = std::make_shared<Inode>(given, directory);
  inode->lookups_ = lookups;
  by_id_.emplace(inode->id, inode);
  place_locked(inode, parent, name);
  return inode;
}

std::vector<std::pair<std::string, InodePtr>> InodeTable::children(const InodePtr& parent,
                                                                   std::string_view after,
                                                                   std::size_t most) {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, InodePtr>> found;
  for (auto at = by_place_.upper_bound(Place{parent->id, after});
       at != by_place_.end() && (*at)->parent_ == parent && found.size() < most; ++at) {
    found.emplace_back((*at)->name_, *at);
  }
  return found;
}

void InodeTable::forget(InodeId id, std::uint64_t count) {
  MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const InodePtr inode = found->second;
  inode->lookups_ -= std::min(count, inode->lookups_);
  drop_if_unused(inode);
}

void InodeTable::pin(const InodePtr& inode) {
  MutexLock lock(mutex_);
  if (inode->pins_++ == 0) pinned_.insert(inode);
}

void InodeTable::unpin(const InodePtr& inode) {
  MutexLock lock(mutex_);
  if (--inode->pins_ == 0) pinned_.erase(inode);
  drop_if_unused(inode);
}

void InodeTable::detach(const InodePtr& inode) {
  MutexLock lock(mutex_);
  detach_locked(inode);
  drop_if_unused(inode);
}

void InodeTable::move(const InodePtr& inode, const InodePtr& parent, std::string_view name) {
  MutexLock lock(mutex_);
  const auto there = by_place_.find(Place{parent->id, name});
  if (there != by_place_.end()) {
    const auto replaced = InodePtr(*there);  // a copy: the set's own goes with its place
    if (replaced == inode) return;
    detach_locked(replaced);
    drop_if_unused(replaced);
  }
  const InodePtr old_parent = inode->parent_;
  if (!inode->detached_) {
    by_place_.erase(inode);
    --old_parent->children_;
  }
  inode->detached_ = false;
  place_locked(inode, parent, name);
  drop_if_unused(old_parent);
}

std::string InodeTable::last_path(const InodePtr& inode) {
  MutexLock lock(mutex_);
  return last_path_of(*inode);
}

std::optional<std::string> InodeTable::path(const InodePtr& inode) {
  MutexLock lock(mutex_);
  for (const Inode* at = inode.get(); at != nullptr; at = at->parent_.get()) {
    if (at->detached_) return std::nullopt;
  }
  return last_path_of(*inode);
}

std::string InodeTable::last_path_of(const Inode& inode) {
  std::vector<const std::string*> names;
  for (const Inode* at = &inode; at != nullptr && at != root_.get(); at = at->parent_.get()) {
    names.push_back(&at->name_);
  }
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += **name;
  }
  return path;
}

bool InodeTable::is_detached(const InodePtr& inode) {
  MutexLock lock(mutex_);
  return inode->detached_;
}

std::vector<InodePtr> InodeTable::pinned() {
  MutexLock lock(mutex_);
  return {pinned_.begin(), pinned_.end()};
}

std::vector<std::pair<std::string, InodePtr>> InodeTable::pinned_in(const InodePtr& parent) {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, InodePtr>> found;
  for (const InodePtr& inode : pinned_) {
    if (inode->parent_ == parent) found.emplace_back(inode->name_, inode);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<InodePtr> InodeTable::pinned_files_below(const InodePtr& directory) {
  MutexLock lock(mutex_);
  std::vector<InodePtr> files;
  for (const InodePtr& inode : pinned_) {
    if (inode->directory) continue;
    const Inode* above = inode->parent_.get();
    while (above != nullptr && above != directory.get()) above = above->parent_.get();
    if (above != nullptr) files.push_back(inode);
  }
  return files;
}

void InodeTable::detach_locked(const InodePtr& inode) {
  if (inode->detached_ || !inode->parent_) return;
  by_place_.erase(inode);
  inode->detached_ = true;
  inode->name_ = last_path_of(*inode);
  const InodePtr parent = std::move(inode->parent_);
  inode->parent_ = nullptr;
  --parent->children_;
  drop_if_unused(parent);
}

void InodeTable::place_locked(const InodePtr& inode, const InodePtr& parent,
                              std::string_view name) {
  inode->parent_ = parent;
  inode->name_ = std::string(name);
  ++parent->children_;
  by_place_.insert(inode);
}

void InodeTable::drop_if_unused(InodePtr inode) {
  // Dropping a child may leave its parent without a reason to stay, and so on upwards.
  while (inode && inode != root_ && inode->lookups_ == 0 && inode->pins_ == 0 &&
         inode->children_ == 0) {
    const auto own = by_id_.find(inode->id);
    // A thread that held it after it was dropped lets it go: the number may be another file's.
    if (own == by_id_.end() || own->second != inode) return;
    by_id_.erase(own);
    if (const auto place = code_of(*inode)) {
      numbers_.keep(*place, inode->id);
    } else {
      numbers_.retire({inode->id, inode->generation});
    }
    InodePtr parent = inode->parent_;
    if (!inode->detached_) {
      by_place_.erase(inode);
      inode->detached_ = true;
      inode->parent_ = nullptr;
      --parent->children_;
    }
    inode = std::move(parent);
  }
}

}  // namespace pailfs::fs
