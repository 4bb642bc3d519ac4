// SPDX-License-Identifier: Apache-2.0
#include "status.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "pailfs/mount/runtime.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "found_mounts.h"
#include "own_mount.h"

namespace pailfs::cli {
namespace {

Result<std::string> status_of(const std::string& mountpoint, bool json) {
  auto client = ask(mountpoint, json ? "status" : "text");
  if (!client) return client.error();
  auto text = client->rest(kSilence);
  if (text && text->empty()) return Error(EIO, "the process of " + mountpoint + " said nothing");
  return text;
}

std::string no_mount_of_ours() {
  const std::size_t others = mount::list_everybodys_records().size();
  std::string text = "no mount of pailfs by uid " + std::to_string(::geteuid()) + " was found";
  if (others > 0) text += "; " + std::to_string(others) + " of other users (pailfs list)";
  return text;
}

/// Every mount's status; with json an array.
int run_status_of_all(bool json) {
  int code = 0;
  std::string all;
  auto records = find_mounts();
  std::erase_if(records, [](const auto& record) { return !is_ours(record); });
  if (records.empty() && !json) say(no_mount_of_ours());
  for (const mount::MountRecord& record : records) {
    auto text = status_of(record.mountpoint, json);
    if (!text) {
      code = complain(text.error().text, Exit::local);
      continue;
    }
    if (json) text = std::string(trim(*text));
    if (!all.empty()) all += json ? "," : "\n";
    all += *text;
  }
  std::cout << (json ? "[" + all + "]\n" : all) << std::flush;
  return code;
}

}  // namespace

int run_status(const Command& command, const Environment& /*environment*/) {
  if (command.mountpoint.empty()) return run_status_of_all(command.json);
  const auto found = find_living_mount(command.mountpoint);
  if (!found) return complain(found.error().text, Exit::local);
  const bool screen = ::isatty(STDOUT_FILENO) == 1 && !command.json;
  for (;;) {
    const auto text = status_of(found->mountpoint, command.json);
    if (!text) return complain(text.error().text, Exit::local);
    // Cursor to the corner, and clear the screen.
    if (command.watch && screen) std::cout << "\x1b[H\x1b[2J";
    std::cout << *text << std::flush;
    if (!command.watch || !std::cout) return 0;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace pailfs::cli
