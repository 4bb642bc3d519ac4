// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/sync.h"

#if defined(PAILFS_CHECK_LOCKS)

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace pailfs {
namespace {

struct Held {
  const void* mutex = nullptr;
  LockRank rank;
  std::uint64_t place = 0;
};

/// Not a vector: the log's lock is taken while threads end, after their own objects are gone.
struct HeldLocks {
  std::array<Held, 32> locks;
  std::size_t count = 0;
};

HeldLocks& held() {
  thread_local HeldLocks of_this_thread;
  return of_this_thread;
}

}  // namespace

void note_lock(const void* mutex, const LockRank& rank, std::uint64_t place) {
  HeldLocks& mine = held();
  for (std::size_t i = 0; i < mine.count; ++i) {
    const Held& outer = mine.locks.at(i);
    const bool inside = outer.rank.number < rank.number ||
                        (outer.rank.number == rank.number && outer.place < place);
    if (inside) continue;
    std::fprintf(stderr, "lock order: %s (rank %d) taken while %s (rank %d) is held\n", rank.name,
                 rank.number, outer.rank.name, outer.rank.number);
    std::abort();
  }
  if (mine.count == mine.locks.size()) {
    std::fprintf(stderr, "lock order: more than %zu locks are held\n", mine.count);
    std::abort();
  }
  mine.locks.at(mine.count++) = {mutex, rank, place};
}

void note_unlock(const void* mutex) {
  HeldLocks& mine = held();
  for (std::size_t i = mine.count; i-- > 0;) {
    if (mine.locks.at(i).mutex != mutex) continue;
    for (std::size_t after = i + 1; after < mine.count; ++after) {
      mine.locks.at(after - 1) = mine.locks.at(after);
    }
    --mine.count;
    return;
  }
}

}  // namespace pailfs

#endif
