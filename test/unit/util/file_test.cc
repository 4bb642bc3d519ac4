// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file

namespace {

struct TempDir {
  std::string path = "/tmp/pailfs-file-XXXXXX";
  TempDir() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TempDir() { std::filesystem::remove_all(path); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
};

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner", "[util]") {
  int raw = -1;
  {
    UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = first.get();
    REQUIRE(is_open(raw));
    UniqueFd second(std::move(first));
    CHECK_FALSE(first);  // NOLINT: the moved-from state is what is tested
    CHECK(second.get() == raw);
    UniqueFd third;
    third = std::move(second);
    CHECK(is_open(raw));
    UniqueFd& same = third;
    third = std::move(same);
    CHECK(is_open(raw));
  }
  CHECK_FALSE(is_open(raw));
  UniqueFd given(open("/dev/null", O_RDONLY | O_CLOEXEC));
  raw = given.release();
  CHECK_FALSE(given);
  CHECK(is_open(raw));
  close(raw);
}

TEST_CASE("an unlinked file is private and leaves no name", "[util]") {
  const TempDir dir;
  const auto fd = open_unlinked(dir.path);
  REQUIRE(fd);
  struct stat status {};
  REQUIRE(fstat(fd->get(), &status) == 0);
  CHECK(status.st_nlink == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(std::filesystem::is_empty(dir.path));
  REQUIRE(write_fully(fd->get(), std::string_view("abc"), 0));
}

TEST_CASE("where nothing can be written memory takes the bytes", "[util]") {
  const auto fd = open_unlinked("/nonexistent");
  REQUIRE(fd);
  REQUIRE(write_fully(fd->get(), std::string_view("abc"), 2));
  std::string read(10, '.');
  CHECK(*read_fully(fd->get(), read, 0) == 5);
  CHECK(read.substr(0, 5) == std::string("\0\0abc", 5));
}

TEST_CASE("reads and writes are whole or errors", "[util]") {
  const TempDir dir;
  const auto fd = open_unlinked(dir.path);
  REQUIRE(fd);
  const std::string content(3'000'000, 'x');
  REQUIRE(write_fully(fd->get(), content, 7));
  std::string read(content.size(), '.');
  CHECK(*read_fully(fd->get(), read, 7) == content.size());
  CHECK(read == content);
  CHECK(*read_fully(fd->get(), read, content.size() + 7) == 0);

  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Status failed = write_fully(full.get(), content, 0);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().err == ENOSPC);
  CHECK(read_fully(-1, read, 0).error().err == EBADF);
}

TEST_CASE("the limit of open files is raised as far as it goes", "[util]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(before.rlim_max, 64);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  raise_file_limit();
  rlimit after{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == before.rlim_max);
  CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("a file is read whole up to its limit", "[util]") {
  const TempDir dir;
  const std::string path = dir.path + "/f";
  std::ofstream(path) << "12345";
  CHECK(*read_file(path, 5) == "12345");
  CHECK(*read_file(path, 500) == "12345");
  CHECK(read_file(path, 4).error().err == EFBIG);
  const auto missing = read_file(dir.path + "/none", 10);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().err == ENOENT);
  CHECK(missing.error().text == dir.path + "/none: No such file or directory");
  CHECK(read_file(dir.path, 10).error().err == EISDIR);
}
