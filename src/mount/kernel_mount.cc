// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/kernel_mount.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "pailfs/util/log.h"

#include "auto_unmount.h"
#include "fusermount.h"
#include "mount_failure.h"

namespace pailfs::mount {
namespace {

/// fuse(4): the descriptor, the type of the root, and the mount's user and group.
std::string descriptor_words(int device) {
  char text[96];
  std::snprintf(text, sizeof(text), "fd=%d,rootmode=%o,user_id=%u,group_id=%u,", device, S_IFDIR,
                ::getuid(), ::getgid());
  return text;
}

/// By mount(2); EPERM when the kernel does not let this process mount.
Result<UniqueFd> mount_directly(const MountWords& words, const Environment& machine,
                                const std::string& path) {
  UniqueFd device(::open(machine.fuse_device.c_str(), O_RDWR | O_CLOEXEC));
  if (!device) return device_error(errno, machine);
  const std::string data = descriptor_words(device.get()) + words.data;
  if (::mount(words.source.c_str(), path.c_str(), words.type.c_str(), words.flags, data.c_str()) ==
      0) {
    return device;
  }
  return explain_mount_failure(system_error(errno, "mount failed").text, path);
}

bool taken_off_by_others(int device) {
  pollfd state{.fd = device, .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLERR) != 0;
}

}  // namespace

Result<KernelMount> KernelMount::make(const MountWords& words, const Environment& machine,
                                      const std::string& path) {
  Result<UniqueFd> device = no_fusermount_error();
  if (machine.may_mount) device = mount_directly(words, machine, path);
  // A container's root may lack the capability, and a user always does.
  const bool refused = !device && (!machine.may_mount || device.error().err == EPERM);
  if (refused && !machine.fusermount.empty()) {
    device = mount_by_program(machine.fusermount, words.for_program, path);
    if (!device) return explain_mount_failure(device.error().text, path);
  }
  if (!device) return device.error();
  KernelMount mounted(std::move(*device), machine, path);
  if (words.auto_unmount) mounted.lifeline_ = guard_mount(path, machine);
  return mounted;
}

KernelMount::~KernelMount() {
  unmount();
}

void KernelMount::unmount() {
  if (!device_) return;
  const bool gone = taken_off_by_others(device_.get());
  device_ = UniqueFd();
  if (!gone) {
    if (const Status off = unmount_lazily(machine_, path_); !off) log_error(off.error().text);
  }
  lifeline_ = UniqueFd();
}

Status unmount_lazily(const Environment& machine, const std::string& path) {
  int err = EPERM;
  if (machine.may_mount) {
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
    err = errno;
  }
  if (err == EPERM && !machine.fusermount.empty()) {
    const Status off = unmount_by_program(machine.fusermount, path);
    if (off) return {};
    return Error(EPERM, "cannot unmount " + path + ": " + one_line(off.error().text));
  }
  return system_error(err, "cannot unmount " + path);
}

}  // namespace pailfs::mount
