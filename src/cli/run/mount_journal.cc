// SPDX-License-Identifier: Apache-2.0
#include "mount_journal.h"

#include <cerrno>
#include <utility>

#include "messages.h"
#include "mount_cache.h"

namespace pailfs::cli {

Result<std::unique_ptr<journal::JournalStore>> open_mount_journal(const Options& options,
                                                                  store::ObjectStore& store,
                                                                  Clock& clock,
                                                                  std::function<bool()> given_up) {
  using Journal = std::unique_ptr<journal::JournalStore>;
  journal::Config config;
  config.cache_directory = options.cache_directory;
  config.identity = cache_identity(options);
  config.mountpoint = options.mount.mountpoint;
  config.acknowledges = options.durability_local;
  config.most_bytes = options.journal_bytes;
  config.disk = options.fs.disk;
  config.given_up = std::move(given_up);
  const bool left_behind = !options.cache_directory.empty() &&
                           journal::has_journal(options.cache_directory, config.identity);
  if (!options.durability_local && !left_behind) return Journal();
  if (options.fs.read_only) {
    if (left_behind) {
      tell(options, "changes of an earlier mount wait in a journal below " +
                        options.cache_directory + "; a mount with ro does not carry them out");
    }
    return Journal();
  }
  auto opened = journal::open_journal(config, store, clock);
  const bool busy_elsewhere = !opened && opened.error().err == EBUSY && !options.durability_local;
  if (busy_elsewhere) return Journal();
  return opened;
}

}  // namespace pailfs::cli
