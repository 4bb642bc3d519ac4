// SPDX-License-Identifier: Apache-2.0
#include "memory_share.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::uint64_t limit_in(const std::string& path) {
  const std::string text = text_of(path);  // "max" when there is no limit
  return parse_uint(text.substr(0, text.find('\n'))).value_or(kNoLimit);
}

/// The smallest limit of the cgroup and of those above it, which bound it too.
std::uint64_t limit_of_group(const std::string& mount, std::string group, const char* file) {
  std::uint64_t least = kNoLimit;
  for (;;) {
    least = std::min(least, limit_in(mount + group + "/" + file));
    const auto slash = group.rfind('/');
    if (slash == std::string::npos) return least;
    group.resize(slash);
  }
}

std::uint64_t cgroup_limit(const std::string& root) {
  std::istringstream lines(text_of(root + "/proc/self/cgroup"));
  std::uint64_t least = kNoLimit;
  for (std::string line; std::getline(lines, line);) {
    // "0::/group" (version 2) or "5:memory:/group" (version 1), see cgroups(7).
    const auto second = line.find(':', line.find(':') + 1);
    if (second == std::string::npos) continue;
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    if (line.starts_with("0::")) {
      least = std::min(least, limit_of_group(root + "/sys/fs/cgroup", group, "memory.max"));
    } else if (line.find(":memory:") != std::string::npos) {
      least = std::min(
          least, limit_of_group(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

std::uint64_t machine_memory(const std::string& root) {
  std::istringstream words(text_of(root + "/proc/meminfo"));
  std::string name;
  std::uint64_t kib = 0;
  if (words >> name >> kib && name == "MemTotal:") return kib << 10U;
  return kNoLimit;
}

}  // namespace

std::uint64_t memory_available(const std::string& root) {
  return std::min(cgroup_limit(root), machine_memory(root));
}

std::uint64_t default_memory_limit(std::uint64_t available) {
  constexpr std::uint64_t kLeast = 8U << 20U;
  constexpr std::uint64_t kMost = 256U << 20U;
  return std::clamp(available / 4, kLeast, kMost);
}

}  // namespace pailfs::cli
