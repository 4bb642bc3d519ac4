// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/run_as.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "pailfs/util/text.h"

namespace pailfs::process {
namespace {

Error cannot(const std::string& name, const std::string& why, int err) {
  return Error{err, "run_as=" + printable(name) + ": " + why};
}

}  // namespace

// Called before there is another thread.
// NOLINTBEGIN(concurrency-mt-unsafe)
Status become_user(const std::string& name) {
  const auto number = parse_uint(name);
  const passwd* user = number ? getpwuid(static_cast<uid_t>(*number)) : getpwnam(name.c_str());
  if (user == nullptr) {
    return cannot(name, "there is no such user; make one with useradd, or name another", EINVAL);
  }
  if (geteuid() == user->pw_uid) return {};
  if (geteuid() != 0) {
    return cannot(name,
                  "only root can become another user, and this runs as uid " +
                      std::to_string(geteuid()) + "; start it as root, or leave the option out",
                  EPERM);
  }
  const bool done = initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
                    setuid(user->pw_uid) == 0;
  if (!done) {
    const int err = errno;
    return cannot(name, std::string("cannot become that user: ") + std::strerror(err), err);
  }
  setenv("HOME", user->pw_dir, 1);
  setenv("USER", user->pw_name, 1);
  setenv("LOGNAME", user->pw_name, 1);
  unsetenv("XDG_RUNTIME_DIR");  // it is that of root
  return {};
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace pailfs::process
