// SPDX-License-Identifier: Apache-2.0
#include "auto_unmount.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "pailfs/util/log.h"
#include "pailfs/util/result.h"

#include "fusermount.h"

namespace pailfs::mount {
namespace {

constexpr int kPipe = 3;

/// The child of a process that may have threads: system calls only.
[[noreturn]] void guard(const std::string& path, char* const* program, bool may_mount, int pipe) {
  ::setsid();
  ::prctl(PR_SET_NAME, "pailfs-unmount");
  // A signal to the whole group of processes lets the mount end in order, so the guard ignores it.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(number, SIG_IGN);
  if (pipe != kPipe) ::dup2(pipe, kPipe);
  // Closes all other descriptors, above all /dev/fuse: while it is open here the mount does not
  // die.
  ::close_range(kPipe + 1, ~0U, 0);
  for (int stream = 0; stream < kPipe; ++stream) ::close(stream);
  [[maybe_unused]] const int ignored = ::chdir("/");
  char byte = 0;
  while (::read(kPipe, &byte, 1) < 0 && errno == EINTR) {
  }
  if (!is_connection_lost(mount_failure_at(path))) ::_exit(0);
  if (may_mount && ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) ::_exit(0);
  if (program[0] != nullptr) ::execv(program[0], program);
  ::_exit(0);
}

}  // namespace

int mount_failure_at(const std::string& path) {
  struct statfs unused {};
  return ::statfs(path.c_str(), &unused) == 0 ? 0 : errno;
}

bool is_connection_lost(int errno_value) {
  return errno_value == ENOTCONN || errno_value == ECONNABORTED;
}

UniqueFd guard_mount(const std::string& path, const Environment& machine) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    log_error(system_error(errno, "auto_unmount: pipe").text);
    return {};
  }
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<std::string> words;
  if (!machine.fusermount.empty()) words = unmounting_command(machine.fusermount, path);
  const std::vector<char*> program = pointers_to(words);
  const pid_t child = ::fork();
  if (child == 0) guard(path, program.data(), machine.may_mount, read_end.get());
  if (child < 0) {
    log_error(system_error(errno, "auto_unmount: fork").text);
    return {};
  }
  return write_end;
}

}  // namespace pailfs::mount
