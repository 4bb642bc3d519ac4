// SPDX-License-Identifier: Apache-2.0
#include "fusermount.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::mount {
namespace {

constexpr std::string_view kSocketVariable = "_FUSE_COMMFD";
constexpr int kSocket = 3;
constexpr std::size_t kMostWords = 16U << 10U;

/// Our environment, with the number that the socket has in the program.
std::vector<std::string> environment_for_program() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(std::string(kSocketVariable) + "=")) {
      variables.emplace_back(*entry);
    }
  }
  variables.push_back(std::string(kSocketVariable) + "=" + std::to_string(kSocket));
  return variables;
}

/// One run of the program. Its standard error goes into a memory file: unlike a pipe it never
/// fills, nor ends late because a child of the program keeps it open.
class Run final {
 public:
  Run(std::vector<std::string> words, const UniqueFd& socket)
      : said_(::memfd_create("fusermount", MFD_CLOEXEC)) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (said_) ::posix_spawn_file_actions_adddup2(&actions, said_.get(), STDERR_FILENO);
    // A dup2 of a descriptor onto itself takes close-on-exec away.
    if (socket) ::posix_spawn_file_actions_adddup2(&actions, socket.get(), kSocket);
    // libcurl's descriptors have no close-on-exec, and a setuid program needs none of ours.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, socket ? kSocket + 1 : kSocket);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
      ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    }
    std::vector<std::string> variables = environment_for_program();
    const int failure = ::posix_spawn(&pid_, words.front().c_str(), &actions, nullptr,
                                      pointers_to(words).data(), pointers_to(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
      pid_ = -1;
      failure_ = "cannot run " + words.front() + ": " + std::generic_category().message(failure);
    }
  }

  /// Exit status zero?
  bool succeeded() {
    if (pid_ < 0) return false;
    int state = 0;
    while (::waitpid(pid_, &state, 0) < 0) {
      // As process 1, SignalWatch may have reaped this child before us.
      if (errno != EINTR) return errno == ECHILD;
    }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
  }

  [[nodiscard]] std::string words() const {
    if (!failure_.empty()) return failure_;
    std::string text(kMostWords, '\0');
    const Result<std::size_t> size = read_fully(said_.get(), std::span(text), 0);
    text.resize(size ? *size : 0);
    return text;
  }

 private:
  UniqueFd said_;
  pid_t pid_ = -1;
  std::string failure_;
};

/// The descriptor that comes with one byte; none when the other side closes without one.
UniqueFd receive_descriptor(int socket) {
  char byte = 0;
  iovec place{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return {};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len < CMSG_LEN(sizeof(int))) {
    return {};
  }
  int descriptor = -1;
  ::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
  return UniqueFd(descriptor);
}

}  // namespace

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string find_fusermount() {
  const char* path = std::getenv("PATH");
  std::string directories = path == nullptr ? "" : path;
  directories += ":/usr/bin:/bin:/usr/local/bin";
  for (const std::string_view name : {"fusermount3", "fusermount"}) {
    for (const std::string& directory : split(directories, ':')) {
      if (!directory.starts_with('/')) continue;
      std::string file = directory + "/";
      file += name;
      if (::access(file.c_str(), X_OK) == 0) return file;
    }
  }
  return "";
}

Result<UniqueFd> mount_by_program(const std::string& program, const std::string& options,
                                  const std::string& path) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error(errno, "socket pair for " + program);
  }
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  Run run({program, "-o", options, "--", path}, theirs);
  theirs = UniqueFd();
  UniqueFd device = receive_descriptor(ours.get());
  run.succeeded();
  if (device) return device;
  const std::string words = run.words();
  // The fusermount of FUSE 2 refuses a directory with files without this word, which fusermount3
  // does not know.
  constexpr std::string_view kNonEmpty = ",nonempty";
  if (words.find("not empty") != std::string::npos && !options.ends_with(kNonEmpty)) {
    return mount_by_program(program, options + std::string(kNonEmpty), path);
  }
  return Error(EPERM, words);
}

std::vector<std::string> unmounting_command(const std::string& program, const std::string& path) {
  return {program, "-u", "-q", "-z", "--", path};
}

Status unmount_by_program(const std::string& program, const std::string& path) {
  Run run(unmounting_command(program, path), UniqueFd());
  if (run.succeeded()) return {};
  return Error(EPERM, run.words());
}

Status unmount_unused_by_program(const std::string& program, const std::string& path) {
  Run run({program, "-u", "--", path}, UniqueFd());
  if (run.succeeded()) return {};
  return Error(EPERM, run.words());
}

}  // namespace pailfs::mount
