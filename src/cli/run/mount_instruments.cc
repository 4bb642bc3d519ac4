// SPDX-License-Identifier: Apache-2.0
#include "mount_instruments.h"

#include <unistd.h>

#include <utility>

#include "pailfs/mount/unmount.h"
#include "pailfs/util/log.h"

#include "version.h"

namespace pailfs::cli {
namespace {

/// The kernel takes no attribute above 64 KiB; names and sentences have up to 1.5 KiB.
constexpr std::size_t kFilesInAttribute = 10;
constexpr std::size_t kFilesInReply = 1000;

report::Subject subject_of(const Options& options, const Clock& clock, std::string log,
                           std::string keeps_nothing) {
  report::Subject subject;
  subject.source = options.mount.identity.source;
  // Resolved before it is mounted: afterwards a look at the path would wait for ourselves.
  const auto resolved = mount::resolve_mountpoint(options.mount.mountpoint);
  subject.mountpoint = resolved ? *resolved : options.mount.mountpoint;
  subject.url = options.s3.url;
  subject.version = kVersion;
  subject.log = std::move(log);
  subject.keeps_nothing = std::move(keeps_nothing);
  subject.pid = ::getpid();
  subject.started = clock.wall();
  return subject;
}

}  // namespace

MountInstruments::MountInstruments(const Options& options, Parts parts, std::string log,
                                   std::string keeps_nothing, std::string conflicts)
    : parts_(std::move(parts)),
      metrics_config_{options.metrics_file, options.metrics_listen},
      uses_conditions_(options.s3.conditions),
      subject_(subject_of(options, parts_.clock, std::move(log), std::move(keeps_nothing))) {
  subject_.conflicts = std::move(conflicts);
}

report::Report MountInstruments::look() {
  report::Report report;
  report.subject = subject_;
  report.now = parts_.clock.wall();
  report.region = parts_.client.region();
  if (uses_conditions_) report.obedience = parts_.client.obedience();
  const auto credentials = parts_.credentials.get();
  if (credentials) {
    report.credentials = credentials->source;
    report.credentials_expire = credentials->expires;
  } else {
    report.credentials = "none: " + credentials.error().text;
  }
  report.unreached = parts_.unreached();
  report.activity = parts_.files.activity();
  if (parts_.journal != nullptr) report.journal = parts_.journal->waiting();
  report.requests = parts_.client.counts();
  report.kernel = counts_.rows();
  report.oldest = counts_.oldest();
  return report;
}

journal::Waiting MountInstruments::waiting() {
  return parts_.journal == nullptr ? journal::Waiting() : parts_.journal->waiting();
}

Result<std::string> MountInstruments::refresh(const std::string& path) {
  const auto done = caches_.refresh(parts_.files, path);
  if (!done) return done.error();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(done->believes).count();
  if (seconds == 0) return std::string();
  return "for up to " + std::to_string(seconds) +
         " seconds more the kernel believes in names that it was told before "
         "(entry_timeout, negative_timeout)";
}

fuse::Instruments MountInstruments::instruments() {
  return {&counts_, [this] { return report::to_json(look(), kFilesInAttribute); }, &caches_};
}

void MountInstruments::begin() {
  const auto path = report::control_socket(subject_.mountpoint);
  auto control =
      path ? report::ControlServer::start(
                 *path, {[this] { return report::to_json(look(), kFilesInReply); },
                         [this] { return report::to_text(look()); }, parts_.files,
                         [this] { return waiting(); },
                         [this](const std::string& at) { return refresh(at); }, subject_.conflicts})
           : Result<std::unique_ptr<report::ControlServer>>(path.error());
  if (control) {
    control_ = std::move(*control);
  } else {
    log_warning("no control socket: " + control.error().text);
  }
  if (metrics_config_.file.empty() && metrics_config_.listen.empty()) return;
  auto metrics =
      report::MetricsOutlet::start(metrics_config_, [this] { return report::to_metrics(look()); });
  if (metrics) {
    metrics_ = std::move(*metrics);
  } else {
    log_error(metrics.error());
  }
}

void MountInstruments::end() {
  control_.reset();
  metrics_.reset();
}

}  // namespace pailfs::cli
