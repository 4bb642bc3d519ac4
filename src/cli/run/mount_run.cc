// SPDX-License-Identifier: Apache-2.0
#include "mount_run.h"

#include <atomic>
#include <utility>

#include "pailfs/fuse/serve.h"
#include "pailfs/util/file.h"
#include "pailfs/util/log.h"

#include "messages.h"
#include "mount_instruments.h"
#include "mount_journal.h"

namespace pailfs::cli {

MountRun::MountRun(const Options& options, const Launch& launch, const LogPlan& log)
    : options_(options),
      launch_(launch),
      log_(log),
      quiet_(log.where == LogPlan::Where::terminal || log.where == LogPlan::Where::journal),
      ending_(options.umount_timeout, service_.for_ending(), static_cast<int>(Exit::not_stored)) {}

process::Outcome MountRun::run(const std::function<void()>& report_ready) {
  auto refused = begin();
  if (!refused) refused = serve(report_ready);
  return refused ? failed(options_, *refused) : process::Outcome();
}

std::optional<StartFailure> MountRun::begin() {
  if (!quiet_) log::announce(launch_.line);
  raise_file_limit();
  if (auto refused = service_.open(options_)) return refused;
  if (auto refused = meet_bucket()) return refused;
  return make_files();
}

std::optional<StartFailure> MountRun::meet_bucket() {
  if (!options_.connect_later) return service_.reach(options_);
  wait_.emplace(bucket_name(options_), [this] { return service_.probe(options_); });
  return std::nullopt;
}

std::optional<StartFailure> MountRun::make_files() {
  fs::Config settings = options_.fs;
  settings.mountpoint = options_.mount.mountpoint;
  if (service_.keys().none()) settings.no_copy_api = true;  // as with public_bucket
  cache_ = std::make_unique<MountCache>(options_, settings);
  auto opened = open_mount_journal(options_, service_.client(), service_.clock(),
                                   [this] { return service_.given_up(); });
  if (!opened) return StartFailure(Step::local, opened.error());
  journal_ = std::move(*opened);
  store::ObjectStore* store = &service_.client();
  if (journal_) {
    store = journal_.get();
    // A version in the journal has no ETag of the service's yet, so copies on the disk could not be
    // matched to it.
    settings.kept_directory.clear();
    settings.attribute_file.clear();
  }
  conflicts_ =
      journal_ ? journal_->waiting().directory + "/conflicts" : conflicts_directory(options_);
  settings.conflicts_directory = conflicts_;
  // The service's page does not show the changes that wait in the journal.
  const bool changes_wait = journal_ && journal_->waiting().changes > 0;
  files_ = fs::make_file_system(settings, *store, service_.clock(),
                                changes_wait ? fs::FirstPage() : service_.first_page(),
                                options_.locks_in_bucket ? &service_.client() : nullptr);
  if (!cache_->trouble().empty()) tell(options_, cache_->trouble());
  return std::nullopt;
}

std::optional<StartFailure> MountRun::serve(const std::function<void()>& report_ready) {
  auth::CredentialSource& keys = service_.keys().source();
  const auto unreached = [this] { return wait_ ? wait_->trouble() : std::nullopt; };
  MountInstruments instruments(options_,
                               {service_.client(), keys, *files_, service_.traffic(),
                                service_.transport(), service_.clock(), unreached, journal_.get(),
                                [this](const auth::CredentialConfig& config) {
                                  return service_.change_keys(options_, config);
                                }},
                               describe(log_), cache_->trouble(), conflicts_);
  std::atomic<bool> was_ready = false;
  const auto on_ready = [&] {
    was_ready = true;
    if (quiet_) log::announce(launch_.line);
    log_info(
        [&] { return "mounted " + bucket_name(options_) + " on " + options_.mount.mountpoint; });
    instruments.begin();
    report_ready();
  };
  const Status served = fuse::serve(
      options_.mount, *files_, on_ready, instruments.instruments(), [&] { keys.reload(); },
      &ending_);
  instruments.end();
  if (served) return std::nullopt;
  // After the mount was ready an error means that a file could not be stored.
  if (was_ready) return StartFailure(Exit::not_stored, served.error());
  return StartFailure(Step::mount, served.error());
}

process::Outcome run_mount(const Options& options, const Launch& launch,
                           const std::function<void()>& report_ready) {
  const LogPlan log = plan_log(options, log_facts(options, launch.journal_stream));
  set_up_log(log, options.log_level);
  bool was_ready = false;
  process::Outcome outcome = MountRun(options, launch, log).run([&] {
    was_ready = true;
    report_ready();
  });
  // If the mount could not begin, the error goes to the caller's terminal and not to the log.
  if (outcome.exit_code == 0 || !was_ready) end_log(log);
  return outcome;
}

}  // namespace pailfs::cli
