// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/log.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// Where the log of a mount goes and how its lines look.
struct LogPlan {
  enum class Where { terminal, journal, file, syslog };
  Where where = Where::terminal;
  std::string path;    ///< of the file
  mode_t mode = 0;     ///< of the file
  bool spare = false;  ///< no option chose the file: it goes when the mount has ended well
  std::string ident;   ///< in syslog
  std::string prefix;  ///< of each line in syslog: "[instance_name] ", as in s3fs
  log::Style style;
};

/// Facts that the plan depends on beside the options.
struct LogFacts {
  bool stderr_is_journal = false;
  bool has_syslog = false;
  std::string spare_file;          ///< in the runtime directory; empty: there is none
  std::string program = "pailfs";  ///< its name in syslog
};

/// logfile= first; in the foreground standard error; in the background syslog if there is one, else
/// the spare file. Pure.
LogPlan plan_log(const Options& options, const LogFacts& facts);

/// The machine as it is. JOURNAL_STREAM names device and inode of the stream that systemd connected
/// (systemd.exec(5)); it counts only if stderr is still that stream.
LogFacts log_facts(const Options& options, const std::string& journal_stream);

/// For `pailfs status`: "syslog", "file /run/pailfs/log-...".
std::string describe(const LogPlan& plan);

/// Removes the spare file after a mount that lost nothing. The log goes nowhere from then on.
void end_log(const LogPlan& plan);

/// Sends the log there from now on.
void set_up_log(const LogPlan& plan, LogLevel level);

}  // namespace pailfs::cli
