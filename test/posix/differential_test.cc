// SPDX-License-Identifier: Apache-2.0
// The same system calls on a tmpfs and on a mount, by root and by others: tmpfs is the judge.
//
// PAILFS_POSIX_SEED chooses the first seed, PAILFS_POSIX_COUNT the number of histories of each
// configuration, PAILFS_POSIX_LENGTH their length.
//
// Equal but for: hard links are refused; sizes of directories, blocks and inode numbers are each
// file system's own; what a directory's times owe to changes in it is not stored, so it is not
// compared after a remount, and neither is a ctime by a call that changed nothing else; a
// directory's link count is 1 until its names are known;
// RENAME_EXCHANGE is not made (EINVAL, as with s3fs).
#include <cstdlib>
#include <iostream>

#include "pailfs/util/text.h"

#include "history.h"
#include "support/catch.h"
#include "support/scratch_directory.h"

namespace pailfs::test {
namespace {

constexpr int kSkipped = 4;  // what Catch2 3 ends with when every test was skipped

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : parse_uint(text).value_or(fallback);
}

void need_pair() {
  const std::string why = why_no_pair();
  if (why.empty()) return;
  std::cerr << "skipped: " << why << std::endl;
  std::_Exit(kSkipped);
}

void run_histories(Pair& pair, Judging judging, std::uint64_t first_seed) {
  const std::uint64_t first = from_environment("PAILFS_POSIX_SEED", first_seed);
  const std::uint64_t count = from_environment("PAILFS_POSIX_COUNT", 40);
  const std::uint64_t length = from_environment("PAILFS_POSIX_LENGTH", 60);
  std::vector<Ending> endings;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    // Looking at everything may make right what was wrong before, so it is not always done.
    judging.look_every = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 7 : 0;
    const auto calls = random_calls(seed, length, judging.view.xattrs);
    Ending ending;
    const auto wrong = play(pair, calls, judging, &ending);
    if (wrong) {
      FAIL("PAILFS_POSIX_SEED=" << seed << "\n"
                                << shortest_story(pair, calls, judging) << "\n  as first seen "
                                << *wrong);
    }
    endings.push_back(ending);
  }
  pair.remount();
  judging.view.directory_times = false;
  judging.view.older_ctimes = true;
  for (const Ending& ending : endings) {
    const auto wrong = look_again(pair, ending, judging.view);
    if (wrong) FAIL("after a remount, in " << ending.name << ": " << *wrong);
  }
  WARN(count << " histories of " << length << " calls");
}

TEST_CASE("random system calls do on a mount what they do on a tmpfs") {
  need_pair();
  Pair pair({"use_wtf8"});
  run_histories(pair, {}, 1);
}

TEST_CASE("random system calls with extended attributes do on a mount what they do on a tmpfs") {
  need_pair();
  Pair pair({"use_wtf8", "use_xattr"});
  Judging judging;
  judging.view.xattrs = true;
  run_histories(pair, judging, 100'001);
}

TEST_CASE("random system calls without any cache do on a mount what they do on a tmpfs") {
  need_pair();
  Pair pair({"use_wtf8", "stat_cache_expire=0", "entry_timeout=0", "attr_timeout=0"});
  run_histories(pair, {}, 200'001);
}

TEST_CASE("random system calls with durability=local do on a mount what they do on a tmpfs") {
  need_pair();
  // A journal in memory is refused.
  const ScratchDirectory scratch("/var/tmp");
  Pair pair({"use_wtf8", "use_xattr", "durability=local", "use_cache=" + scratch.path()});
  Judging judging;
  judging.view.xattrs = true;
  run_histories(pair, judging, 300'001);
}

}  // namespace
}  // namespace pailfs::test
