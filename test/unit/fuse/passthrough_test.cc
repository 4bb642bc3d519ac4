// SPDX-License-Identifier: Apache-2.0
#include "fuse/passthrough.h"

#include <vector>

#include "support/catch.h"

namespace pailfs::fuse {
namespace {

/// A kernel that takes backing files.
struct Files {
  Passthrough passthrough = Passthrough(true);
  int last = 0;
  std::vector<int> ended;

  int open(fuse_ino_t ino, bool whole) {
    return passthrough.opened(ino, whole ? Passthrough::Begin([&] { return ++last; }) : nullptr);
  }
  void release(fuse_ino_t ino) {
    passthrough.released(ino, [&](int backing) { ended.push_back(backing); });
  }
};

TEST_CASE("open files of one inode share one backing file until the last one goes") {
  Files files;
  CHECK(files.open(5, true) == 1);
  CHECK(files.open(5, true) == 1);
  CHECK(files.open(5, false) == 1);
  CHECK(files.open(6, true) == 2);
  files.release(5);
  files.release(5);
  CHECK(files.ended.empty());
  files.release(5);
  CHECK(files.ended == std::vector{1});
  CHECK(files.open(5, true) == 3);
}

TEST_CASE("an inode that is open the usual way stays so until all have closed it") {
  Files files;
  CHECK(files.open(5, false) == 0);
  CHECK(files.open(5, true) == 0);
  files.release(5);
  CHECK(files.open(5, true) == 0);
  files.release(5);
  files.release(5);
  CHECK(files.ended.empty());
  CHECK(files.open(5, true) == 1);
}

TEST_CASE("the backing file of an open that the kernel did not take ends with the next release") {
  Files files;
  CHECK(files.open(5, true) == 1);
  files.passthrough.unanswered(5);
  CHECK(files.ended.empty());
  CHECK(files.open(5, false) == 0);
  files.release(5);
  CHECK(files.ended == std::vector{1});
}

TEST_CASE("a kernel that has refused one file is not asked about another") {
  Files files;
  int asked = 0;
  const auto refuse = [&] {
    ++asked;
    return 0;
  };
  CHECK(files.passthrough.opened(5, refuse) == 0);
  CHECK(files.passthrough.opened(6, refuse) == 0);
  CHECK(asked == 1);
}

TEST_CASE("nothing is passed through that was not agreed upon") {
  Passthrough passthrough;
  CHECK(passthrough.opened(5, [] { return 1; }) == 0);
}

}  // namespace
}  // namespace pailfs::fuse
