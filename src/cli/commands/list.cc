// SPDX-License-Identifier: Apache-2.0
#include "list.h"

#include <iostream>
#include <string>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

WallTime started(const mount::MountRecord& record) {
  return WallTime(std::chrono::seconds(record.started));
}

std::string list_json(const std::vector<mount::MountRecord>& records) {
  JsonWriter json;
  json.begin_array();
  for (const mount::MountRecord& record : records) {
    json.begin_object().member("source", record.source).member("mountpoint", record.mountpoint);
    json.member("url", record.url).member("pid", record.pid).member("uid", record.uid);
    json.member("started", iso8601_millis(started(record)));
    json.member("alive", is_alive(record.pid)).end_object();
  }
  return json.end_array().text() + "\n";
}

std::string list_text(const std::vector<mount::MountRecord>& records) {
  std::string text;
  for (const mount::MountRecord& record : records) {
    text += printable(record.source) + " on " + printable(record.mountpoint) + " (" +
            printable(record.url) + ", pid " + std::to_string(record.pid) +
            (is_ours(record) ? "" : ", uid " + std::to_string(record.uid)) +
            (is_alive(record.pid) ? ", since " + iso8601_millis(started(record)) + ")\n"
                                  : ", dead: the process is gone)\n");
  }
  return text;
}

}  // namespace

int run_list(const Command& command, const Environment& /*environment*/) {
  const auto records = mount::list_everybodys_records();
  if (records.empty() && !command.json) say("no mount of pailfs was found");
  std::cout << (command.json ? list_json(records) : list_text(records)) << std::flush;
  return 0;
}

}  // namespace pailfs::cli
