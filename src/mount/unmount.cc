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

namespace {

enum class How { unless_in_use, lazily };

Status take_off(const std::string& path, How how) {
  const Environment machine = this_machine();
  const bool lazily = how == How::lazily;
  if (machine.may_mount) {
    const int flags = UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0);
    if (::umount2(path.c_str(), flags) == 0) return {};
    return system_error(errno, "unmount " + path);
  }
  if (machine.fusermount.empty()) return Error(ENOENT, "unmount " + path + ": no fusermount3");
  Status gone = lazily ? unmount_by_program(machine.fusermount, path)
                       : unmount_unused_by_program(machine.fusermount, path);
  if (gone || !find_mount(read_mountinfo(machine.mountinfo), path)) return {};
  // fusermount tells the reason only in its message.
  const bool busy = gone.error().text.find("busy") != std::string::npos;
  return Error(busy ? EBUSY : EPERM, gone.error().text);
}

}  // namespace

Status unmount(const std::string& path) {
  return take_off(path, How::unless_in_use);
}

Status detach(const std::string& path) {
  return take_off(path, How::lazily);
}

}  // namespace pailfs::mount
