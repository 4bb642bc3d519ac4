// SPDX-License-Identifier: Apache-2.0
#include "mount_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace pailfs::test {
namespace {

using std::chrono::milliseconds;

/// A mount has another device than the directory that it covers.
dev_t device_of(const std::string& path) {
  struct stat raw {};
  return ::lstat(path.c_str(), &raw) == 0 ? raw.st_dev : 0;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Waits at most `limit` for the process to end; its wait status, or -1.
int wait_for(pid_t pid, milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= end) return -1;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return status;
}

}  // namespace

MountProcess::~MountProcess() {
  if (pid_ > 0) const Status ignored = stop();
}

Status MountProcess::start(const std::string& program, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment,
                           const std::string& directory) {
  directory_ = directory;
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(environment);
  const dev_t before = device_of(directory);
  pid_ = ::fork();
  if (pid_ < 0) return system_error(errno, "fork");
  if (pid_ == 0) {
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  for (int i = 0; i < 2'000; ++i) {
    if (device_of(directory) != before) return {};
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return Error{EIO, program + " ended before it had mounted, status " + std::to_string(status)};
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return Error{ETIMEDOUT, "nothing was mounted within ten seconds"};
}

Status MountProcess::stop() {
  if (pid_ <= 0) return {};
  // SIGTERM is the program's own way to unmount and to store what is left.
  ::kill(pid_, SIGTERM);
  int status = wait_for(pid_, milliseconds(20'000));
  if (status == -1) {
    ::umount2(directory_.c_str(), MNT_DETACH);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return Error{ETIMEDOUT, "the mount did not end by itself"};
  }
  pid_ = -1;
  if (status != 0) return Error{EIO, "the mount ended with status " + std::to_string(status)};
  return {};
}

void MountProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  ::umount2(directory_.c_str(), MNT_DETACH);
}

std::string why_no_mount() {
  const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fd < 0) return "/dev/fuse: " + system_error(errno, "open").text;
  ::close(fd);
  if (::geteuid() != 0 && ::access("/usr/bin/fusermount3", X_OK) != 0) {
    return "not root and no fusermount3";
  }
  return {};
}

}  // namespace pailfs::test
