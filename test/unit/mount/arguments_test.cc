// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <vector>

#include "pailfs/mount/mount_words.h"
#include "pailfs/process/signal_watch.h"

#include "support/catch.h"

namespace pailfs::mount {

using Catch::Matchers::ContainsSubstring;

namespace {

constexpr unsigned long kSafe = MS_NOSUID | MS_NODEV;

MountWords words_for(std::vector<std::string> options, bool may_mount = true) {
  Config config;
  config.kernel_options = std::move(options);
  const Result<MountWords> words = mount_words(config, may_mount);
  REQUIRE(words.has_value());
  return *words;
}

}  // namespace

TEST_CASE("a mount is s3fs's in the mount table, and the kernel checks permissions",
          "[mount][words]") {
  const MountWords words = words_for({});
  CHECK(words.source == "s3fs");
  CHECK(words.type == "fuse.s3fs");
  CHECK(words.flags == kSafe);
  CHECK(words.data == "default_permissions");
  CHECK(words.for_program == "rw,nosuid,nodev,default_permissions,fsname=s3fs,subtype=s3fs");
  CHECK_FALSE(words.auto_unmount);
  CHECK(words.for_libfuse == std::vector<std::string>{"pailfs"});
}

TEST_CASE("flags of the kernel become flags of mount(2) and words for fusermount",
          "[mount][words]") {
  struct Row {
    std::vector<std::string> given;
    bool may_mount;
    unsigned long flags;
    std::string for_program;  ///< before default_permissions
  };
  const std::vector<Row> rows = {
      {{"ro", "noexec"}, false, kSafe | MS_RDONLY | MS_NOEXEC, "ro,nosuid,nodev,noexec,"},
      {{"ro", "rw"}, true, kSafe, "rw,nosuid,nodev,"},
      {{"dev", "suid"}, true, 0, "rw,"},
      {{"dev", "suid"}, false, kSafe, "rw,nosuid,nodev,"},
      {{"noatime", "sync", "dirsync"},
       true,
       kSafe | MS_NOATIME | MS_SYNCHRONOUS | MS_DIRSYNC,
       "rw,nosuid,nodev,sync,noatime,dirsync,"},
      {{"noatime", "atime", "sync", "async", "noexec", "exec"}, true, kSafe, "rw,nosuid,nodev,"},
      {{"defaults", "relatime", "nonempty", "default_permissions", ""},
       true,
       kSafe,
       "rw,nosuid,nodev,"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.for_program);
    const MountWords words = words_for(row.given, row.may_mount);
    CHECK(words.flags == row.flags);
    CHECK(words.for_program == row.for_program + "default_permissions,fsname=s3fs,subtype=s3fs");
  }
}

TEST_CASE("the kernel's other words, and those that libfuse must obey", "[mount][words]") {
  CHECK(words_for({"allow_other", "max_read=131072"}).data ==
        "default_permissions,allow_other,max_read=131072");
  const MountWords root = words_for({"allow_root"});
  CHECK(root.data == "default_permissions,allow_other");
  CHECK(root.for_libfuse == std::vector<std::string>{"pailfs", "-o", "allow_root"});
  // A user that the one lets in is not kept out by the other.
  CHECK(words_for({"allow_root", "allow_other"}).for_libfuse == std::vector<std::string>{"pailfs"});
  const MountWords guarded = words_for({"auto_unmount"});
  CHECK(guarded.auto_unmount);
  // We guard the mount ourselves.
  CHECK(guarded.for_program.find("auto_unmount") == std::string::npos);
  CHECK(guarded.data == "default_permissions");

  Config config;
  config.debug = true;
  CHECK(mount_words(config, true)->for_libfuse ==
        std::vector<std::string>{"pailfs", "-o", "debug"});
}

TEST_CASE("source and type from the option list win, commas do not end them", "[mount][words]") {
  const MountWords words = words_for({"fsname=old", "fsname=a,b\\c", "subtype=x"});
  CHECK(words.source == "a,b\\c");
  CHECK(words.type == "fuse.x");
  CHECK_THAT(words.for_program, ContainsSubstring(",fsname=a\\,b\\\\c,subtype=x"));
}

TEST_CASE("a word that nobody knows is named", "[mount][words]") {
  for (const std::string word : {"frobnicate", "context=a,b", "max_read=", "max_read=many"}) {
    CAPTURE(word);
    Config config;
    config.kernel_options = {word};
    const Result<MountWords> words = mount_words(config, true);
    REQUIRE_FALSE(words.has_value());
    CHECK(words.error().err == EINVAL);
    CHECK_THAT(words.error().text, ContainsSubstring(word.substr(0, word.find('='))));
  }
}

TEST_CASE("SIGUSR2 goes through all five levels and back", "[mount][signals]") {
  LogLevel level = LogLevel::critical;
  std::string tags;
  for (int i = 0; i < 5; ++i) {
    tags += process::level_tag(level);
    level = process::next_level(level);
  }
  CHECK(tags == "CRTERRWANINFDBG");
  CHECK(level == LogLevel::critical);
}

}  // namespace pailfs::mount
