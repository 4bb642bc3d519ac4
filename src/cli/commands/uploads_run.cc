// SPDX-License-Identifier: Apache-2.0
#include "uploads_run.h"

#include <iostream>
#include <optional>

#include "cli/run/log_plan.h"
#include "cli/run/preparation.h"
#include "cli/run/service.h"
#include "cli/run/start_failure.h"
#include "unfinished_uploads.h"

namespace pailfs::cli {
namespace {

/// A service that refuses its list of uploads is asked for that of its objects too: only then is it
/// known whether bucket, keys and region are right.
std::optional<StartFailure> work_on_uploads(const Options& options) {
  Service service;
  if (auto refused = service.open(options)) return refused;
  const std::string& prefix = options.fs.prefix;
  const Status done = options.action == Action::list_uploads
                          ? list_uploads(service.client(), prefix, std::cout)
                          : abort_uploads(service.client(), prefix, options.upload_age,
                                          service.clock().wall(), std::cout);
  std::cout << std::flush;
  if (!done) {
    if (auto refused = service.reach(options)) return refused;
    return StartFailure(Step::bucket, done.error());
  }
  service.tell_notices(options);
  return std::nullopt;
}

}  // namespace

int run_on_uploads(CommandLine& line, const Launch& launch) {
  if (const auto refused = prepare(line)) return *refused;
  Options& options = line.options;
  options.foreground = true;
  set_up_log(plan_log(options, log_facts(options, launch.journal_stream)), options.log_level);
  const auto refused = work_on_uploads(options);
  if (!refused) return std::cout ? 0 : static_cast<int>(Exit::local);
  failed(options, *refused);
  return complain(line, *refused);
}

}  // namespace pailfs::cli
