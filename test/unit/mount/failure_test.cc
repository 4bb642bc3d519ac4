// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "pailfs/mount/mount_table.h"

#include "mount/mount_failure.h"
#include "support/catch.h"

namespace pailfs::mount {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("a /dev/fuse that cannot be opened is explained with a remedy", "[mount][failure]") {
  struct Row {
    int err;
    bool root;
    bool container;
    std::string part;
  };
  const Row rows[] = {
      {ENOENT, true, false, "/dev/fuse is missing; run: sudo modprobe fuse"},
      {ENOENT, true, true, "--device /dev/fuse --cap-add SYS_ADMIN"},
      {EACCES, false, false, "sudo chmod 666 /dev/fuse"},
      {EACCES, true, false, "sudo chmod 666 /dev/fuse"},  // root of a user namespace
      {EPERM, true, true, "--device /dev/fuse --cap-add SYS_ADMIN"},
      {ENODEV, true, false, "modprobe fuse"},
      {EMFILE, true, false, "Too many open files"},
  };
  for (const Row& row : rows) {
    Environment machine;
    machine.may_mount = row.root;
    machine.uid = row.root ? 0 : 1000;
    machine.in_container = row.container;
    const Error error = device_error(row.err, machine);
    CHECK_THAT(error.text, ContainsSubstring(row.part));
    CHECK(error.err == ENODEV);
  }
}

TEST_CASE("what fusermount or the kernel says becomes one line with a remedy", "[mount][failure]") {
  struct Row {
    std::string words;
    int err;
    std::string part;
  };
  const Row rows[] = {
      {"fusermount3: option allow_other only allowed if 'user_allow_other' is set in "
       "/etc/fuse.conf\n",
       EPERM, "tee -a /etc/fuse.conf"},
      {"fusermount3: mount failed: Operation not permitted\n", EPERM, "--cap-add SYS_ADMIN"},
      {"mount failed: Operation not permitted", EPERM,
       "--security-opt apparmor=unconfined), or pass an open FUSE descriptor as /dev/fd/N"},
      {"mount failed: Permission denied", EPERM, "--security-opt apparmor=unconfined"},
      {"fusermount: fuse device not found, try 'modprobe fuse' first\n", ENODEV,
       "sudo modprobe fuse"},
      {"mount failed: No such device", ENODEV, "sudo modprobe fuse"},
      {"fusermount: unknown option 'frobnicate'\n", EINVAL, "unknown option 'frobnicate'"},
      {"fusermount: too many FUSE filesystems mounted; mount_max=N can be set in "
       "/etc/fuse.conf\n",
       EPERM, "raise mount_max in /etc/fuse.conf"},
      {"fusermount3: user has no write access to mountpoint /m\n", EACCES, "no write access"},
      {"fusermount3: mountpoint /m not owned by user\n", EACCES, "not owned by user"},
      {"fusermount3: mounting over filesystem type 0x1 is forbidden\n", EACCES,
       "another file system"},
      {"first\nfuse: second\n\n", ENODEV, "first; second"},
      {"", ENODEV, "gave no reason"},
  };
  for (const Row& row : rows) {
    const Error error = explain_mount_failure(row.words, "/m");
    CAPTURE(error.text);
    CHECK(error.err == row.err);
    CHECK_THAT(error.text, ContainsSubstring("cannot mount on /m: "));
    CHECK_THAT(error.text, ContainsSubstring(row.part));
    CHECK(error.text.find('\n') == std::string::npos);
  }
}

TEST_CASE("a user without fusermount is told what to install", "[mount][failure]") {
  CHECK_THAT(no_fusermount_error().text,
             ContainsSubstring("install the package fuse3, or run as root"));
  CHECK(no_fusermount_error().err == ENODEV);
}

TEST_CASE("lines of the kernel's mount table are understood", "[mount][table]") {
  const auto entry = parse_mountinfo_line(
      "40 28 0:35 / /mnt/a\\040b rw,nosuid shared:5 - fuse.s3fs my\\134b "
      "rw,user_id=1000,group_id=0");
  REQUIRE(entry);
  CHECK(entry->mountpoint == "/mnt/a b");
  CHECK(entry->type == "fuse.s3fs");
  CHECK(entry->source == "my\\b");
  CHECK(entry->user_id == uid_t{1000});
  for (const std::string_view bad : {"", "1 2 3", "40 28 0:35 / /m rw -", " - a b c"}) {
    CHECK_FALSE(parse_mountinfo_line(bad).has_value());
  }
}

TEST_CASE("the uppermost of several mounts on a directory counts", "[mount][table]") {
  const std::string table =
      "1 0 0:1 / / rw - ext4 /dev/vda rw\n"
      "2 1 0:2 / /m rw - autofs systemd-1 rw\n"
      "3 2 0:3 / /m rw - fuse.s3fs b rw,user_id=0\n"
      "4 1 0:4 / /m/below rw - tmpfs t rw\n";
  CHECK(find_mount(table, "/m")->type == "fuse.s3fs");
  CHECK(find_mount(table, "/")->type == "ext4");
  CHECK_FALSE(find_mount(table, "/m2").has_value());
}

}  // namespace pailfs::mount
