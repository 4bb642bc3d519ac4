// SPDX-License-Identifier: Apache-2.0
// Advisory locks between processes of one machine, and a few promises that no history makes.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include "pailfs/util/file.h"

#include "pair.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

constexpr int kSkipped = 4;  // what Catch2 3 ends with when every test was skipped

void need_pair() {
  const std::string why = why_no_pair();
  if (why.empty()) return;
  std::cerr << "skipped: " << why << std::endl;
  std::_Exit(kSkipped);
}

/// What `work` gives in another process, below 128.
int in_another_process(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

UniqueFd open_file(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
}

int lock_range(int fd, short type, off_t begin, off_t length) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = begin;
  lock.l_len = length;
  return ::fcntl(fd, F_SETLK, &lock) == 0 ? 0 : errno;
}

TEST_CASE("flock keeps another process out until it is given up or its holder closes") {
  need_pair();
  Pair pair({});
  for (const std::string& root : {pair.tmpfs(), pair.pailfs()}) {
    CAPTURE(root);
    const std::string path = root + "/f";
    const auto try_it = [&](int operation) {
      return in_another_process([&] {
        const UniqueFd fd = open_file(path);
        return ::flock(fd.get(), operation | LOCK_NB) == 0 ? 0 : errno;
      });
    };
    {
      const UniqueFd fd = open_file(path);
      REQUIRE(::flock(fd.get(), LOCK_EX) == 0);
      CHECK(try_it(LOCK_EX) == EWOULDBLOCK);
      CHECK(try_it(LOCK_SH) == EWOULDBLOCK);
      REQUIRE(::flock(fd.get(), LOCK_SH) == 0);
      CHECK(try_it(LOCK_EX) == EWOULDBLOCK);
      CHECK(try_it(LOCK_SH) == 0);
      REQUIRE(::flock(fd.get(), LOCK_UN) == 0);
      CHECK(try_it(LOCK_EX) == 0);
      REQUIRE(::flock(fd.get(), LOCK_EX) == 0);
    }
    CHECK(try_it(LOCK_EX) == 0);
  }
}

TEST_CASE("fcntl locks ranges between processes and names their holder") {
  need_pair();
  Pair pair({});
  for (const std::string& root : {pair.tmpfs(), pair.pailfs()}) {
    CAPTURE(root);
    const std::string path = root + "/f";
    const pid_t self = ::getpid();
    const UniqueFd fd = open_file(path);
    REQUIRE(lock_range(fd.get(), F_WRLCK, 10, 10) == 0);
    const auto in_child = [&](short type, off_t begin, off_t length) {
      return in_another_process([&] {
        const UniqueFd mine = open_file(path);
        return lock_range(mine.get(), type, begin, length);
      });
    };
    CHECK(in_child(F_WRLCK, 15, 1) == EAGAIN);
    CHECK(in_child(F_RDLCK, 0, 0) == EAGAIN);
    CHECK(in_child(F_WRLCK, 20, 5) == 0);
    CHECK(in_another_process([&] {
            const UniqueFd mine = open_file(path);
            struct flock lock {};
            lock.l_type = F_WRLCK;
            if (::fcntl(mine.get(), F_GETLK, &lock) != 0) return 1;
            return lock.l_pid == self && lock.l_start == 10 && lock.l_len == 10 ? 0 : 2;
          }) == 0);
    REQUIRE(lock_range(fd.get(), F_RDLCK, 10, 10) == 0);
    CHECK(in_child(F_RDLCK, 0, 0) == 0);
    // Any close of the file by its holder ends the lock, as POSIX has it.
    { const UniqueFd other = open_file(path); }
    CHECK(in_child(F_WRLCK, 0, 0) == 0);
  }
}

TEST_CASE("a process that waits for a lock gets it when its holder ends") {
  need_pair();
  Pair pair({});
  const std::string path = pair.pailfs() + "/f";
  const UniqueFd fd = open_file(path);
  REQUIRE(::flock(fd.get(), LOCK_EX) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const UniqueFd mine = open_file(path);
    ::_exit(::flock(mine.get(), LOCK_EX) == 0 ? 0 : 1);
  }
  ::usleep(50'000);
  int status = 0;
  CHECK(::waitpid(child, &status, WNOHANG) == 0);
  REQUIRE(::flock(fd.get(), LOCK_UN) == 0);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("statfs promises room and names of 255 bytes, lseek finds data everywhere") {
  need_pair();
  Pair pair({});
  struct statvfs numbers {};
  REQUIRE(::statvfs(pair.pailfs().c_str(), &numbers) == 0);
  CHECK(numbers.f_namemax == 255);
  CHECK(numbers.f_bavail > 0);
  CHECK(numbers.f_bavail == numbers.f_blocks);
  CHECK(numbers.f_favail > 0);
  const UniqueFd fd = open_file(pair.pailfs() + "/f");
  REQUIRE(::ftruncate(fd.get(), 100'000) == 0);
  CHECK(::lseek(fd.get(), 5'000, SEEK_DATA) == 5'000);
  CHECK(::lseek(fd.get(), 5'000, SEEK_HOLE) == 100'000);
  CHECK(::lseek(fd.get(), 100'000, SEEK_DATA) == -1);
  CHECK(errno == ENXIO);
}

TEST_CASE(
    "a directory can be synced, a file polled, and changes made here are told to who watches") {
  need_pair();
  Pair pair({});
  const UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), pair.pailfs().c_str(), IN_CREATE | IN_MOVED_TO) >= 0);
  const UniqueFd fd = open_file(pair.pailfs() + "/f");
  REQUIRE(::rename((pair.pailfs() + "/f").c_str(), (pair.pailfs() + "/g").c_str()) == 0);
  alignas(inotify_event) std::array<char, 4096> events{};
  const ssize_t size = ::read(watch.get(), events.data(), events.size());
  REQUIRE(size > 0);
  const auto* const first = reinterpret_cast<const inotify_event*>(events.data());
  CHECK(first->mask == IN_CREATE);
  CHECK(std::string(first->name) == "f");
  const auto* const second =
      reinterpret_cast<const inotify_event*>(events.data() + sizeof(inotify_event) + first->len);
  CHECK(second->mask == IN_MOVED_TO);
  CHECK(std::string(second->name) == "g");

  pollfd ready{fd.get(), POLLIN | POLLOUT, 0};
  CHECK(::poll(&ready, 1, 0) == 1);
  CHECK(ready.revents == (POLLIN | POLLOUT));
  const UniqueFd directory(::open(pair.pailfs().c_str(), O_RDONLY | O_DIRECTORY));
  CHECK(::fsync(directory.get()) == 0);
}

TEST_CASE("files without a name are refused in the way that libraries know") {
  need_pair();
  Pair pair({});
  CHECK(::open(pair.pailfs().c_str(), O_TMPFILE | O_RDWR, 0600) == -1);
  CHECK(errno == EOPNOTSUPP);
  const UniqueFd fd = open_file(pair.pailfs() + "/f");
  CHECK(::renameat2(AT_FDCWD, (pair.pailfs() + "/f").c_str(), AT_FDCWD,
                    (pair.pailfs() + "/g").c_str(), RENAME_WHITEOUT) == -1);
  CHECK(errno == EINVAL);
}

}  // namespace
}  // namespace pailfs::test
