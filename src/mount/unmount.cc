// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/unmount.h"

#include <sys/mount.h>

#include <cerrno>

#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/mountpoint.h"

#include "fusermount.h"

namespace pailfs::mount {

Result<std::string> resolve_mountpoint(const std::string& path) {
  return absolute_mountpoint(path);
}

Status unmount(const std::string& path) {
  const Environment machine = this_machine();
  if (machine.may_mount) {
    if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) return {};
    return system_error(errno, "unmount " + path);
  }
  if (machine.fusermount.empty()) return Error(ENOENT, "unmount " + path + ": no fusermount3");
  Status gone = unmount_unused_by_program(machine.fusermount, path);
  if (gone || !find_mount(read_mountinfo(machine.mountinfo), path)) return {};
  // fusermount tells the reason only in its message.
  const bool busy = gone.error().text.find("busy") != std::string::npos;
  return Error(busy ? EBUSY : EPERM, gone.error().text);
}

}  // namespace pailfs::mount
