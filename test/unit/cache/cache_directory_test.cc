// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/cache_directory.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using cache::CacheDirectory;

namespace {

struct TempDir {
  std::string path = "/tmp/pailfs-cache-XXXXXX";
  TempDir() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TempDir() { std::filesystem::remove_all(path); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
};

unsigned mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

const std::string kBucket = "https://host\nbucket\nprefix/";

}  // namespace

TEST_CASE("one mount has the cache directory of a bucket at a time", "[cache]") {
  const TempDir dir;
  std::string path;
  {
    const auto first = CacheDirectory::take(dir.path, kBucket);
    REQUIRE(first);
    path = first->path();
    CHECK(path.starts_with(dir.path + "/pailfs/"));
    CHECK(mode_of(dir.path + "/pailfs") == 0700);
    CHECK(mode_of(path) == 0700);
    const auto second = CacheDirectory::take(dir.path, kBucket);
    REQUIRE_FALSE(second);
    CHECK(second.error().err == EBUSY);
    const auto other = CacheDirectory::take(dir.path, "https://host\nanother\n");
    REQUIRE(other);
    CHECK(other->path() != path);
  }
  const auto again = CacheDirectory::take(dir.path, kBucket);
  REQUIRE(again);
  CHECK(again->path() == path);
}

TEST_CASE("a cache directory that others can write, or of something else, is refused", "[cache]") {
  const TempDir dir;
  const std::string path = [&] { return CacheDirectory::take(dir.path, kBucket)->path(); }();
  SECTION("open to others") {
    std::filesystem::permissions(path, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    CHECK(CacheDirectory::take(dir.path, kBucket).error().err == EACCES);
  }
  SECTION("a link") {
    std::filesystem::rename(dir.path + "/pailfs", dir.path + "/elsewhere");
    std::filesystem::create_directory_symlink(dir.path + "/elsewhere", dir.path + "/pailfs");
    CHECK(CacheDirectory::take(dir.path, kBucket).error().err == EACCES);
  }
  SECTION("of another bucket") {
    std::ofstream(path + "/identity") << "pailfs cache 1\nsomething else\n";
    CHECK(CacheDirectory::take(dir.path, kBucket).error().err == EINVAL);
  }
  SECTION("of another version") {
    std::ofstream(path + "/identity") << "pailfs cache 2\n" << kBucket << "\n";
    CHECK(CacheDirectory::take(dir.path, kBucket).error().err == EINVAL);
  }
  SECTION("left by a crash it is taken") {
    std::ofstream(path + "/identity") << "pailfs ca";
    CHECK(CacheDirectory::take(dir.path, kBucket));
  }
}

TEST_CASE("clearing a cache directory leaves its lock", "[cache]") {
  const TempDir dir;
  const auto taken = CacheDirectory::take(dir.path, kBucket);
  REQUIRE(taken);
  std::filesystem::create_directory(taken->path() + "/blocks");
  std::ofstream(taken->path() + "/blocks/b") << "x";
  std::ofstream(taken->path() + "/attributes") << "x";
  taken->clear();
  CHECK_FALSE(std::filesystem::exists(taken->path() + "/blocks"));
  CHECK_FALSE(std::filesystem::exists(taken->path() + "/attributes"));
  CHECK(CacheDirectory::take(dir.path, kBucket).error().err == EBUSY);
}
