// SPDX-License-Identifier: Apache-2.0
#include "direct_config.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

namespace pailfs::test {

fs::Config direct_config(const WorldOptions& options, const MimeFile& mime_types) {
  fs::Config config;
  config.prefix = options.prefix;
  config.use_xattr = options.use_xattr;
  config.use_wtf8 = options.use_wtf8;
  config.update_parent_dir_stat = options.update_parent_dir_stat;
  config.multipart_size = options.multipart_size;
  config.umask = options.umask;
  config.uid = options.uid;
  config.gid = options.gid;
  config.fsync_settles = options.fsync_settles;
  config.default_uid = 4321;
  config.default_gid = 5432;
  config.mime_types = mime_types.path();
  config.memory_limit = 4U << 20U;
  return config;
}

std::unique_ptr<ScratchDirectory> make_journal_directory() {
  const char* parent = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return std::make_unique<ScratchDirectory>(parent);
}

std::unique_ptr<journal::JournalStore> open_test_journal(const ScratchDirectory& directory,
                                                         std::size_t workers,
                                                         store::ObjectStore& store, Clock& clock) {
  journal::Config config;
  config.cache_directory = directory.path();
  config.identity = "test";
  config.workers = workers;
  config.grace = std::chrono::milliseconds(0);
  config.memory_will_do = true;
  auto opened = journal::open_journal(config, store, clock);
  if (!opened) {
    std::cerr << "journal: " << opened.error().text << std::endl;
    std::_Exit(1);
  }
  return std::move(*opened);
}

}  // namespace pailfs::test
