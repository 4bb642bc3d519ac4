// SPDX-License-Identifier: Apache-2.0
#include "mount_failure.h"

#include <cerrno>

#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

std::string container_advice() {
  return "start the container with: --device /dev/fuse --cap-add SYS_ADMIN "
         "--security-opt apparmor=unconfined";
}

struct Row {
  std::string_view words;  ///< as the kernel, fusermount 2.9 and fusermount3 3.10 to 3.18 put it
  int err;
  std::string_view remedy;
};

constexpr Row kRows[] = {
    {"user_allow_other", EPERM, "run: echo user_allow_other | sudo tee -a /etc/fuse.conf"},
    {"unknown option", EINVAL, ""},
    {"too many FUSE filesystems", EPERM, "raise mount_max in /etc/fuse.conf"},
    {"no write access to mountpoint", EACCES, ""},
    {"not owned by user", EACCES, ""},
    {"over filesystem type", EACCES, "choose a directory on another file system"},
    {"bad mount point", ENOENT, ""},
    {"device not found", ENODEV, "run: sudo modprobe fuse"},
    {"No such device", ENODEV, "run: sudo modprobe fuse"},
    {"mount failed: Permission denied", EPERM,
     "something like AppArmor or SELinux forbids it; in a container add --security-opt "
     "apparmor=unconfined"},
    {"Operation not permitted", EPERM,
     "mounting needs CAP_SYS_ADMIN; in a container add --cap-add SYS_ADMIN (and --security-opt "
     "apparmor=unconfined), or pass an open FUSE descriptor as /dev/fd/N"},
};

}  // namespace

std::string one_line(std::string_view words) {
  std::string result;
  for (const std::string& line : split(words, '\n')) {
    std::string_view text = trim(line);
    if (text.starts_with("fuse: ")) text.remove_prefix(6);
    if (text.empty()) continue;
    if (!result.empty()) result += "; ";
    result += text;
  }
  return printable(result);
}

Error device_error(int errno_value, const Environment& machine) {
  const std::string& device = machine.fuse_device;
  Error error(ENODEV, "");
  if (errno_value == ENOENT) {
    error.text = device + " is missing; " +
                 (machine.in_container ? container_advice() : "run: sudo modprobe fuse");
  } else if (errno_value == ENODEV || errno_value == ENXIO) {
    error.text = device + ": the kernel has no FUSE; run: sudo modprobe fuse";
  } else if (errno_value == EACCES) {
    error.text = device + " may not be opened by uid " + std::to_string(machine.uid) +
                 "; fix: sudo chmod 666 " + device;
  } else if (errno_value == EPERM) {
    error.text = device + " is closed to this container; " + container_advice();
  } else {
    error.text = system_error(errno_value, "open " + device).text;
  }
  return error;
}

Error no_fusermount_error() {
  return Error(
      ENODEV,
      "neither fusermount3 nor fusermount is installed; install the package fuse3, or run as "
      "root");
}

Error explain_mount_failure(std::string_view words, const std::string& path) {
  const std::string said = one_line(words);
  for (const Row& row : kRows) {
    if (said.find(row.words) == std::string::npos) continue;
    Error error(row.err, "cannot mount on " + path + ": " + said);
    if (!row.remedy.empty()) error.text.append("; ").append(row.remedy);
    return error;
  }
  return Error(ENODEV, "cannot mount on " + path + ": " +
                           (said.empty() ? std::string("FUSE gave no reason") : said));
}

}  // namespace pailfs::mount
