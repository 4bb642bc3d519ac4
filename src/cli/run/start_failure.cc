// SPDX-License-Identifier: Apache-2.0
#include "start_failure.h"

#include "pailfs/util/log.h"

#include "messages.h"

namespace pailfs::cli {
process::Outcome failed(const Options& options, const StartFailure& refusal) {
  const Error& error = refusal.error;
  if (!log_is_terminal(options)) log::write(LogLevel::critical, error.text, error.request_id);
  return {static_cast<int>(refusal.exit), error.text};
}

int complain(const CommandLine& line, Exit code, const std::string& text) {
  const int status = complain(text, code);
  const bool translate = line.mount_helper && code != Exit::usage;
  return translate ? kMountHelperFailure : status;
}

int complain(const CommandLine& line, const StartFailure& refusal) {
  return complain(line, refusal.exit, refusal.error.text);
}

}  // namespace pailfs::cli
