// SPDX-License-Identifier: Apache-2.0
#include "cli/run/own_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "support/catch.h"

namespace pailfs::cli {

TEST_CASE("Inherited descriptors are those above standard error, but for the mountpoint") {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(fd > STDERR_FILENO);
  const auto has = [&](const std::string& mountpoint) {
    const auto found = inherited_descriptors(mountpoint);
    CHECK(std::count_if(found.begin(), found.end(), [](int n) { return n <= STDERR_FILENO; }) == 0);
    return std::count(found.begin(), found.end(), fd) == 1;
  };
  CHECK(has("/mnt"));
  CHECK_FALSE(has("/dev/fd/" + std::to_string(fd)));
  ::close(fd);
  CHECK_FALSE(has("/mnt"));
}

}  // namespace pailfs::cli
