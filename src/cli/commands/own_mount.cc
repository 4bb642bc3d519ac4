// SPDX-License-Identifier: Apache-2.0
#include "own_mount.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "pailfs/mount/unmount.h"
#include "pailfs/util/text.h"

namespace pailfs::cli {

bool is_alive(pid_t pid) {
  if (::kill(pid, 0) != 0) return errno != ESRCH;
  // A zombie has ended, although its parent has not waited for it. The state follows the name,
  // which may hold brackets.
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << in.rdbuf();
  const std::string stat = text.str();
  const std::size_t bracket = stat.rfind(") ");
  return bracket == std::string::npos || (stat[bracket + 2] != 'Z' && stat[bracket + 2] != 'X');
}

bool is_ours(const mount::MountRecord& record) {
  return record.uid == ::geteuid();
}

std::string OwnMount::epitaph() const {
  const std::string pid = record ? " (pid " + std::to_string(record->pid) + ")" : "";
  return "the process of " + printable(mountpoint) + pid +
         " has died; what was not closed then is lost";
}

Result<OwnMount> find_own_mount(const std::string& typed) {
  const auto resolved = mount::resolve_mountpoint(typed);
  if (!resolved) return resolved.error();
  for (const mount::MountRecord& record : mount::list_everybodys_records()) {
    if (record.mountpoint != *resolved || is_ours(record)) continue;
    const std::string uid = std::to_string(record.uid);
    return Error(EPERM, printable(*resolved) + " is a mount of uid " + uid +
                            ", which alone can ask it (sudo -u '#" + uid + "' pailfs ...)");
  }
  return OwnMount{*resolved, mount::read_record(*resolved)};
}

Result<OwnMount> find_living_mount(const std::string& typed) {
  auto found = find_own_mount(typed);
  if (!found || !found->is_dead()) return found;
  return Error(ESRCH, found->epitaph() + ". Run: umount " + printable(found->mountpoint) +
                          ", or mount it again");
}

Result<report::ControlClient> ask(const std::string& mountpoint, std::string_view request) {
  const auto path = report::control_socket(mountpoint);
  if (!path) return path.error();
  auto client = report::ControlClient::ask(*path, request);
  if (client) return client;
  Error error = client.error();
  error.text = "the process of " + printable(mountpoint) + " cannot be asked: " + error.text;
  return error;
}

}  // namespace pailfs::cli
