// SPDX-License-Identifier: Apache-2.0
#include "pailfs/report/metrics_outlet.h"
#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string set_log_level(Options& options, std::string_view value) {
  struct Word {
    std::string_view word;
    LogLevel level;
  };
  static constexpr Word kWords[] = {
      {"crit", LogLevel::critical},    {"critical", LogLevel::critical},
      {"silent", LogLevel::critical},  {"err", LogLevel::error},
      {"error", LogLevel::error},      {"warn", LogLevel::warning},
      {"wan", LogLevel::warning},      {"warning", LogLevel::warning},
      {"info", LogLevel::info},        {"inf", LogLevel::info},
      {"information", LogLevel::info}, {"dbg", LogLevel::debug},
      {"debug", LogLevel::debug}};
  for (const Word& row : kWords) {
    if (!equals_ignoring_case(row.word, value)) continue;
    options.log_level = row.level;
    return {};
  }
  return "option dbglevel has unknown parameter(" + printable(value) +
         "): it is crit, err, warn, info or dbg";
}

std::string show_log_level(const Options& options) {
  switch (options.log_level) {
    case LogLevel::critical:
      return "crit";
    case LogLevel::error:
      return "err";
    case LogLevel::warning:
      return "warn";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "dbg";
  }
  return {};
}

std::string set_trace(Options& options, std::string_view value) {
  const bool body = equals_ignoring_case(value, "body");
  if (!value.empty() && !body && !equals_ignoring_case(value, "normal")) {
    return "option curldbg has unknown parameter(" + printable(value) + "): it is normal or body";
  }
  options.http.trace = true;
  options.http.trace_body = body;
  return {};
}

std::string set_log_format(Options& options, std::string_view value) {
  if (value != "text" && value != "json") {
    return "option log_format has unknown parameter(" + printable(value) + "): it is text or json";
  }
  options.log_json = value == "json";
  return {};
}

std::string show_log_format(const Options& options) {
  return options.log_json ? "json" : "text";
}

std::string set_metrics_listen(Options& options, std::string_view value) {
  const auto where = report::parse_listen(std::string(value));
  if (!where) return "option " + where.error().text;
  options.metrics_listen = value;
  return {};
}

std::string show_metrics_listen(const Options& options) {
  return options.metrics_listen;
}

}  // namespace

void add_logging_options(std::vector<OptionSpec>& table) {
  const Group group = Group::logging;
  table.insert(
      table.end(),
      {
          {"dbglevel", "LEVEL", group,
           Custom{set_log_level, show_log_level, "crit err warn info dbg"},
           "Least important kind of message that is logged: crit, err, warn, info or dbg."},
          {"curldbg", "[normal|body]", group, Custom{set_trace, nullptr, "normal body"},
           "Log the headers of every request, with secrets masked; body: the bodies as well."},
          {"logfile", "FILE", group, Path{[](Options& o) -> std::string& { return o.logfile; }},
           "Append the log to this file."},
          {"log_format", "FORMAT", group, Custom{set_log_format, show_log_format, "text json"},
           "How a line of the log looks: text, as in s3fs, or json, an object a line."},
          {"metrics_file", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.metrics_file; }},
           "Write metrics in Prometheus' text format to this file, anew every 15 seconds."},
          {"metrics_listen", "ADDRESS:PORT", group, Custom{set_metrics_listen, show_metrics_listen},
           "Serve metrics at http://ADDRESS:PORT/metrics. A port alone: on loopback only."},
          {"no_time_stamp_msg", "", group,
           Flag{[](Options& o) -> bool& { return o.timestamps; }, false}, "Log without the time."},
          {"instance_name", "NAME", group,
           Text{[](Options& o) -> std::string& { return o.instance_name; }},
           "Name of this mount in the User-Agent and in syslog."},
      });
}

}  // namespace pailfs::cli
