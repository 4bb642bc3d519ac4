// SPDX-License-Identifier: Apache-2.0
#include "own_mount.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "pailfs/mount/unmount.h"
#include "pailfs/util/text.h"

#include "found_mounts.h"

namespace pailfs::cli {
namespace {

Result<OwnMount> of_this_user(const mount::MountRecord& record) {
  if (is_ours(record)) return OwnMount{record.mountpoint, record};
  const std::string uid = std::to_string(record.uid);
  return Error(EPERM, printable(record.mountpoint) + " is a mount of uid " + uid +
                          ", which alone can ask it (sudo -u '#" + uid + "' pailfs ...)");
}

}  // namespace

std::string OwnMount::epitaph() const {
  const std::string pid = record ? " (pid " + std::to_string(record->pid) + ")" : "";
  return "the process of " + printable(mountpoint) + pid +
         " has died; what was not closed then is lost";
}

Result<OwnMount> find_own_mount(const std::string& typed) {
  const auto resolved = mount::resolve_mountpoint(typed);
  const auto mounts = find_mounts();
  auto found = mounts.end();
  if (resolved) {
    found = std::find_if(mounts.begin(), mounts.end(),
                         [&](const auto& record) { return record.mountpoint == *resolved; });
  }
  if (const auto pid = parse_uint(typed); pid && found == mounts.end()) {
    found = std::find_if(mounts.begin(), mounts.end(), [&](const mount::MountRecord& record) {
      return static_cast<std::uint64_t>(record.pid) == *pid;
    });
  }
  if (found != mounts.end()) return of_this_user(*found);
  if (!resolved) return resolved.error();
  return OwnMount{*resolved, mount::read_record(*resolved)};
}

bool is_known_mount(const std::string& typed) {
  const auto found = find_own_mount(typed);
  return found ? found->record.has_value() : found.error().err == EPERM;
}

Result<OwnMount> find_living_mount(const std::string& typed) {
  auto found = find_own_mount(typed);
  if (!found || !found->is_dead()) return found;
  return Error(ESRCH, found->epitaph() + ". Run: pailfs umount " + printable(found->mountpoint) +
                          ", or mount it again");
}

}  // namespace pailfs::cli
