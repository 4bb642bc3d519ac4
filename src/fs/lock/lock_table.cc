// SPDX-License-Identifier: Apache-2.0
#include "lock_table.h"

#include <algorithm>
#include <tuple>

namespace pailfs::fs {
namespace {

bool same_owner(const Lock& one, const Lock& other) {
  return one.kind == other.kind && one.owner == other.owner;
}

/// The second begins where the first ends, or before.
bool touches(const LockRange& before, const LockRange& after) {
  return after.first <= before.last || after.first - before.last == 1;
}

auto order(const Lock& lock) {
  return std::tuple(lock.kind, lock.owner, lock.range.first);
}

auto order(const Claim& claim) {
  return std::tuple(claim.kind, claim.type, claim.range.first);
}

/// Joins neighbours that are alike, in a list that is in order.
template <class T, class Alike>
void join(std::vector<T>& list, const Alike& alike) {
  std::vector<T> joined;
  for (T& one : list) {
    if (!joined.empty() && alike(joined.back(), one) && touches(joined.back().range, one.range)) {
      LockRange& range = joined.back().range;
      range.last = std::max(range.last, one.range.last);
    } else {
      joined.push_back(one);
    }
  }
  list = std::move(joined);
}

}  // namespace

bool excludes(const Claim& one, const Claim& other) {
  const bool shared = one.type == LockType::shared && other.type == LockType::shared;
  return one.kind == other.kind && !shared && one.range.meets(other.range);
}

bool covers(const Claims& held, const Claims& wanted) {
  for (const Claim& claim : wanted) {
    // Shared and exclusive pieces may cover a shared claim in turn, in any order.
    std::uint64_t next = claim.range.first;
    for (bool moved = true; moved && next <= claim.range.last;) {
      moved = false;
      for (const Claim& has : held) {
        const bool strong = has.type == LockType::exclusive || has.type == claim.type;
        if (has.kind != claim.kind || !strong) continue;
        if (has.range.first > next || has.range.last < next) continue;
        next = has.range.last + 1;
        moved = true;
      }
    }
    if (next <= claim.range.last) return false;
  }
  return true;
}

const Lock* LockTable::conflict(const Lock& wanted) const {
  const Claim claim{wanted.kind, wanted.type, wanted.range};
  for (const Lock& lock : locks_) {
    if (same_owner(lock, wanted)) continue;
    if (excludes({lock.kind, lock.type, lock.range}, claim)) return &lock;
  }
  return nullptr;
}

void LockTable::clear(const Lock& lock) {
  std::vector<Lock> left;
  for (const Lock& held : locks_) {
    if (!same_owner(held, lock) || !held.range.meets(lock.range)) {
      left.push_back(held);
      continue;
    }
    if (held.range.first < lock.range.first) {
      left.push_back(held);
      left.back().range.last = lock.range.first - 1;
    }
    if (held.range.last > lock.range.last) {
      left.push_back(held);
      left.back().range.first = lock.range.last + 1;
    }
  }
  locks_ = std::move(left);
}

void LockTable::set(const Lock& lock) {
  clear(lock);
  locks_.push_back(lock);
  std::sort(locks_.begin(), locks_.end(),
            [](const Lock& a, const Lock& b) { return order(a) < order(b); });
  join(locks_, [](const Lock& a, const Lock& b) {
    return same_owner(a, b) && a.type == b.type && a.handle == b.handle;
  });
}

void LockTable::clear_owner(std::uint64_t owner) {
  std::erase_if(locks_, [&](const Lock& lock) {
    return lock.kind == LockKind::record && lock.owner == owner;
  });
}

void LockTable::clear_handle(std::uint64_t handle) {
  std::erase_if(locks_, [&](const Lock& lock) { return lock.handle == handle; });
}

Claims LockTable::claims() const {
  Claims claims;
  claims.reserve(locks_.size());
  for (const Lock& lock : locks_) claims.push_back({lock.kind, lock.type, lock.range});
  std::sort(claims.begin(), claims.end(),
            [](const Claim& a, const Claim& b) { return order(a) < order(b); });
  join(claims, [](const Claim& a, const Claim& b) { return a.kind == b.kind && a.type == b.type; });
  return claims;
}

}  // namespace pailfs::fs
