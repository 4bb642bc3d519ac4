// SPDX-License-Identifier: Apache-2.0
#include "pailfs/fuse/greetings.h"

#include <algorithm>

namespace pailfs::fuse {

bool Greetings::take(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  if (!name.starts_with(kPrefix) || name.size() > kLongest) return false;
  const MutexLock lock(mutex_);
  last_[next_] = name;
  next_ = (next_ + 1) % last_.size();
  return true;
}

bool Greetings::has(std::string_view name) {
  const MutexLock lock(mutex_);
  return !name.empty() && std::find(last_.begin(), last_.end(), name) != last_.end();
}

}  // namespace pailfs::fuse
