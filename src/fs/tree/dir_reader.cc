// SPDX-License-Identifier: Apache-2.0
#include "dir_reader.h"

#include <utility>

namespace pailfs::fs {
namespace {

constexpr std::size_t kBatch = 64;
/// First place of local names: behind those of any listing, and small enough for programs with
/// offsets of 32 bits.
constexpr std::size_t kFirstLocal = 1U << 30U;

}  // namespace

DirReader::DirReader(const Lister& lister, ListingCache& listings, ListingFetcher& fetcher,
                     WorkerPool& pool, std::string path,
                     const std::vector<std::string>& local_names)
    : lister_(lister), listings_(listings), fetcher_(fetcher), pool_(pool), path_(std::move(path)) {
  note_local(local_names);
  take_known();
}

void DirReader::begin_anew(std::string path, const std::vector<std::string>& local_names) {
  path_ = std::move(path);
  if (reading_) earlier_ = std::move(reading_);
  reading_ = nullptr;
  ahead_.reset();
  batch_.clear();
  note_local(local_names);
  take_known();
}

void DirReader::use(ListingCursorPtr reading) {
  reading_ = std::move(reading);
  if (!reading_ || !earlier_) return;
  listings_.keep_order(reading_, earlier_);
  earlier_ = nullptr;
}

void DirReader::take_known() {
  auto reading = listings_.known_reading(path_);
  use(reading ? std::move(reading) : listings_.take_saved(path_));
}

void DirReader::note_local(const std::vector<std::string>& names) {
  for (LocalName& local : local_) local.unstored = false;
  for (const std::string& name : names) {
    const auto [number, is_new] = local_numbers_.emplace(name, local_.size());
    if (is_new) {
      local_.push_back({name, true});
    } else {
      local_[number->second].unstored = true;
    }
  }
}

bool DirReader::is_local(const std::string& name) const {
  return local_numbers_.contains(name);
}

const ListingCache::Item* DirReader::local_at(std::size_t number) {
  for (; number < local_.size(); ++number) {
    const LocalName& local = local_[number];
    auto stored = listings_.item(reading_, local.name);
    if (!stored && !local.unstored) continue;
    local_item_ = stored ? std::move(*stored) : ListingCache::Item();
    local_item_.name = local.name;
    local_item_.listed.file = local_item_.listed.file || !stored;
    local_item_.next = kFirstLocal + number + 1;
    return &local_item_;
  }
  return nullptr;
}

void DirReader::fetch_ahead() {
  if (listings_.is_done(reading_)) return;
  ahead_.emplace(pool_, [lister = lister_, path = path_, next = reading_->continuation] {
    return lister.fetch(path, next);
  });
}

Status DirReader::more() {
  if (!reading_) {
    fetcher_.join(path_);
    take_known();
    if (reading_) return {};
  }
  if (!reading_ && listings_.subtree_fits_one_page(path_)) {
    // A program that walks through the tree then needs no other request.
    const Status listed = lister_.list_below(path_);
    if (!listed) return listed;
    use(listings_.known_reading(path_));
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
  if (!reading_) use(listings_.begin_reading(path_, fetched->asked));
  lister_.add(reading_, *fetched);
  fetch_ahead();
  return {};
}

Result<const ListingCache::Item*> DirReader::at(std::size_t place) {
  while (place < kFirstLocal) {
    while (batch_place_ == place && batch_at_ < batch_.size()) {
      ListingCache::Item& item = batch_[batch_at_++];
      place = batch_place_ = item.next;
      if (!is_local(item.name)) return &item;
    }
    batch_.clear();
    batch_at_ = 0;
    batch_place_ = place;
    if (reading_) {
      batch_ = listings_.items(reading_, place, kBatch);
      if (!batch_.empty()) continue;
      if (listings_.is_done(reading_)) break;
    }
    const Status fetched = more();
    if (!fetched) return fetched.error();
  }
  // A program that returns to such a place may not have read the names before it.
  while (!reading_ || !listings_.is_done(reading_)) {
    const Status fetched = more();
    if (!fetched) return fetched.error();
  }
  return local_at(place < kFirstLocal ? 0 : place - kFirstLocal);
}

}  // namespace pailfs::fs
