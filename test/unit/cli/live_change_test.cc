// SPDX-License-Identifier: Apache-2.0
#include "cli/options/live_change.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

mount::Identity mounted(std::vector<std::string> options, bool read_only) {
  mount::Identity what;
  what.options = std::move(options);
  what.read_only = read_only;
  return what;
}

TEST_CASE("ro, rw and dbglevel change a living mount, the last word counts") {
  const mount::Identity what = mounted({"url=http://h"}, false);
  CHECK(read_live_change("ro", what)->read_only == true);
  CHECK(read_live_change("ro,rw", what)->read_only == false);
  CHECK(read_live_change("dbglevel=info", what)->log_level == LogLevel::info);
  CHECK_FALSE(read_live_change("dbglevel=info", what)->read_only);
  CHECK(changed(what, *read_live_change("ro", what)).read_only);
  CHECK_FALSE(changed(what, *read_live_change("dbglevel=err", what)).read_only);
}

TEST_CASE("what mount(8) hands on unchanged is no change") {
  const mount::Identity what = mounted({"url=http://h", "allow_other=1"}, false);
  const auto change = read_live_change("rw,remount,_netdev,url=http://h,allow_other,ro", what);
  REQUIRE(change);
  CHECK(change->read_only == true);
}

TEST_CASE("what the kernel's mount table shows is in force") {
  const mount::Identity what = mounted({"url=http://h"}, false);
  const std::string table = "rw,nosuid,relatime,user_id=0,group_id=0,allow_other,max_read=131072";
  const auto change = read_live_change(table + ",remount,ro", what, table);
  REQUIRE(change);
  CHECK(change->read_only == true);
  CHECK(change->list == "rw,ro,");
  CHECK(read_live_change("nosuid=1,allow_other=1,user_id=0,remount=1,ro=1", what, table));
  CHECK(read_live_change("remount=1,rw=1", what, table)->list == "rw,");
  CHECK_FALSE(read_live_change("noatime", what, table));
  CHECK_FALSE(read_live_change("user_id=5", what, table));
}

TEST_CASE("an option that cannot change is refused by name") {
  const mount::Identity what = mounted({"url=http://h"}, false);
  for (const char* list :
       {"url=http://other", "allow_other", "use_cache=/c", "ro,uid=5", "noexec"}) {
    CAPTURE(list);
    const auto change = read_live_change(list, what);
    REQUIRE_FALSE(change);
    CHECK(change.error().err == EINVAL);
    CHECK_THAT(change.error().text, ContainsSubstring("cannot change while the mount lives"));
  }
  CHECK_THAT(read_live_change("frob", what).error().text, ContainsSubstring("unknown option"));
}

TEST_CASE("a mount that began without what writing needs stays read-only") {
  const mount::Identity cached = mounted({"ro=1", "use_cache=/c"}, true);
  CHECK_THAT(read_live_change("rw", cached).error().text,
             ContainsSubstring("began with ro and use_cache stays read-only"));
  CHECK(read_live_change("rw", mounted({"ro=1"}, true)));
  CHECK(read_live_change("rw", mounted({"use_cache=/c"}, true)));
}

TEST_CASE("limits, times and the place of keys change a living mount") {
  const mount::Identity what = mounted({"url=http://h", "use_cache=/c", "memory_limit=64"}, false);
  const auto change = read_live_change(
      "memory_limit=8,cache_size=100,stat_cache_expire=7,max_stat_cache_size=5,attr_timeout=2.5,"
      "limit_rate=1M,limit_requests=9,"
      "entry_timeout=3,negative_timeout=4,passwd_file=/a\\,b,profile=p",
      what);
  REQUIRE(change);
  CHECK(change->files.memory_limit == std::uint64_t{8} << 20U);
  CHECK(change->files.kept_bytes == std::uint64_t{100} << 20U);
  CHECK(change->files.attribute_ttl == std::chrono::seconds(7));
  CHECK(change->files.listing_ttl == std::chrono::seconds(7));
  CHECK(change->files.max_cached_attributes == 5);
  CHECK(change->bytes_per_second == std::uint64_t{1} << 20U);
  CHECK(change->requests_per_second == 9);
  CHECK(change->attribute_seconds == 2.5);
  CHECK(change->entry_seconds == 3);
  CHECK(change->negative_seconds == 4);
  CHECK(change->passwd_file == "/a,b");
  CHECK(change->profile == "p");
  // What the process is told means the same to it.
  CHECK(read_live_change(change->list, what)->passwd_file == "/a,b");
  const mount::Identity after = changed(what, *change);
  CHECK(std::count(after.options.begin(), after.options.end(), "memory_limit=8") == 1);
  CHECK(std::count(after.options.begin(), after.options.end(), "memory_limit=64") == 0);
  CHECK(std::is_sorted(after.options.begin(), after.options.end()));
  CHECK_FALSE(read_live_change("memory_limit=8", after)->files.memory_limit);
}

TEST_CASE("a listing that is always made anew stays so") {
  const auto change =
      read_live_change("stat_cache_expire=7", mounted({"disable_noobj_cache=1"}, false));
  REQUIRE(change);
  CHECK(change->files.listing_ttl == std::chrono::seconds(0));
}

TEST_CASE("a limit without its cache and keys that cannot be read again are refused") {
  const mount::Identity what = mounted({"url=http://h"}, false);
  CHECK_THAT(read_live_change("cache_size=100", what).error().text,
             ContainsSubstring("needs a mount with use_cache"));
  for (const char* place :
       {"passwd_file=/dev/fd/9", "passwd_file=keys", "passwd_file=/proc/self/fd/9"})
    CHECK_THAT(read_live_change(place, what).error().text,
               ContainsSubstring("is not a file that the process of the mount can read again"));
  CHECK_THAT(read_live_change("memory_limit=much", what).error().text,
             ContainsSubstring("memory_limit"));
  CHECK_THAT(read_live_change("allow_other", what).error().text, ContainsSubstring(live_options()));
}

}  // namespace
}  // namespace pailfs::cli
