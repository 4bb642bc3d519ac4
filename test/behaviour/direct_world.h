// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pailfs/fs/file_system.h"

#include "behaviour/direct_driver.h"
#include "behaviour/mime_file.h"
#include "behaviour/world.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/fault_store.h"

namespace pailfs::test {

/// The file system by direct calls over the fake bucket, with a clock that only the test moves.
class DirectWorld final : public World {
 public:
  explicit DirectWorld(const WorldOptions& options = {}, StoreLimits limits = {});
  ~DirectWorld() override;

  Driver& posix() override { return *driver_; }
  s3::ObjectStore& bucket() override { return store_; }
  void let_caches_expire() override;
  void remount() override;
  [[nodiscard]] uid_t default_uid() const override { return config_.default_uid; }
  [[nodiscard]] gid_t default_gid() const override { return config_.default_gid; }
  FakeStore* fake() override { return &store_; }
  FaultStore* faults() override { return &faults_; }
  FakeClock* clock() override { return &clock_; }

  fs::FileSystem& file_system() { return *fs_; }
  DirectDriver& direct() { return *driver_; }

 private:
  void mount();

  MimeFile mime_file_;
  fs::Config config_;
  FakeClock clock_;
  FakeStore store_;
  FaultStore faults_;
  std::unique_ptr<fs::FileSystem> fs_;
  std::unique_ptr<DirectDriver> driver_;
};

}  // namespace pailfs::test
