// SPDX-License-Identifier: Apache-2.0
#include "messages.h"

#include <iostream>

#include "pailfs/util/complaint.h"
#include "pailfs/util/log.h"
#include "pailfs/util/program_name.h"

namespace pailfs::cli {

void say(const std::string& text) {
  std::cerr << program_name() + ": " + text + "\n";
}

int complain(const std::string& text, Exit code) {
  std::cerr << complaint_line(text, static_cast<int>(code));
  return static_cast<int>(code);
}

void tell(const Options& options, const std::string& text) {
  say(text);
  if (!log_is_terminal(options)) log_warning(text);
}

bool log_is_terminal(const Options& options) {
  return options.foreground && options.logfile.empty();
}

std::string bucket_name(const Options& options) {
  return "s3://" + options.s3.bucket + "/" + options.fs.prefix;
}

}  // namespace pailfs::cli
