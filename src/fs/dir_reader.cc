// SPDX-License-Identifier: Apache-2.0
#include "dir_reader.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

constexpr std::size_t kBatch = 64;

}  // namespace

DirReader::DirReader(const Lister& lister, NodeCache& known, TreeWalk& tree, WorkerPool& pool,
                     std::string path, std::vector<std::string> local_names)
    : lister_(lister),
      known_(known),
      tree_(tree),
      pool_(pool),
      path_(std::move(path)),
      local_(std::move(local_names)) {
  take_known();
}

void DirReader::take_known() {
  reading_ = known_.known_reading(path_);
  if (!reading_) reading_ = known_.take_parked(path_);
}

bool DirReader::is_local(const std::string& name) const {
  return std::find(local_.begin(), local_.end(), name) != local_.end();
}

void DirReader::fetch_ahead() {
  if (known_.is_done(reading_)) return;
  ahead_.emplace(pool_, [lister = lister_, path = path_, next = reading_->continuation] {
    return lister.fetch(path, next);
  });
}

Status DirReader::more() {
  if (!reading_) {
    tree_.join(path_);
    take_known();
    if (reading_) return {};
  }
  if (!reading_ && known_.is_flat(path_)) {
    // Whoever walks through a tree needs no other request.
    const Status listed = lister_.list_below(path_);
    if (!listed) return listed;
    reading_ = known_.known_reading(path_);
    if (reading_) return {};
  }
  Result<FetchedPage> fetched = Error{};
  if (ahead_) {
    fetched = ahead_->get();
    ahead_.reset();
  } else {
    fetched = lister_.fetch(path_, reading_ ? reading_->continuation : std::string());
  }
  if (!fetched) return fetched.error();
  if (!reading_) reading_ = known_.begin_reading(path_, fetched->asked);
  lister_.add(reading_, *fetched);
  fetch_ahead();
  return {};
}

Result<const NodeCache::Item*> DirReader::at(std::size_t place) {
  if (place < local_.size()) {
    local_item_ = NodeCache::Item();
    local_item_.name = local_[place];
    local_item_.listed.file = true;
    local_item_.next = place + 1;
    return &local_item_;
  }
  const std::size_t shift = local_.size();
  for (;;) {
    while (batch_place_ == place && batch_at_ < batch_.size()) {
      NodeCache::Item& item = batch_[batch_at_++];
      place = batch_place_ = item.next + shift;
      if (is_local(item.name)) continue;
      item.next = place;
      return &item;
    }
    batch_.clear();
    batch_at_ = 0;
    batch_place_ = place;
    if (reading_) {
      batch_ = known_.items(reading_, place - shift, kBatch);
      if (!batch_.empty()) continue;
      if (known_.is_done(reading_)) return nullptr;
    }
    const Status fetched = more();
    if (!fetched) return fetched.error();
  }
}

}  // namespace pailfs::fs
