// SPDX-License-Identifier: Apache-2.0
#include "behaviour/direct_world.h"

#include <unistd.h>

#include <cstdlib>

namespace pailfs::test {

DirectWorld::DirectWorld(const WorldOptions& options, StoreLimits limits, bool journaled)
    : store_(clock_, limits), faults_(store_) {
  // Thousands of journals wait for no disk.
  const char* parent = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  if (journaled) journal_directory_ = std::make_unique<ScratchDirectory>(parent);
  config_.prefix = options.prefix;
  config_.use_xattr = options.use_xattr;
  config_.use_wtf8 = options.use_wtf8;
  config_.update_parent_dir_stat = options.update_parent_dir_stat;
  config_.multipart_size = options.multipart_size;
  config_.umask = options.umask;
  config_.uid = options.uid;
  config_.gid = options.gid;
  config_.fsync_settles = options.fsync_settles;
  config_.default_uid = 4321;
  config_.default_gid = 5432;
  config_.mime_types = mime_file_.path();
  // Small enough that a large object cannot be held whole: what must be fetched, is fetched.
  config_.memory_limit = 4U << 20U;
  mount();
}

DirectWorld::~DirectWorld() {
  driver_->close_all();
}

void DirectWorld::mount() {
  if (journal_directory_) {
    journal::Config config;
    config.cache_directory = journal_directory_->path();
    config.identity = "test";
    config.workers = 2;
    config.grace = std::chrono::milliseconds(0);
    config.memory_will_do = true;
    auto opened = journal::open_journal(config, faults_, clock_);
    if (!opened) std::abort();
    journal_ = std::move(*opened);
  }
  fs_ = fs::make_file_system(config_, seen(), clock_);
  driver_ = std::make_unique<DirectDriver>(*fs_, fs::Caller{1234, 2345, 1});
}

void DirectWorld::let_caches_expire() {
  clock_.advance(config_.attribute_ttl + config_.listing_ttl + std::chrono::seconds(1));
}

void DirectWorld::remount() {
  driver_->close_all();
  driver_.reset();
  fs_.reset();
  journal_.reset();
  mount();
}

}  // namespace pailfs::test
