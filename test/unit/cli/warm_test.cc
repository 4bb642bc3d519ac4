// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/warm.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/commands/tree_reader.h"
#include "support/catch.h"
#include "support/scratch_directory.h"

namespace pailfs::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

void write(const std::string& path, std::size_t bytes) {
  std::ofstream(path) << std::string(bytes, 'x');
}

struct Reading {
  explicit Reading(TreeReader::Wish wish, const std::vector<std::string>& paths, unsigned jobs = 4)
      : done(TreeReader(
                 wish, jobs, [](const auto&) {},
                 [this](const std::string& complaint) { complaints.push_back(complaint); })
                 .run(paths)) {}
  std::vector<std::string> complaints;
  TreeReader::Progress done;
};

}  // namespace

TEST_CASE("A tree is read whole, and what is no file or no longer there is said") {
  const test::ScratchDirectory scratch;
  const std::string top = scratch.path();
  std::filesystem::create_directories(top + "/a/b/c");
  std::filesystem::create_directories(top + "/empty");
  for (int i = 0; i < 300; ++i) write(top + "/a/b/f" + std::to_string(i), 1000);
  write(top + "/a/large", 5 << 20U);
  write(top + "/other", 7);
  std::filesystem::create_symlink("/dev/zero", top + "/a/link");
  std::filesystem::create_symlink(top + "/other", top + "/link");
  REQUIRE(::mkfifo((top + "/a/fifo").c_str(), 0600) == 0);

  const unsigned jobs = GENERATE(1U, 4U, 64U);
  const Reading all(TreeReader::Wish::bytes, {top + "/a", top + "/empty", top + "/link"}, jobs);
  CHECK(all.done.bytes == 300 * 1000 + (5 << 20U) + 7);
  CHECK(all.done.files == 304);
  CHECK(all.done.directories == 4);
  CHECK(all.done.failures == 0);

  const Reading names(TreeReader::Wish::attributes, {top}, jobs);
  CHECK(names.done.bytes == 0);
  CHECK(names.done.files == 305);

  const Reading gone(TreeReader::Wish::bytes, {top + "/none", top + "/other"}, jobs);
  CHECK(gone.done.failures == 1);
  CHECK(gone.done.files == 1);
  REQUIRE(gone.complaints.size() == 1);
  CHECK_THAT(gone.complaints.front(), ContainsSubstring("/none: No such file or directory"));
}

TEST_CASE("What a cache has no room for is said") {
  const DiskCache none;
  const DiskCache empty{true, 0, 3};
  CHECK_THAT(kept_in_vain(none, none, 9), ContainsSubstring("use_cache=DIR"));
  CHECK(kept_in_vain(none, none, 0).empty());
  CHECK(kept_in_vain(empty, {true, 9, 3}, 9).empty());
  CHECK_THAT(kept_in_vain(empty, {true, 9, 5}, 9), ContainsSubstring("2 blocks did not fit"));
  CHECK_THAT(kept_in_vain(empty, {true, 1 << 20U, 3}, 3 << 20U),
             ContainsSubstring("of 3.0 MiB the cache has room for 1.0 MiB"));
}

TEST_CASE("The disk cache is read from a mount's status") {
  const auto used = read_disk_cache(R"({"cache": {"disk_bytes": 7, "blocks_without_room": 2}})");
  REQUIRE(used);
  CHECK(used->used);
  CHECK(used->bytes == 7);
  CHECK(used->blocks_without_room == 2);
  CHECK_FALSE(read_disk_cache(R"({"cache": {"attributes": 7}})")->used);
  for (const char* text : {"", "{", "[]", "{}", R"({"cache": 7})", "null"})
    CHECK_FALSE(read_disk_cache(text));
}

}  // namespace pailfs::cli
