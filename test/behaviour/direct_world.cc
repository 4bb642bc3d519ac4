// SPDX-License-Identifier: Apache-2.0
#include "direct_world.h"

namespace pailfs::test {

DirectWorld::DirectWorld(const WorldOptions& options, StoreLimits limits, bool journaled)
    : config_(direct_config(options, mime_file_)), store_(clock_, limits), faults_(store_) {
  if (journaled) journal_directory_ = make_journal_directory();
  mount();
}

DirectWorld::~DirectWorld() {
  driver_->close_all();
}

void DirectWorld::mount() {
  if (journal_directory_) journal_ = open_test_journal(*journal_directory_, 2, faults_, clock_);
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
