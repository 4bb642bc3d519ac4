// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "direct_config.h"
#include "direct_driver.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"
#include "world.h"

namespace pailfs::test {

/// The file system by direct calls over the fake bucket, with a clock that only the test moves.
class DirectWorld final : public World {
 public:
  /// `journaled`: with a journal (durability=local), of which nothing is carried out before a
  /// caller waits for it.
  explicit DirectWorld(const WorldOptions& options = {}, StoreLimits limits = {},
                       bool journaled = false);
  ~DirectWorld() override;

  Driver& posix() override { return *driver_; }
  store::ObjectStore& bucket() override { return store_; }
  void let_caches_expire() override;
  void remount() override;
  [[nodiscard]] uid_t default_uid() const override { return config_.default_uid; }
  [[nodiscard]] gid_t default_gid() const override { return config_.default_gid; }
  FakeStore* fake() override { return &store_; }
  FaultStore* faults() override { return &faults_; }
  FakeClock* clock() override { return &clock_; }

  fs::FileSystem& file_system() { return *fs_; }
  DirectDriver& direct() { return *driver_; }
  /// The bucket as the file system sees it: with what waits in the journal.
  store::ObjectStore& seen() {
    return journal_ ? static_cast<store::ObjectStore&>(*journal_) : faults_;
  }
  /// Until nothing waits in the journal.
  Status carry_out() { return journal_ ? journal_->settle({}) : Status(); }

 private:
  void mount();

  MimeFile mime_file_;
  fs::Config config_;
  FakeClock clock_;
  FakeStore store_;
  FaultStore faults_;
  std::unique_ptr<ScratchDirectory> journal_directory_;
  std::unique_ptr<journal::JournalStore> journal_;
  std::unique_ptr<fs::FileSystem> fs_;
  std::unique_ptr<DirectDriver> driver_;
};

}  // namespace pailfs::test
