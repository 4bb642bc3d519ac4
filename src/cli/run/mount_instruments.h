// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/fuse/kernel_caches.h"
#include "pailfs/fuse/request_counts.h"
#include "pailfs/fuse/serve.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/mount/mount.h"
#include "pailfs/report/control.h"
#include "pailfs/report/metrics_outlet.h"
#include "pailfs/report/report.h"
#include "pailfs/s3/client.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// Everything through which a mount is watched: counts, status, control socket, metrics. Its Parts
/// must outlive it. One thread makes it and calls begin() and end().
class MountInstruments final {
 public:
  struct Parts {
    const s3::Client& client;
    auth::CredentialSource& credentials;
    fs::FileSystem& files;
    const Clock& clock;
    std::function<std::optional<std::string>()> unreached;  ///< with -o bg: why the bucket is not
    journal::JournalStore* journal = nullptr;               ///< may be none
  };
  /// `log` says in words where messages go, `keeps_nothing` why use_cache keeps nothing, if so.
  MountInstruments(const Options& options, Parts parts, std::string log, std::string keeps_nothing,
                   std::string conflicts);

  /// For fuse::serve().
  [[nodiscard]] fuse::Instruments instruments();
  /// The mount can be used: opens socket and metrics. A failure to open one is a warning, because
  /// the mount works without it. Starts threads: not before the process has detached.
  void begin();
  /// Tells that the mount has ended and all that could be stored is stored.
  void end();

 private:
  [[nodiscard]] report::Report look();
  [[nodiscard]] journal::Waiting waiting();
  /// See report::ControlServer::Answers.
  [[nodiscard]] Result<std::string> refresh(const std::string& path);

  const Parts parts_;
  const report::MetricsConfig metrics_config_;
  const bool uses_conditions_;
  report::Subject subject_;
  fuse::RequestCounts counts_;
  fuse::KernelCaches caches_;
  std::unique_ptr<report::MetricsOutlet> metrics_;
  std::unique_ptr<report::ControlServer> control_;
};

}  // namespace pailfs::cli
