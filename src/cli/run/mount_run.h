// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "pailfs/fs/file_system.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/process/daemon.h"
#include "pailfs/process/ending.h"
#include "pailfs/store/object_store.h"

#include "bucket_wait.h"
#include "cli/options/options.h"
#include "launch.h"
#include "log_plan.h"
#include "mount_cache.h"
#include "service.h"
#include "start_failure.h"

namespace pailfs::cli {

/// The whole life of a mount, on one thread: service, bucket, cache, journal, file system, kernel.
/// The one place that puts the layers together. To be made after the process has detached:
/// connections and threads do not survive a fork. Its arguments must outlive it.
class MountRun final {
 public:
  MountRun(const Options& options, const Launch& launch, const LogPlan& log);
  MountRun(const MountRun&) = delete;
  MountRun& operator=(const MountRun&) = delete;
  ~MountRun() = default;

  /// Serves until the mount ends. Calls `report_ready` when it can be used. To be called once.
  process::Outcome run(const std::function<void()>& report_ready);

 private:
  std::optional<StartFailure> begin();
  std::optional<StartFailure> meet_bucket();
  std::optional<StartFailure> make_files();
  std::optional<StartFailure> serve(const std::function<void()>& report_ready);

  const Options& options_;
  const Launch& launch_;
  const LogPlan& log_;
  // On a terminal a command that fails prints one line and nothing else.
  const bool quiet_;

  // Each of these members uses those before it.
  Service service_;
  process::Ending ending_;
  std::optional<BucketWait> wait_;
  std::unique_ptr<MountCache> cache_;
  std::unique_ptr<journal::JournalStore> journal_;
  std::string conflicts_;  // the directory of lost races
  std::unique_ptr<fs::FileSystem> files_;
};

/// A MountRun with its log: set up before, taken away after an end without a loss.
process::Outcome run_mount(const Options& options, const Launch& launch,
                           const std::function<void()>& report_ready);

}  // namespace pailfs::cli
