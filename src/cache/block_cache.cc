// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_cache.h"

#include <algorithm>
#include <utility>

namespace pailfs::cache {
namespace {

/// Most blocks kept that a sequential reader has passed: the kernel's page cache has them too, and
/// a small set of reused blocks stays in the processor's cache.
constexpr std::uint64_t kPassedBlocks = (32U << 20U) / kBlockSize;
/// Blocks fetched ahead and not read for this long may go: their reader has gone elsewhere.
constexpr std::chrono::seconds kUnreadLifetime{5};

}  // namespace

Block::~Block() {
  memory_.give(bytes_);
}

BlockCache::~BlockCache() {
  MutexLock lock(mutex_);
  entries_.clear();
}

BlockCache::ObjectPtr BlockCache::open(const std::string& identity) {
  MutexLock lock(mutex_);
  auto& entry = entries_[identity];
  if (!entry) {
    entry = std::make_unique<Entry>();
    entry->identity = identity;
  }
  ++entry->users;
  ++open_;
  return ObjectPtr(new Object(*this, *entry));
}

void BlockCache::forget(const std::string& identity) {
  MutexLock lock(mutex_);
  auto node = entries_.extract(identity);
  if (node.empty()) return;
  Entry& entry = *node.mapped();
  drop_settled(entry);
  if (entry.users == 0) return;
  // Readers that have the version open still fill the blocks that they reserved.
  entry.forgotten = true;
  entry.identity += std::string(1, '\0') + "forgotten" + std::to_string(++forgotten_);
  node.key() = entry.identity;
  entries_.insert(std::move(node));
}

std::vector<std::string> BlockCache::forget_unused(
    const std::function<bool(std::string_view)>& which) {
  MutexLock lock(mutex_);
  std::vector<Entry*> doomed;
  std::vector<std::string> open;
  for (const auto& [identity, entry] : entries_) {
    if (!which(identity)) continue;
    if (entry->users == 0) {
      doomed.push_back(entry.get());
    } else {
      open.push_back(identity);
    }
  }
  for (Entry* const entry : doomed) {
    drop_settled(*entry);
    drop_unused(*entry);
  }
  return open;
}

void BlockCache::drop_settled(Entry& entry) {
  std::vector<std::uint64_t> settled;
  for (const auto& [index, slot] : entry.slots) {
    if (slot.queue != Queue::in_flight) settled.push_back(index);
  }
  for (const std::uint64_t index : settled) drop(entry, index);
}

bool BlockCache::Object::is_forgotten() const {
  return entry_.forgotten;
}

void BlockCache::leave(Entry& entry) {
  {
    MutexLock lock(mutex_);
    --entry.users;
    if (entry.forgotten && entry.users == 0) drop_settled(entry);
    drop_unused(entry);
    if (--open_ > 0) return;
    // No version is open: an eighth of the limit stays for later readers, the system gets the rest.
    // Blocks fetched ahead go last: a program that reads many small files in turn wants them next.
    while (count_ * kBlockSize > limit_ / 8) {
      if (!evict_from(Queue::passed) && !evict_forgotten() && !evict_from(Queue::kept) &&
          !evict_from(Queue::unread))
        break;
    }
  }
  memory_.trim();
}

void BlockCache::set_limit(std::uint64_t limit) {
  {
    MutexLock lock(mutex_);
    limit_ = limit;
    while (memory_.in_use() > limit) {
      if (!evict_from(Queue::passed) && !evict_from(Queue::kept) && !evict_from(Queue::unread))
        break;
    }
  }
  memory_.trim();
}

std::uint64_t BlockCache::size() {
  MutexLock lock(mutex_);
  return count_ * kBlockSize;
}

void BlockCache::move(Slot& slot, Queue to) {
  places(to).splice(places(to).end(), places(slot.queue), slot.place);
  slot.queue = to;
  slot.place->since = clock_.now();
}

void BlockCache::drop(Entry& entry, std::uint64_t index) {
  const auto found = entry.slots.find(index);
  places(found->second.queue).erase(found->second.place);
  entry.slots.erase(found);
  --count_;
}

void BlockCache::drop_unused(Entry& entry) {
  if (entry.users == 0 && entry.slots.empty()) entries_.erase(std::string(entry.identity));
}

bool BlockCache::evict_from(Queue queue) {
  if (places(queue).empty()) return false;
  const Place oldest = places(queue).front();
  drop(*oldest.entry, oldest.index);
  drop_unused(*oldest.entry);
  return true;
}

bool BlockCache::evict_forgotten() {
  const Places& unread = places(Queue::unread);
  if (unread.empty() || unread.front().since + kUnreadLifetime >= clock_.now()) return false;
  return evict_from(Queue::unread);
}

bool BlockCache::make_room(Purpose purpose) {
  while (places(Queue::passed).size() > kPassedBlocks) evict_from(Queue::passed);
  const auto fits = [&] { return memory_.in_use() + kBlockSize <= limit_; };
  if (fits()) return true;
  if (purpose == Purpose::demand) {
    static_cast<void>(evict_from(Queue::passed) || evict_from(Queue::kept) ||
                      evict_from(Queue::unread));
    return true;
  }
  // Eviction does not free blocks that readers still hold.
  if (memory_.in_use() - count_ * kBlockSize + kBlockSize > limit_) return false;
  while (!fits()) {
    if (!evict_from(Queue::passed) && !evict_from(Queue::kept) && !evict_forgotten()) return false;
  }
  return true;
}

BlockPtr BlockCache::Object::find(std::uint64_t index, Reader reader) const {
  BlockCache& cache = cache_;
  MutexLock lock(cache.mutex_);
  const auto found = entry_.slots.find(index);
  if (found == entry_.slots.end()) return nullptr;
  Slot& slot = found->second;
  const Queue queue = reader == Reader::sequential ? Queue::passed : Queue::kept;
  if (slot.queue == Queue::in_flight) {
    slot.next = queue;
  } else {
    cache.move(slot, queue);
  }
  return slot.block;
}

bool BlockCache::Object::has(std::uint64_t index) const {
  BlockCache& cache = cache_;
  MutexLock lock(cache.mutex_);
  return entry_.slots.contains(index);
}

bool BlockCache::Object::has_bytes(std::uint64_t index, std::uint64_t size) const {
  BlockCache& cache = cache_;
  MutexLock lock(cache.mutex_);
  const auto found = entry_.slots.find(index);
  return found != entry_.slots.end() && found->second.block->has(size);
}

std::vector<BlockPtr> BlockCache::Object::reserve(std::uint64_t first, std::uint64_t count,
                                                  Purpose purpose,
                                                  const std::shared_ptr<Arrival>& arrival,
                                                  std::uint64_t already) const {
  BlockCache& cache = cache_;
  std::vector<BlockPtr> blocks;
  MutexLock lock(cache.mutex_);
  Places& in_flight = cache.places(Queue::in_flight);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (entry_.slots.contains(first + i) || !cache.make_room(purpose)) break;
    char* const bytes = cache.memory_.take();
    if (bytes == nullptr) break;
    blocks.push_back(
        std::make_shared<Block>(cache.memory_, bytes, arrival, already + i * kBlockSize));
    in_flight.push_back({&entry_, first + i, cache.clock_.now()});
    entry_.slots.emplace(first + i, Slot{blocks.back(), Queue::in_flight,
                                         std::prev(in_flight.end()), Queue::unread});
    ++cache.count_;
  }
  return blocks;
}

void BlockCache::Object::settle(std::uint64_t first, std::uint64_t blocks,
                                std::uint64_t complete) const {
  BlockCache& cache = cache_;
  MutexLock lock(cache.mutex_);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    Slot& slot = entry_.slots.at(first + i);
    if (i >= complete) {
      cache.drop(entry_, first + i);
      continue;
    }
    cache.move(slot, slot.next);
  }
}

}  // namespace pailfs::cache
