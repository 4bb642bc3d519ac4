// SPDX-License-Identifier: Apache-2.0
#include "cli/run/memory_share.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace pailfs::cli;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

/// A directory with the files of /proc and /sys that tell about memory.
class Machine final {
 public:
  Machine() {
    static int count = 0;
    root_ = std::filesystem::temp_directory_path() /
            ("pailfs-memory-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    put("proc/meminfo", "MemTotal:       2097152 kB\nMemFree: 1 kB\n");
  }
  ~Machine() { std::filesystem::remove_all(root_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  [[nodiscard]] std::uint64_t available() const { return memory_available(root_.string()); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST_CASE("memory is the machine's where no cgroup limits it") {
  const Machine machine;
  CHECK(machine.available() == 2048 * kMiB);
  machine.put("proc/self/cgroup", "0::/\n");
  machine.put("sys/fs/cgroup/memory.max", "max\n");
  CHECK(machine.available() == 2048 * kMiB);
}

TEST_CASE("the smallest limit of a cgroup and those above it counts") {
  const Machine machine;
  machine.put("proc/self/cgroup", "0::/box/inner\n");
  machine.put("sys/fs/cgroup/box/memory.max", "536870912\n");
  machine.put("sys/fs/cgroup/box/inner/memory.max", "max\n");
  CHECK(machine.available() == 512 * kMiB);
}

TEST_CASE("limits of the first version of cgroups count too") {
  const Machine machine;
  machine.put("proc/self/cgroup", "9:cpu:/box\n5:memory:/box\n");
  machine.put("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "268435456\n");
  CHECK(machine.available() == 256 * kMiB);
}

TEST_CASE("the default limit is a quarter within bounds") {
  CHECK(default_memory_limit(512 * kMiB) == 128 * kMiB);
  CHECK(default_memory_limit(64 * 1024 * kMiB) == 256 * kMiB);
  CHECK(default_memory_limit(kMiB) == 8 * kMiB);
}
