// SPDX-License-Identifier: Apache-2.0
// Through a kernel mount only: which pages the kernel still serves after a write that went past
// them, to a handle that was open before and to a fresh one.
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

constexpr std::size_t kSize = 64U << 10U;

struct Aligned {
  explicit Aligned(char fill) : bytes(static_cast<char*>(std::aligned_alloc(4096, kSize))) {
    std::fill(bytes.get(), bytes.get() + kSize, fill);
  }
  struct Free {
    void operator()(char* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<char, Free> bytes;
};

std::string all_of(int fd) {
  std::string bytes(2 * kSize, '\0');
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

bool write_asynchronously(int fd, const char* bytes) {
  aio_context_t context = 0;
  if (::syscall(SYS_io_setup, 1, &context) != 0) return false;
  iocb control{};
  control.aio_fildes = static_cast<std::uint32_t>(fd);
  control.aio_lio_opcode = IOCB_CMD_PWRITE;
  control.aio_buf = reinterpret_cast<std::uintptr_t>(bytes);
  control.aio_nbytes = kSize;
  iocb* controls[] = {&control};
  io_event event{};
  const bool done = ::syscall(SYS_io_submit, context, 1, controls) == 1 &&
                    ::syscall(SYS_io_getevents, context, 1, 1, &event, nullptr) == 1 &&
                    event.res == static_cast<std::int64_t>(kSize);
  ::syscall(SYS_io_destroy, context);
  return done;
}

/// A change through `writer`, after which the file is to have those bytes.
struct Change {
  const char* name;
  int flags;
  std::function<bool(int writer, char fill)> make;
  std::function<std::string(char fill, std::string before)> expected;
};

std::string all(char fill, const std::string& /*before*/) {
  return std::string(kSize, fill);
}

const std::vector<Change> kChanges = {
    {"a direct write", O_RDWR | O_DIRECT,
     [](int fd, char fill) {
       return ::pwrite(fd, Aligned(fill).bytes.get(), kSize, 0) == static_cast<ssize_t>(kSize);
     },
     all},
    {"an asynchronous direct write", O_RDWR | O_DIRECT,
     [](int fd, char fill) { return write_asynchronously(fd, Aligned(fill).bytes.get()); }, all},
    {"a hole", O_RDWR,
     [](int fd, char) {
       return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4'096, 8'192) == 0;
     },
     [](char, std::string before) { return before.replace(4'096, 8'192, 8'192, '\0'); }},
    {"cut and grown again", O_RDWR,
     [](int fd, char) { return ::ftruncate(fd, 5'000) == 0 && ::ftruncate(fd, kSize) == 0; },
     [](char, std::string before) {
       before.resize(5'000);
       before.resize(kSize);
       return before;
     }},
    {"a copy of its second half", O_RDWR,
     [](int fd, char) {
       off_t from = kSize / 2;
       off_t to = 0;
       return ::copy_file_range(fd, &from, fd, &to, kSize / 2, 0) > 0;
     },
     [](char, std::string before) { return before.replace(0, kSize / 2, before, kSize / 2); }},
};

/// What a reader that was open before, a mapping of it, and a fresh one see; empty if all is right.
std::string seen_after(const Change& change, const std::string& path) {
  std::string wrong;
  const int writer = ::open(path.c_str(), change.flags | O_CLOEXEC);
  const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (writer < 0 || reader < 0) return "cannot open " + path;
  for (char fill = 'a'; fill < 'f' && wrong.empty(); ++fill) {
    const std::string before = all_of(reader);
    if (!change.make(writer, fill)) wrong = std::string(change.name) + ": refused";
    const std::string expected = change.expected(fill, before);
    const int fresh = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (all_of(fresh) != expected) wrong += std::string(change.name) + ": a fresh handle. ";
    if (all_of(reader) != expected) wrong += std::string(change.name) + ": an old handle. ";
    ::close(fresh);
  }
  ::close(reader);
  ::close(writer);
  return wrong;
}

TEST_CASE("no page outlives a write that went past it, through the kernel") {
  for (const bool direct : {false, true}) {
    WorldOptions options;
    if (direct) options.mount_options = {"direct_io"};
    const auto world = open_world(options);
    for (const Change& change : kChanges) {
      REQUIRE(write_file(world->posix(), "f", pattern(kSize)) == 0);
      CHECK(seen_after(change, world->directory() + "/f") == "");
    }
  }
}

// As xfstests generic/451: the kernel drops pages before the write, and a reader reads them again
// before it has arrived.
TEST_CASE("a fresh handle reads what an asynchronous direct write beside other readers has left") {
  const auto world = open_world();
  REQUIRE(write_file(world->posix(), "f", pattern(kSize)) == 0);
  const std::string path = world->directory() + "/f";
  const int writer = ::open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  REQUIRE(writer >= 0);
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!over) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        all_of(fd);
        ::close(fd);
      }
    });
  }
  int refused = 0;
  int stale = 0;
  for (int i = 0; i < 300; ++i) {
    const char fill = static_cast<char>('a' + i % 26);
    refused += write_asynchronously(writer, Aligned(fill).bytes.get()) ? 0 : 1;
    const int fresh = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    stale += all_of(fresh) == std::string(kSize, fill) ? 0 : 1;
    ::close(fresh);
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  ::close(writer);
  CHECK(refused == 0);
  CHECK(stale == 0);
}

}  // namespace
}  // namespace pailfs::test
