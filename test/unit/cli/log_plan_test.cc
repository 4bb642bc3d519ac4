// SPDX-License-Identifier: Apache-2.0
#include "cli/run/log_plan.h"

#include "support/catch.h"

namespace pailfs::cli {
namespace {

using log::Form;

TEST_CASE("The log goes where s3fs has it, and never nowhere") {
  struct Row {
    std::string logfile;
    bool foreground;
    bool json;
    bool stamps;
    LogFacts facts;
    std::string words;
    Form form;
  };
  const LogFacts bare{false, false, "/run/x/log-1", "pailfs"};
  const LogFacts with_syslog{false, true, "", "s3fs"};
  const LogFacts journal{true, true, "", "pailfs"};
  const std::vector<Row> rows = {
      {"/l", false, false, true, bare, "file /l", Form::stamped},
      {"/l", true, false, false, journal, "file /l", Form::plain},
      {"", true, false, true, bare, "standard error", Form::stamped},
      {"", true, false, true, journal, "journal", Form::journal},
      {"", true, true, true, journal, "journal", Form::json},
      {"", false, false, true, with_syslog, "syslog", Form::plain},
      {"", false, true, true, with_syslog, "syslog", Form::json},
      {"", false, false, true, bare, "file /run/x/log-1", Form::stamped},
      {"", false, false, true, {false, false, ""}, "syslog", Form::plain},
  };
  for (const Row& row : rows) {
    Options options;
    options.logfile = row.logfile;
    options.foreground = row.foreground;
    options.log_json = row.json;
    options.timestamps = row.stamps;
    const LogPlan plan = plan_log(options, row.facts);
    CHECK(describe(plan) == row.words);
    CHECK(plan.style.form == row.form);
  }
}

TEST_CASE("The spare log file is private and a chosen one readable by its group") {
  Options options;
  CHECK(plan_log(options, {false, false, "/run/x/log-1", "pailfs"}).mode == 0600);
  CHECK(plan_log(options, {false, false, "/run/x/log-1", "pailfs"}).spare);
  options.logfile = "/l";
  CHECK(plan_log(options, {}).mode == 0640);
  CHECK_FALSE(plan_log(options, {false, false, "/run/x/log-1", "pailfs"}).spare);
}

TEST_CASE("In syslog a mount has the name it was called by, and lines the instance's") {
  Options options;
  const LogFacts facts{false, true, "", "s3fs"};
  CHECK(plan_log(options, facts).ident == "s3fs");
  options.instance_name = "media";
  CHECK(plan_log(options, facts).ident == "s3fs");
  CHECK(plan_log(options, facts).prefix == "[media] ");
}

}  // namespace
}  // namespace pailfs::cli
