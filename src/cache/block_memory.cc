// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_memory.h"

#include <sys/mman.h>

#include <algorithm>

namespace pailfs::cache {
namespace {
/// A huge page: copying into it misses the processor's address cache less often.
constexpr std::size_t kSlab = 2U << 20U;
/// Free blocks that `trim` leaves for the next small files.
constexpr std::size_t kKeptBlocks = (4U << 20U) / kBlockSize;
}  // namespace

BlockMemory::~BlockMemory() {
  for (char* const slab : slabs_) ::munmap(slab, kSlab);
}

char* BlockMemory::take() {
  MutexLock lock(mutex_);
  if (free_.empty()) {
    // Twice the size, so that an aligned slab is in it.
    void* const raw = ::mmap(nullptr, 2 * kSlab, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED) return nullptr;
    char* const begin = static_cast<char*>(raw);
    const std::size_t skip = (kSlab - reinterpret_cast<std::uintptr_t>(begin) % kSlab) % kSlab;
    if (skip > 0) ::munmap(begin, skip);
    ::munmap(begin + skip + kSlab, kSlab - skip);
    char* const slab = begin + skip;
    ::madvise(slab, kSlab, MADV_HUGEPAGE);
    ::madvise(slab, kSlab, MADV_DONTFORK);
    slabs_.push_back(slab);
    for (std::size_t at = kSlab; at > 0; at -= kBlockSize) free_.push_back(slab + at - kBlockSize);
  }
  char* const bytes = free_.back();
  free_.pop_back();
  untouched_ = std::min(untouched_, free_.size());
  in_use_ += kBlockSize;
  return bytes;
}

void BlockMemory::give(char* bytes) {
  MutexLock lock(mutex_);
  free_.push_back(bytes);
  in_use_ -= kBlockSize;
}

std::uint64_t BlockMemory::in_use() {
  MutexLock lock(mutex_);
  return in_use_;
}

void BlockMemory::trim() {
  MutexLock lock(mutex_);
  for (; untouched_ + kKeptBlocks < free_.size(); ++untouched_) {
    ::madvise(free_[untouched_], kBlockSize, MADV_DONTNEED);
  }
}

char* WriteMemory::take() {
  if (used_.fetch_add(kBlockSize) + kBlockSize <= limit_) {
    if (char* const bytes = memory_.take()) return bytes;
  }
  used_ -= kBlockSize;
  return nullptr;
}

void WriteMemory::give(char* bytes) {
  memory_.give(bytes);
  if (used_.fetch_sub(kBlockSize) == kBlockSize) memory_.trim();
}

}  // namespace pailfs::cache
