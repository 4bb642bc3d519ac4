// SPDX-License-Identifier: Apache-2.0
#include "list.h"

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/identity_json.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "found_mounts.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

/// How long one mount's process may take to say what failed last.
constexpr std::chrono::seconds kAnswerTime{2};

WallTime started(const mount::MountRecord& record) {
  return WallTime(std::chrono::seconds(record.started));
}

/// In UTC: records know whole seconds only.
std::string to_second(WallTime time) {
  std::string text = iso8601_millis(time);
  return text.replace(text.find('.'), 4, "");
}

struct State {
  std::string_view word;  ///< "serving", "silent", "dead"; "running" of another user's process
  std::string error;      ///< what failed last
};

/// Asks a process of ours. One of another user is not asked: its words must not reach root.
State state_of(const mount::MountRecord& record) {
  if (!mount::is_alive(record)) return {"dead", {}};
  if (!is_ours(record)) return {"running", {}};
  auto client = ask(record.mountpoint, "error");
  const auto line = client ? client->next(std::chrono::steady_clock::now() + kAnswerTime)
                           : Result<std::optional<std::string>>(client.error());
  if (!line) return {"silent", {}};
  return {"serving", line->value_or(std::string())};
}

std::string list_json(const std::vector<mount::MountRecord>& records) {
  JsonWriter json;
  json.begin_array();
  for (const mount::MountRecord& record : records) {
    const State state = state_of(record);
    json.begin_object().member("format", report::kJsonFormat);
    report::put_identity(record.what, record.what.region, json);
    json.member("mountpoint", record.is_placeless() ? "" : record.mountpoint);
    json.member("pid", record.pid);
    json.member("uid", record.uid).member("started", iso8601_millis(started(record)));
    json.member("alive", mount::is_alive(record)).member("state", state.word).key("last_error");
    state.error.empty() ? json.null() : json.value(state.error);
    json.end_object();
  }
  return json.end_array().text() + "\n";
}

std::string list_text(const std::vector<mount::MountRecord>& records) {
  std::string text;
  for (const mount::MountRecord& record : records) {
    text += printable(record.what.source) + " on " + name_of(record) + " (" +
            printable(record.what.url) + ", pid " + std::to_string(record.pid) +
            (record.what.read_only ? ", read-only" : "") +
            (is_ours(record) ? "" : ", uid " + std::to_string(record.uid)) +
            (mount::is_alive(record) ? ", since " + to_second(started(record)) + ")\n"
                                     : ", dead: the process is gone)\n");
  }
  return text;
}

}  // namespace

int run_list(const Command& command, const Environment& /*environment*/) {
  const auto records = find_mounts();
  if (records.empty() && !command.json) say("no mount of pailfs was found");
  std::cout << (command.json ? list_json(records) : list_text(records)) << std::flush;
  return 0;
}

}  // namespace pailfs::cli
