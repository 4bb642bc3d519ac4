// SPDX-License-Identifier: Apache-2.0
// Through a kernel mount only: what is tested is what the kernel makes of it.
#include "opened_versions.h"

#include <chrono>
#include <iostream>
#include <map>
#include <thread>

#include "files.h"
#include "support/catch.h"
#include "support/scratch_directory.h"

namespace pailfs::test {
namespace {

using namespace std::chrono_literals;

/// Each in a directory of its own, so that no listing tells of the others.
std::string path_of(const OpenCase& one) {
  return one.name() + "/f";
}

store::ObjectAttributes of_time(const char* seconds) {
  store::ObjectAttributes attributes;
  attributes.metadata = {{"mode", "33188"}, {"mtime", seconds}};
  return attributes;
}

void put_what_was(World& world, const OpenCase& one) {
  const std::string path = path_of(one);
  if (one.had == Had::directory) {
    REQUIRE(put_object(world, path + "/", "") == 0);
  } else if (one.had == Had::absent) {
    REQUIRE(put_object(world, one.name() + "/other", "x") == 0);
  } else {
    REQUIRE(put_object(world, path, bytes_of(Has::same), of_time("1000")) == 0);
  }
}

void make_kernel_know(World& world, const OpenCase& one) {
  const std::string path = path_of(one);
  if (one.had == Had::read) REQUIRE(file_text(world.posix(), path) == bytes_of(Has::same));
  const auto found = world.posix().stat(path);
  REQUIRE(err(found) == (one.had == Had::absent ? ENOENT : 0));
}

void put_what_is(World& world, const OpenCase& one) {
  const std::string path = path_of(one);
  if (one.has == Has::same) return;
  const bool replaced = one.has != Has::nothing && one.has != Has::directory;
  if (one.had == Had::directory) {
    REQUIRE(err(world.bucket().remove(path + "/")) == 0);
  } else if (one.had != Had::absent && !replaced) {
    REQUIRE(err(world.bucket().remove(path)) == 0);
  }
  if (one.has == Has::directory) {
    REQUIRE(put_object(world, path + "/", "") == 0);
  } else if (replaced) {
    const char* const time = one.has == Has::other_bytes_same_time ? "1000" : "2000";
    REQUIRE(put_object(world, path, bytes_of(one.has), of_time(time)) == 0);
  }
}

std::string stored(World& world, const std::string& path) {
  const auto there = object(world, path);
  return there ? there->bytes : "(none)";
}

void play(const std::vector<std::string>& options, bool keeps_pages = false) {
  WorldOptions wanted;
  wanted.mount_options = options;
  const auto world = open_world(wanted);
  std::vector<OpenCase> cases;
  for (const OpenCase& one : all_open_cases()) {
    // The option says so: without another time of modification nothing is noticed.
    if (keeps_pages && one.has == Has::other_bytes_same_time) continue;
    cases.push_back(one);
  }
  for (const OpenCase& one : cases) put_what_was(*world, one);
  for (const OpenCase& one : cases) make_kernel_know(*world, one);
  for (const OpenCase& one : cases) put_what_is(*world, one);
  // Longer than the kernel and an open believe what they know.
  std::this_thread::sleep_for(1200ms);
  std::map<std::string, std::string> wrong;
  for (const OpenCase& one : cases) {
    const std::string path = world->directory() + "/" + path_of(one);
    std::string verdict = try_open(path, one, expected_of(one));
    if (!verdict.empty()) wrong[one.name()] = std::move(verdict);
  }
  world->remount();  // what waits in a journal is stored then
  for (const OpenCase& one : cases) {
    const std::string expected = expected_of(one).stored;
    const std::string got = stored(*world, path_of(one));
    if (got != expected) {
      wrong[one.name()] += " stored: " + std::to_string(got.size()) + " bytes and not " +
                           std::to_string(expected.size()) + " or others";
    }
  }
  for (const auto& [name, what] : wrong) std::cerr << "wrong: " << name << ": " << what << '\n';
  INFO(wrong.size() << " of " << cases.size() << " wrong");
  CHECK(wrong.empty());
}

TEST_CASE("what open learns of a replaced file the kernel knows before the first call") {
  play({});
}

TEST_CASE("what open learns the kernel knows, with attr_timeout=0") {
  play({"attr_timeout=0"});
}

TEST_CASE("what open learns the kernel knows, with direct_io") {
  play({"direct_io"});
}

TEST_CASE("what open learns the kernel knows, with kernel_cache") {
  play({"kernel_cache"}, true);
}

TEST_CASE("what open learns the kernel knows, with use_cache") {
  const ScratchDirectory cache;
  play({"use_cache=" + cache.path()});
}

TEST_CASE("what open learns the kernel knows, with durability=local") {
  const ScratchDirectory cache;
  play({"use_cache=" + cache.path(), "durability=local"});
}

}  // namespace
}  // namespace pailfs::test
