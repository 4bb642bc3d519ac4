// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pailfs/auth/credentials.h"
#include "pailfs/fuse/greetings.h"
#include "pailfs/fuse/kernel_caches.h"
#include "pailfs/fuse/request_counts.h"
#include "pailfs/fuse/serve.h"
#include "pailfs/http/rate_limiter.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/mount/mount.h"
#include "pailfs/report/control.h"
#include "pailfs/report/metrics_outlet.h"
#include "pailfs/report/report.h"
#include "pailfs/s3/client.h"

#include "cli/options/live_change.h"
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
    const http::Traffic& traffic;
    http::RateLimiter& requests;
    const Clock& clock;
    std::function<std::optional<std::string>()> unreached;  ///< with -o bg: why the bucket is not
    journal::JournalStore* journal = nullptr;               ///< may be none
    /// Takes the keys as these settings say, or says why not. May be empty.
    std::function<Status(const auth::CredentialConfig&)> change_keys = {};
  };
  /// `log` says in words where messages go, `keeps_nothing` why use_cache keeps nothing, if so.
  MountInstruments(const Options& options, Parts parts, std::string log, std::string keeps_nothing,
                   std::string conflicts);

  /// For fuse::serve().
  [[nodiscard]] fuse::Instruments instruments();
  /// The mount can be used: opens socket and metrics. A failure to open one is a warning, because
  /// the mount works without it. Starts threads: not before the process has detached.
  void begin() EXCLUDES(mutex_);
  /// Tells that the mount has ended and all that could be stored is stored.
  void end() EXCLUDES(mutex_);

 private:
  [[nodiscard]] report::Report look();
  [[nodiscard]] report::Subject look_at_subject() EXCLUDES(mutex_);
  [[nodiscard]] journal::Waiting waiting();
  [[nodiscard]] report::Sending sending();
  [[nodiscard]] std::string error();
  /// See report::ControlServer::Answers.
  [[nodiscard]] Status remount(const std::string& list) EXCLUDES(mutex_);
  /// By one thread at a time.
  [[nodiscard]] Status carry_out(const std::string& list) EXCLUDES(mutex_);
  [[nodiscard]] Status change_keys(const LiveChange& change);
  [[nodiscard]] bool greeted(const std::string& name, const std::string& mountpoint)
      EXCLUDES(mutex_);
  void leave() EXCLUDES(mutex_);
  /// Commands find the mount by this name from now on: record and socket move. On a thread of the
  /// control server.
  [[nodiscard]] Status move_to(const std::string& mountpoint) EXCLUDES(mutex_);
  [[nodiscard]] Result<std::string> refresh(const std::string& path,
                                            const std::function<void()>& forgotten);

  const Parts parts_;
  const report::MetricsConfig metrics_config_;
  const bool uses_conditions_;
  std::atomic<bool> changes_ = false;    ///< a remount is under way
  auth::CredentialConfig key_settings_;  ///< of the one that is
  const bool passed_;                    ///< another program has mounted the descriptor
  const std::string conflicts_;          ///< the directory of lost races
  Mutex mutex_;
  report::Subject subject_ GUARDED_BY(mutex_);
  fuse::RequestCounts counts_;
  fuse::KernelCaches caches_;
  fuse::Greetings greetings_;
  std::unique_ptr<report::MetricsOutlet> metrics_ GUARDED_BY(mutex_);
  std::unique_ptr<report::ControlServer> control_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cli
