// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/own_mount.h"

#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"

namespace pailfs::cli {

TEST_CASE("A mount is dead when its record names a process that is gone") {
  OwnMount mount{"/mnt", std::nullopt};
  CHECK_FALSE(mount.is_dead());
  mount.record.emplace();
  mount.record->pid = ::getpid();
  CHECK_FALSE(mount.is_dead());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  mount.record->pid = child;
  CHECK(mount.is_dead());
  CHECK(mount.epitaph() == "the process of /mnt (pid " + std::to_string(child) +
                               ") has died; what was not closed then is lost");
}

TEST_CASE("A directory where nothing is mounted has no record and no process to ask") {
  const auto found = find_own_mount("/");
  REQUIRE(found);
  CHECK(found->mountpoint == "/");
  CHECK_FALSE(found->record);
  CHECK_FALSE(ask("/", "text"));
}

}  // namespace pailfs::cli
