// SPDX-License-Identifier: Apache-2.0
#include "stall_watch.h"

namespace pailfs::http {

void StallWatch::start(MonoTime now) {
  started_ = true;
  last_move_ = now;
  window_begin_ = now;
  window_moved_ = moved_;
}

bool StallWatch::dead(MonoTime now, std::uint64_t moved, std::uint64_t left) {
  if (!started_) return false;
  if (moved != moved_) {
    moved_ = moved;
    last_move_ = now;
  }
  if (now - last_move_ >= limit_) return true;
  if (left <= kTail) {
    // Waiting for a verdict after the last byte is not slowness: only the limit above applies.
    window_begin_ = now;
    window_moved_ = moved;
    return false;
  }
  if (now - window_begin_ < kWindow) return false;
  const bool crawling = moved - window_moved_ < kMinRate * std::uint64_t{kWindow.count()};
  window_begin_ = now;
  window_moved_ = moved;
  return crawling;
}

}  // namespace pailfs::http
