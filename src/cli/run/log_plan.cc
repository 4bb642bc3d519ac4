// SPDX-License-Identifier: Apache-2.0
#include "log_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include "pailfs/mount/runtime.h"
#include "pailfs/util/program_name.h"

namespace pailfs::cli {
namespace {

constexpr mode_t kChosenFile = S_IRUSR | S_IWUSR | S_IRGRP;
constexpr mode_t kSpareFile = S_IRUSR | S_IWUSR;

log::RecordSink open_sink(const LogPlan& plan) {
  switch (plan.where) {
    case LogPlan::Where::file:
      return log::file_sink(plan.path, plan.style, plan.mode);
    case LogPlan::Where::syslog:
      return log::syslog_sink(plan.ident, plan.prefix, plan.style);
    case LogPlan::Where::terminal:
    case LogPlan::Where::journal:
      break;
  }
  return log::stream_sink(STDERR_FILENO, plan.style);
}

}  // namespace

LogPlan plan_log(const Options& options, const LogFacts& facts) {
  LogPlan plan;
  plan.style.mount = options.mount.mountpoint;
  plan.style.form = options.timestamps ? log::Form::stamped : log::Form::plain;
  plan.ident = facts.program;
  if (!options.instance_name.empty()) plan.prefix = "[" + options.instance_name + "] ";
  if (!options.logfile.empty()) {
    plan.where = LogPlan::Where::file;
    plan.path = options.logfile;
    plan.mode = kChosenFile;
  } else if (options.foreground) {
    plan.where = facts.stderr_is_journal ? LogPlan::Where::journal : LogPlan::Where::terminal;
    if (facts.stderr_is_journal) plan.style.form = log::Form::journal;
  } else if (facts.has_syslog || facts.spare_file.empty()) {
    plan.where = LogPlan::Where::syslog;
    plan.style.form = log::Form::plain;
  } else {
    plan.where = LogPlan::Where::file;
    plan.path = facts.spare_file;
    plan.mode = kSpareFile;
    plan.spare = true;
  }
  if (options.log_json) plan.style.form = log::Form::json;
  return plan;
}

LogFacts log_facts(const Options& options, const std::string& journal_stream) {
  LogFacts facts;
  facts.program = program_name();
  facts.has_syslog = ::access("/dev/log", F_OK) == 0;
  struct stat status {};
  if (!journal_stream.empty() && ::fstat(STDERR_FILENO, &status) == 0) {
    facts.stderr_is_journal =
        journal_stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  }
  // Makes the runtime directory only if its file will be used.
  if (facts.has_syslog || options.foreground || !options.logfile.empty()) return facts;
  if (const auto directory = mount::runtime_directory()) {
    facts.spare_file = *directory + "/log-" + mount::mount_id(options.mount.mountpoint);
  }
  return facts;
}

std::string describe(const LogPlan& plan) {
  switch (plan.where) {
    case LogPlan::Where::terminal:
      return "standard error";
    case LogPlan::Where::journal:
      return "journal";
    case LogPlan::Where::syslog:
      return "syslog";
    case LogPlan::Where::file:
      break;
  }
  return "file " + plan.path;
}

void end_log(const LogPlan& plan) {
  if (!plan.spare) return;
  log::set_sink(log::RecordSink());
  ::unlink(plan.path.c_str());
}

void set_up_log(const LogPlan& plan, LogLevel level) {
  log::set_level(level);
  log::set_sink(log::collapse_repeats(open_sink(plan)));
}

}  // namespace pailfs::cli
