// SPDX-License-Identifier: Apache-2.0
#include "mount_instruments.h"

#include <unistd.h>

#include <utility>

#include "pailfs/mount/mountpoint.h"
#include "pailfs/mount/process_birth.h"
#include "pailfs/mount/runtime.h"
#include "pailfs/mount/unmount.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "cli/options/live_change.h"
#include "version.h"

namespace pailfs::cli {
namespace {

/// The kernel takes no attribute above 64 KiB; names and sentences have up to 1.5 KiB.
constexpr std::size_t kFilesInAttribute = 10;
constexpr std::size_t kFilesInReply = 1000;
/// For another process, before there is a mount that could wait for this one.
constexpr std::chrono::seconds kPatience{2};

/// Resolved before it is mounted: afterwards a look at the path would wait for ourselves.
std::string resolved_mountpoint(const Options& options) {
  if (const auto descriptor = mount::passed_descriptor(options.mount.mountpoint))
    return mount::placeless_name(::getpid(), *descriptor);
  const auto resolved = mount::resolve_mountpoint(options.mount.mountpoint);
  return resolved ? *resolved : options.mount.mountpoint;
}

report::Subject subject_of(const Options& options, const Clock& clock, std::string log,
                           std::string keeps_nothing) {
  report::Subject subject;
  subject.what = options.mount.identity;
  subject.version = kVersion;
  subject.log = std::move(log);
  subject.keeps_nothing = std::move(keeps_nothing);
  subject.pid = ::getpid();
  subject.started = clock.wall();
  return subject;
}

/// The record of this process under that name.
std::optional<mount::MountRecord> own_record(const std::string& mountpoint) {
  auto record = mount::read_record(mountpoint);
  if (record && record->pid == ::getpid()) return record;
  return std::nullopt;
}

/// Of a mount that another program has made; fuse::serve() leaves that of others.
void leave_record(const report::Subject& subject) {
  const mount::MountRecord record{
      .pid = subject.pid,
      .mountpoint = subject.mountpoint,
      .started = std::chrono::duration_cast<std::chrono::seconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count(),
      .born = mount::process_birth(subject.pid).value_or(0),
      .what = subject.what};
  if (const Status written = mount::write_record(record); !written)
    log_warning("no record of this mount: " + written.error().text);
}

/// The process of the mount whose place this one takes gives up its names and ports. One that does
/// not answer goes on with them.
void make_other_leave(const std::string& mountpoint) {
  const auto path = report::control_socket(mountpoint);
  auto other = path ? report::ControlClient::ask(*path, "leave")
                    : Result<report::ControlClient>(path.error());
  const auto said = other ? other->next(std::chrono::steady_clock::now() + kPatience)
                          : Result<std::optional<std::string>>(other.error());
  if (!said) log_warning("the mount that was here before: " + said.error().text);
}

/// What a user who has named this path wants to hear: that it may be misspelt. Mostly nothing.
std::string look_for(fs::FileSystem& files, const std::string& path) {
  const auto there = files.is_there(path);
  if (!there) return "whether it is in the bucket is not known: " + there.error().text;
  return *there ? "" : "there is nothing of that name in the bucket";
}

}  // namespace

MountInstruments::MountInstruments(const Options& options, Parts parts, std::string log,
                                   std::string keeps_nothing, std::string conflicts)
    : parts_(std::move(parts)),
      metrics_config_{options.metrics_file, options.metrics_listen},
      uses_conditions_(options.s3.conditions),
      key_settings_(options.credentials),
      passed_(mount::passed_descriptor(options.mount.mountpoint).has_value()),
      conflicts_(std::move(conflicts)),
      subject_(subject_of(options, parts_.clock, std::move(log), std::move(keeps_nothing))) {
  subject_.mountpoint = resolved_mountpoint(options);
  subject_.conflicts = conflicts_;
}

report::Subject MountInstruments::look_at_subject() {
  const MutexLock lock(mutex_);
  return subject_;
}

report::Report MountInstruments::look() {
  report::Report report;
  report.subject = look_at_subject();
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
  const http::Traffic::Bytes moved = parts_.traffic.bytes();
  report.bytes_sent = moved.sent;
  report.bytes_received = moved.received;
  report.failed_request = parts_.client.last_failure();
  report.kernel = counts_.rows();
  report.oldest = counts_.oldest();
  return report;
}

journal::Waiting MountInstruments::waiting() {
  return parts_.journal == nullptr ? journal::Waiting() : parts_.journal->waiting();
}

report::Sending MountInstruments::sending() {
  return report::describe_sending(parts_.files.activity(), waiting(), parts_.traffic.bytes().sent);
}

std::string MountInstruments::error() {
  // Not the whole report: that asks where the keys come from.
  report::Report report;
  report.activity = parts_.files.activity();
  report.failed_request = parts_.client.last_failure();
  const auto last = report::last_error(report);
  return last ? printable(last->error.text) : std::string();
}

Status MountInstruments::remount(const std::string& list) {
  if (changes_.exchange(true)) return Error(EBUSY, "another change is under way");
  Status done = carry_out(list);
  changes_ = false;
  return done;
}

Status MountInstruments::change_keys(const LiveChange& change) {
  if (!change.passwd_file && !change.profile) return {};
  if (!parts_.change_keys) return Error(ENOTSUP, "the keys of this mount cannot change");
  auth::CredentialConfig wanted = key_settings_;
  if (change.passwd_file) wanted.passwd_file = *change.passwd_file;
  if (change.profile) {
    wanted.profile = *change.profile;
    wanted.profile_given = true;
  }
  if (wanted.passwd_file.starts_with(look_at_subject().mountpoint + "/"))
    return Error(EDEADLK, "passwd_file lies in the mount itself, which would wait for itself");
  if (Status taken = parts_.change_keys(wanted); !taken) return taken;
  key_settings_ = wanted;
  return {};
}

Status MountInstruments::carry_out(const std::string& list) {
  const report::Subject subject = look_at_subject();
  const auto read = read_live_change(list, subject.what);
  if (!read) return read.error();
  const LiveChange& change = *read;
  if (Status taken = change_keys(change); !taken) return taken;
  if (change.read_only) parts_.files.set_read_only(*change.read_only);
  if (change.log_level) log::set_level(*change.log_level);
  parts_.files.change(change.files);
  http::Rates rates = parts_.requests.rates();
  rates.bytes_per_second = change.bytes_per_second.value_or(rates.bytes_per_second);
  rates.requests_per_second = change.requests_per_second.value_or(rates.requests_per_second);
  parts_.requests.set_rates(rates);
  caches_.change([&](fuse::KernelTimes& times) {
    if (change.attribute_seconds) times.attributes = *change.attribute_seconds;
    if (change.entry_seconds) times.entries = *change.entry_seconds;
    if (change.negative_seconds) times.absences = *change.negative_seconds;
  });
  const mount::Identity after = changed(subject.what, change);
  {
    const MutexLock lock(mutex_);
    subject_.what = after;
  }
  log_warning("changed while it lives: " + printable(list));
  auto record = own_record(subject.mountpoint);
  if (!record) return {};
  record->what = after;
  return mount::write_record(*record);
}

bool MountInstruments::greeted(const std::string& name, const std::string& mountpoint) {
  if (!greetings_.has(name)) return false;
  const Status moved = move_to(mountpoint);
  if (!moved) log_warning("found at " + printable(mountpoint) + ": " + moved.error().text);
  return moved.has_value();
}

void MountInstruments::leave() {
  std::unique_ptr<report::MetricsOutlet> metrics;
  {
    const MutexLock lock(mutex_);
    metrics = std::move(metrics_);
  }
  metrics.reset();  // its port is the next mount's
  const Status moved = move_to(mount::placeless_name(::getpid(), std::nullopt));
  if (!moved) log_warning("not found by its process from now on: " + moved.error().text);
  log_warning("taken off its directory; the files that are open stay usable");
}

Status MountInstruments::move_to(const std::string& mountpoint) {
  const auto socket = report::control_socket(mountpoint);
  if (!socket) return socket.error();
  std::string before;
  // Its end waits for the thread that this runs on.
  report::ControlServer* control = nullptr;
  {
    const MutexLock lock(mutex_);
    before = subject_.mountpoint;
    control = control_.get();
  }
  if (control == nullptr) return Error(EAGAIN, "the mount begins or ends");
  auto record = own_record(before);
  if (!record) return Error(ENOENT, "the mount has no record");
  record->mountpoint = mountpoint;
  if (Status written = mount::write_record(*record); !written) return written;
  if (Status moved = control->move(*socket); !moved) return moved;
  {
    const MutexLock lock(mutex_);
    subject_.mountpoint = mountpoint;
  }
  return mount::remove_record(before);
}

Result<std::string> MountInstruments::refresh(const std::string& path,
                                              const std::function<void()>& forgotten) {
  const auto done = caches_.refresh(parts_.files, path);
  if (!done) return done.error();
  forgotten();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(done->believes).count();
  std::string remark = look_for(parts_.files, path);
  if (seconds == 0) return remark;
  if (!remark.empty()) remark += "; ";
  return remark + "for up to " + std::to_string(seconds) +
         " seconds more the kernel believes in names that it was told before "
         "(entry_timeout, negative_timeout)";
}

fuse::Instruments MountInstruments::instruments() {
  return {&counts_, [this] { return report::to_json(look(), kFilesInAttribute); }, &caches_,
          passed_ ? &greetings_ : nullptr,
          [this] { make_other_leave(look_at_subject().mountpoint); }};
}

void MountInstruments::begin() {
  const report::Subject subject = look_at_subject();
  if (passed_) leave_record(subject);
  const auto path = report::control_socket(subject.mountpoint);
  auto control =
      path ? report::ControlServer::start(
                 *path, {[this] { return report::to_json(look(), kFilesInReply); },
                         [this] { return report::to_text(look()); }, parts_.files,
                         [this] { return waiting(); }, [this] { return sending(); },
                         [this] { return error(); },
                         [this](const std::string& at, const std::function<void()>& forgotten) {
                           return refresh(at, forgotten);
                         },
                         [this](const std::string& list) { return remount(list); },
                         [this](const std::string& name, const std::string& at) {
                           return greeted(name, at);
                         },
                         [this] { leave(); }, conflicts_})
           : Result<std::unique_ptr<report::ControlServer>>(path.error());
  if (control) {
    const MutexLock lock(mutex_);
    control_ = std::move(*control);
  } else {
    log_warning("no control socket: " + control.error().text);
  }
  if (metrics_config_.file.empty() && metrics_config_.listen.empty()) return;
  auto metrics =
      report::MetricsOutlet::start(metrics_config_, [this] { return report::to_metrics(look()); });
  if (metrics) {
    const MutexLock lock(mutex_);
    metrics_ = std::move(*metrics);
  } else {
    log_error(metrics.error());
  }
}

void MountInstruments::end() {
  std::unique_ptr<report::ControlServer> control;
  std::unique_ptr<report::MetricsOutlet> metrics;
  {
    const MutexLock lock(mutex_);
    control = std::move(control_);
    metrics = std::move(metrics_);
  }
  control.reset();
  metrics.reset();
  const std::string name = look_at_subject().mountpoint;
  if (own_record(name)) static_cast<void>(mount::remove_record(name));
}

}  // namespace pailfs::cli
