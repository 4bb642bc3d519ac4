// SPDX-License-Identifier: Apache-2.0
#include "own_process.h"

#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "pailfs/util/text.h"

namespace pailfs::cli {

void keep_memory_private() {
  prctl(PR_SET_DUMPABLE, 0);
}

void return_large_blocks() {
  // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  // NOLINTEND(concurrency-mt-unsafe)
}

std::vector<int> inherited_descriptors(const std::string& mountpoint) {
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto number = parse_uint(entry.path().filename().string());
    if (!number || *number <= STDERR_FILENO) continue;
    if (mountpoint == "/dev/fd/" + std::to_string(*number)) continue;
    found.push_back(static_cast<int>(*number));
  }
  // The descriptor that the loop read /proc/self/fd through is closed by now.
  std::erase_if(found, [](int fd) { return fcntl(fd, F_GETFD) < 0; });
  return found;
}

std::string home_directory() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet
  const passwd* user = getpwuid(geteuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "";
}

}  // namespace pailfs::cli
