// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <iostream>
#include <list>
#include <string>
#include <vector>

#include "pailfs/report/identity_json.h"
#include "pailfs/util/complaint.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/log.h"

#include "check_service.h"
#include "cli/options/parse.h"
#include "cli/run/mount_start.h"
#include "cli/run/preparation.h"
#include "cli/run/service.h"
#include "cli/run/start_failure.h"

namespace pailfs::cli {
namespace {

std::string as_json(const mount::Identity& what, const std::string& region,
                    const std::vector<CheckStep>& steps, int code) {
  JsonWriter json;
  json.begin_object().member("format", report::kJsonFormat).member("exit", code);
  report::put_identity(what, region, json);
  json.key("steps").begin_array();
  for (const CheckStep& step : steps) {
    json.begin_object().member("name", step.name).member("result", word_of(step.result));
    json.member("text", step.text).end_object();
  }
  return json.end_array().end_object().text() + "\n";
}

}  // namespace

int run_check(const Command& command, const Environment& environment) {
  std::vector<std::string> argv = {"pailfs"};
  argv.insert(argv.end(), command.arguments.begin(), command.arguments.end());
  argv.emplace_back("/");  // the parser wants a mountpoint
  CommandLine line = parse_command_line(argv, environment);
  if (command.json || line.options.log_json) set_complaint_form(ComplaintForm::json);
  if (!line.error.empty()) return complain(line, line.exit, line.error);
  if (const auto refused = prepare(line)) return *refused;
  const Options& options = line.options;
  log::set_level(options.log_level);
  Service service;
  if (const auto refused = service.open(options)) {
    failed(options, *refused);
    return complain(line, *refused);
  }
  std::vector<CheckStep> steps;
  std::list<std::string> names;
  const auto tell = [&](const CheckStep& step) {
    if (!command.json) std::cout << check_line(step) << std::flush;
    steps.push_back(step);
    steps.back().name = names.emplace_back(step.name);
  };
  const int code = check_service(options, command.write,
                                 {service.transport(), service.keys().source(), service.client(),
                                  service.clock(), service.random()},
                                 tell);
  if (command.json)
    std::cout << as_json(identity_of(line), service.client().region(), steps, code) << std::flush;
  return code;
}

}  // namespace pailfs::cli
