// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

#include "pailfs/util/clock.h"

namespace pailfs::cache {

/// Remembers entries of at most `limit` weight together, each until its own moment passes; the
/// least recently used goes first. An entry that alone is heavier than `limit` is not kept. Not
/// thread-safe: its owner locks.
template <class Key, class Value>
class ExpiringLru final {
 public:
  explicit ExpiringLru(std::size_t limit) : limit_(limit) {}

  void put(const Key& key, Value value, MonoTime expires, std::size_t weight = 1) {
    erase(key);
    if (weight > limit_) return;
    entries_.push_front({key, std::move(value), expires, weight});
    index_[key] = entries_.begin();
    weight_ += weight;
    while (weight_ > limit_) drop(std::prev(entries_.end()));
  }

  /// The value if it is still good. The pointer lives until the next call of any member.
  Value* find(const Key& key, MonoTime now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->expires <= now) {
      drop(entry);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->value;
  }

  void erase(const Key& key) {
    const auto found = index_.find(key);
    if (found != index_.end()) drop(found->second);
  }

  void erase_if(const std::function<bool(const Key&)>& doomed) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto entry = it++;
      if (doomed(entry->key)) drop(entry);
    }
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    Value value;
    MonoTime expires;
    std::size_t weight;
  };
  using Entries = std::list<Entry>;

  void drop(typename Entries::iterator entry) {
    weight_ -= entry->weight;
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  const std::size_t limit_;
  std::size_t weight_ = 0;
  Entries entries_;  // most recently used first
  std::unordered_map<Key, typename Entries::iterator> index_;
};

}  // namespace pailfs::cache
