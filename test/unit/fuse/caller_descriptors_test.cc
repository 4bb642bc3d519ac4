// SPDX-License-Identifier: Apache-2.0
#include "fuse/caller_descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "pailfs/util/file.h"

#include "support/catch.h"

namespace pailfs::fuse {
namespace {

using std::chrono::milliseconds;

struct File {
  std::string device;
  std::uint64_t ino;
};

File file_of(const UniqueFd& descriptor) {
  struct stat status {};
  REQUIRE(::fstat(descriptor.get(), &status) == 0);
  return {std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev)),
          status.st_ino};
}

bool has_ours(const File& file) {
  return has_open_for_writing(::getpid(), file.device, file.ino);
}

TEST_CASE("only a descriptor of that very file that can write counts", "[mount][descriptors]") {
  auto first = open_unlinked("/tmp");
  REQUIRE(first);
  const File file = file_of(*first);
  CHECK(has_ours(file));
  UniqueFd second(::dup(first->get()));
  *first = UniqueFd();
  CHECK(has_ours(file));
  const UniqueFd reader(
      ::open(("/proc/self/fd/" + std::to_string(second.get())).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(reader);
  CHECK_FALSE(has_open_for_writing(::getpid(), "0:999999", file.ino));
  CHECK_FALSE(has_open_for_writing(::getpid(), "", file.ino));
  CHECK_FALSE(has_open_for_writing(::getpid(), file.device, file.ino + 1));
  second = UniqueFd();
  CHECK_FALSE(has_ours(file));
}

TEST_CASE("a process that cannot be looked at has nothing open", "[mount][descriptors]") {
  auto descriptor = open_unlinked("/tmp");
  REQUIRE(descriptor);
  const File file = file_of(*descriptor);
  CHECK_FALSE(has_open_for_writing(0, file.device, file.ino));
  CHECK_FALSE(has_open_for_writing(-1, file.device, file.ino));
  constexpr pid_t kNobody = 0x7ffffff0;
  CHECK_FALSE(has_open_for_writing(kNobody, file.device, file.ino));
}

TEST_CASE("a reader is at the end when one of its descriptors is", "[mount][descriptors]") {
  auto writer = open_unlinked("/tmp");
  REQUIRE(writer);
  REQUIRE(::pwrite(writer->get(), "12345", 5, 0) == 5);
  const File file = file_of(*writer);
  const UniqueFd reader(
      ::open(("/proc/self/fd/" + std::to_string(writer->get())).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(reader);
  const auto at_end = [&](std::uint64_t size) {
    return has_read_to(::getpid(), file.device, file.ino, size);
  };
  CHECK(at_end(5) == false);
  REQUIRE(::lseek(reader.get(), 5, SEEK_SET) == 5);
  CHECK(at_end(5) == true);
  CHECK(at_end(4) == true);
  CHECK(at_end(6) == false);
  CHECK(has_read_to(::getpid(), file.device, file.ino + 1, 5) == false);
  CHECK_FALSE(has_read_to(0, file.device, file.ino, 5).has_value());
  CHECK_FALSE(has_read_to(0x7ffffff0, file.device, file.ino, 5).has_value());
}

TEST_CASE("the device of a mount is the one in the kernel's table", "[mount][descriptors]") {
  struct stat status {};
  REQUIRE(::stat("/proc", &status) == 0);
  CHECK(device_of_mount("/proc/self/mountinfo", "/proc") ==
        std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev)));
  CHECK(device_of_mount("/proc/self/mountinfo", "/nowhere/at/all").empty());
}

TEST_CASE("the answer of a look is passed on", "[mount][descriptors]") {
  std::atomic<int> looks = 0;
  CallerDescriptors descriptors([&](pid_t pid, std::uint64_t ino) {
    ++looks;
    return pid == 7 && ino == 9;
  });
  CHECK(descriptors.has_another_open(7, 9));
  CHECK_FALSE(descriptors.has_another_open(7, 8));
  CHECK(looks == 2);
}

TEST_CASE("a look that throws is no", "[mount][descriptors]") {
  CallerDescriptors descriptors([](pid_t, std::uint64_t) -> bool { throw std::bad_alloc(); });
  CHECK_FALSE(descriptors.has_another_open(7, 9));
}

TEST_CASE("nothing waits for a look that hangs", "[mount][descriptors]") {
  auto let_go = std::make_shared<std::promise<void>>();
  const std::shared_future<void> gate = let_go->get_future().share();
  auto entered = std::make_shared<std::promise<void>>();
  auto looks = std::make_shared<std::atomic<int>>(0);
  auto descriptors = std::make_unique<CallerDescriptors>(
      [=](pid_t, std::uint64_t) {
        if (++*looks == 1) entered->set_value();
        gate.wait();
        return true;
      },
      CallerDescriptors::LookAtEnd(), milliseconds(20));
  CHECK_FALSE(descriptors->has_another_open(1, 1));
  entered->get_future().wait();
  CHECK_FALSE(descriptors->has_another_open(1, 2));  // behind the one that hangs
  descriptors.reset();                               // does not wait either
  CHECK(looks->load() == 1);
  let_go->set_value();
}

TEST_CASE("many ask at once and each hears its own answer", "[mount][descriptors]") {
  CallerDescriptors descriptors(
      [](pid_t pid, std::uint64_t ino) { return static_cast<std::uint64_t>(pid) == ino; });
  std::vector<std::future<bool>> right;
  for (int thread = 0; thread < 8; ++thread) {
    right.push_back(std::async(std::launch::async, [&, thread] {
      for (std::uint64_t ino = 0; ino < 100; ++ino) {
        const bool wanted = ino == static_cast<std::uint64_t>(thread);
        if (descriptors.has_another_open(thread, ino) != wanted) return false;
      }
      return true;
    }));
  }
  for (auto& each : right) CHECK(each.get());
}

}  // namespace
}  // namespace pailfs::fuse
