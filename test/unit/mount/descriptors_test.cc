// SPDX-License-Identifier: Apache-2.0
#include "descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pailfs/util/file.h"

#include "support/catch.h"

namespace pailfs::mount {
namespace {

struct stat status_of(const UniqueFd& file) {
  struct stat status {};
  REQUIRE(::fstat(file.get(), &status) == 0);
  return status;
}

bool has_ours(const struct stat& file) {
  return has_open_for_writing(::getpid(), file.st_dev, file.st_ino);
}

TEST_CASE("only a descriptor of that very file that can write counts", "[mount][descriptors]") {
  auto file = open_unlinked("/tmp");
  REQUIRE(file);
  const struct stat status = status_of(*file);
  CHECK(has_ours(status));
  UniqueFd second(::dup(file->get()));
  *file = UniqueFd();
  CHECK(has_ours(status));
  const UniqueFd reader(
      ::open(("/proc/self/fd/" + std::to_string(second.get())).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(reader);
  CHECK_FALSE(has_open_for_writing(::getpid(), status.st_dev + 1, status.st_ino));
  CHECK_FALSE(has_open_for_writing(::getpid(), status.st_dev, status.st_ino + 1));
  second = UniqueFd();
  CHECK_FALSE(has_ours(status));
}

TEST_CASE("a process that cannot be looked at has nothing open", "[mount][descriptors]") {
  auto file = open_unlinked("/tmp");
  REQUIRE(file);
  const struct stat status = status_of(*file);
  CHECK_FALSE(has_open_for_writing(0, status.st_dev, status.st_ino));
  CHECK_FALSE(has_open_for_writing(-1, status.st_dev, status.st_ino));
  constexpr pid_t kNobody = 0x7ffffff0;
  CHECK_FALSE(has_open_for_writing(kNobody, status.st_dev, status.st_ino));
}

TEST_CASE("the device of a mountpoint is that of what is on it", "[mount][descriptors]") {
  struct stat status {};
  REQUIRE(::stat("/proc", &status) == 0);
  CHECK(device_at("/proc") == status.st_dev);
  CHECK_FALSE(device_at("/nowhere/at/all"));
}

}  // namespace
}  // namespace pailfs::mount
