// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pailfs/cache/arrival.h"
#include "pailfs/cache/block_memory.h"
#include "pailfs/cache/lock_ranks.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// One piece of one version of an object. Its fetching thread fills it from the front; readers may
/// use the first n bytes once `wait(n)` has returned success. The memory stays as long as a
/// BlockPtr to the block does, also when the cache has dropped the block.
class Block final {
 public:
  Block(BlockMemory& memory, char* bytes, std::shared_ptr<Arrival> arrival, std::uint64_t begin)
      : memory_(memory), bytes_(bytes), arrival_(std::move(arrival)), begin_(begin) {}
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  [[nodiscard]] char* bytes() const { return bytes_; }
  /// The first `size` bytes are there now.
  [[nodiscard]] bool has(std::uint64_t size) const { return arrival_->progress() >= begin_ + size; }
  Status wait(std::uint64_t size) const { return arrival_->wait(begin_ + size); }

 private:
  BlockMemory& memory_;
  char* const bytes_;
  const std::shared_ptr<Arrival> arrival_;
  const std::uint64_t begin_;  // where the block begins in the count of `arrival_`
};
using BlockPtr = std::shared_ptr<Block>;

/// A bounded pool of clean blocks of object versions, shared by every open file. It fetches
/// nothing: a reader that finds a block missing reserves it, fetches its bytes and settles it.
///
/// When memory is short, blocks that a sequential reader has passed go first, then the least
/// recently used ones; blocks fetched ahead and not read yet are given up only to a reader that
/// waits for bytes, or when no reader has come for them for a few seconds. Any thread may call any
/// member.
class BlockCache final {
 public:
  /// `limit` bytes; a reader that waits gets a few blocks more when all of it is in use. The memory
  /// may have other users, whose blocks count towards `limit` too.
  BlockCache(BlockMemory& memory, std::uint64_t limit, const Clock& clock)
      : memory_(memory), limit_(limit), clock_(clock) {}
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  enum class Purpose { demand, ahead };
  enum class Reader { random, sequential };

 private:
  struct Entry;

 public:
  /// The blocks of one version of one object while it is read. Keeps the version's entry in the
  /// cache; must not outlive the cache.
  class Object final {
   public:
    ~Object() { cache_.leave(entry_); }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    /// The block, perhaps still being fetched; null when there is none. It counts as read from now
    /// on.
    [[nodiscard]] BlockPtr find(std::uint64_t index, Reader reader) const;
    [[nodiscard]] bool has(std::uint64_t index) const;
    /// BlockCache::forget() was called for this version: its blocks, also those still being
    /// fetched, must not be kept. Takes no lock.
    [[nodiscard]] bool is_forgotten() const;
    /// The first `size` bytes of the block are there.
    [[nodiscard]] bool has_bytes(std::uint64_t index, std::uint64_t size) const;
    /// New blocks for indexes from `first` on, at most `count`, ending before an index that has a
    /// block or where memory ends. In the count of `arrival` the first block begins at `already`.
    /// The caller fills them in order and then settles them.
    [[nodiscard]] std::vector<BlockPtr> reserve(std::uint64_t first, std::uint64_t count,
                                                Purpose purpose,
                                                const std::shared_ptr<Arrival>& arrival,
                                                std::uint64_t already = 0) const;
    /// The fetch of `blocks` reserved blocks from `first` on has ended; the first `complete` of
    /// them are good, the others are forgotten.
    void settle(std::uint64_t first, std::uint64_t blocks, std::uint64_t complete) const;

   private:
    friend class BlockCache;
    Object(BlockCache& cache, Entry& entry) : cache_(cache), entry_(entry) {}
    BlockCache& cache_;
    Entry& entry_;  // guarded by the cache's mutex
  };
  using ObjectPtr = std::shared_ptr<Object>;

  /// `identity` names a version: the same bytes whenever it is the same.
  ObjectPtr open(const std::string& identity) EXCLUDES(mutex_);
  /// Drops the blocks of that version, because they are not its bytes any more. A reader that has
  /// it open must open it again.
  void forget(const std::string& identity) EXCLUDES(mutex_);
  /// Drops the blocks of all versions that are for `which`, by their identity, unless a reader has
  /// one open; returns the identities of those that stay.
  std::vector<std::string> forget_unused(
      const std::function<bool(std::string_view identity)>& which) EXCLUDES(mutex_);
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  /// Blocks beyond a lower limit go at once, as far as no reader holds them.
  void set_limit(std::uint64_t limit) EXCLUDES(mutex_);
  /// Bytes of blocks that the cache knows.
  [[nodiscard]] std::uint64_t size() EXCLUDES(mutex_);

 private:
  enum class Queue { in_flight, unread, passed, kept };
  struct Place {
    Entry* entry;
    std::uint64_t index;
    MonoTime since;
  };
  using Places = std::list<Place>;
  struct Slot {
    BlockPtr block;
    Queue queue;
    Places::iterator place;
    Queue next;  // while in flight: the queue it goes to when settled
  };
  struct Entry {
    std::string identity;
    std::size_t users = 0;
    std::atomic<bool> forgotten = false;  // open() of the version makes another entry
    std::unordered_map<std::uint64_t, Slot> slots;
  };

  void leave(Entry& entry) EXCLUDES(mutex_);
  void move(Slot& slot, Queue to) REQUIRES(mutex_);
  void drop(Entry& entry, std::uint64_t index) REQUIRES(mutex_);
  void drop_unused(Entry& entry) REQUIRES(mutex_);
  void drop_settled(Entry& entry) REQUIRES(mutex_);
  bool make_room(Purpose purpose) REQUIRES(mutex_);
  bool evict_from(Queue queue) REQUIRES(mutex_);
  /// Evicts a block that was fetched ahead and not read for a few seconds.
  bool evict_forgotten() REQUIRES(mutex_);
  [[nodiscard]] Places& places(Queue queue) REQUIRES(mutex_) {
    return places_[static_cast<std::size_t>(queue)];
  }

  BlockMemory& memory_;
  std::atomic<std::uint64_t> limit_;
  const Clock& clock_;
  Mutex mutex_{lock_rank::kBlockCache};
  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_ GUARDED_BY(mutex_);
  std::array<Places, 4> places_ GUARDED_BY(mutex_);  // by Queue; oldest first
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
  std::uint64_t forgotten_ GUARDED_BY(mutex_) = 0;
  std::size_t open_ GUARDED_BY(mutex_) = 0;
};

}  // namespace pailfs::cache
