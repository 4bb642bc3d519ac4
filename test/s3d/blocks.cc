// SPDX-License-Identifier: Apache-2.0
#include "blocks.h"

#include <sys/mman.h>

#include <cstdlib>

namespace s3d {

Blocks::~Blocks() {
  for (char* block : free_) std::free(block);
}

std::shared_ptr<char[]> Blocks::take() {
  char* block = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      block = free_.back();
      free_.pop_back();
    }
  }
  if (block == nullptr) {
    block = static_cast<char*>(std::aligned_alloc(kSize, kSize));
    madvise(block, kSize, MADV_HUGEPAGE);
  }
  return {block, [self = shared_from_this()](char* start) { self->give_back(start); }};
}

void Blocks::give_back(char* block) {
  {
    std::lock_guard lock(mutex_);
    if (free_.size() < kKept) {
      free_.push_back(block);
      return;
    }
  }
  std::free(block);
}

}  // namespace s3d
