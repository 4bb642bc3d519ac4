// SPDX-License-Identifier: Apache-2.0
#include "posix_file_system.h"

namespace pailfs::fs {

void PosixFileSystem::change(const LiveSettings& settings) {
  if (settings.attribute_ttl) {
    const auto listings = settings.listing_ttl.value_or(known_.tables.lifetimes().listings());
    const bool shorter = *settings.attribute_ttl < known_.tables.lifetimes().attributes() ||
                         listings < known_.tables.lifetimes().listings();
    known_.tables.set_lifetimes(*settings.attribute_ttl, listings);
    // What is known already has been given the longer time.
    if (shorter) static_cast<void>(refresh("", [](InodeId) {}));
  }
  if (settings.max_cached_attributes) {
    const MutexLock lock(known_.tables.mutex);
    known_.tables.set_limit(*settings.max_cached_attributes);
  }
  if (settings.memory_limit) {
    write_memory_.set_limit(*settings.memory_limit / 4 * 3);
    read_ahead_.set_memory(*settings.memory_limit);
    blocks_.set_limit(*settings.memory_limit);
  }
  if (settings.kept_bytes && kept_) kept_->set_limit(*settings.kept_bytes);
}

}  // namespace pailfs::fs
