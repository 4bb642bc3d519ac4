// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>

#include <cerrno>

#include "pailfs/mount/mount.h"
#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::mount {

Status enter_mount_namespace(const std::string& name) {
  const std::string path = parse_uint(name) ? "/proc/" + name + "/ns/mnt" : name;
  const UniqueFd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) return system_error(errno, "open the mount namespace " + path);
  if (::setns(target.get(), CLONE_NEWNS) == 0) return {};
  return system_error(errno, "enter the mount namespace " + path);
}

}  // namespace pailfs::mount
