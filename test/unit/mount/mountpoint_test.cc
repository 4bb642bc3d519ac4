// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/mountpoint.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "pailfs/mount/runtime_directory.h"
#include "pailfs/util/program_name.h"

#include "support/catch.h"
#include "support/stderr_capture.h"

namespace pailfs::mount {

using Catch::Matchers::ContainsSubstring;

namespace {

constexpr uid_t kNobody = 65534;

/// A directory of its own with a mountpoint `m` and a made-up machine around it.
class Place final {
 public:
  Place() {
    std::string pattern = std::filesystem::temp_directory_path() / "pailfs-mount-XXXXXX";
    root = ::mkdtemp(pattern.data());
    ::chmod(root.c_str(), 0755);
    std::filesystem::create_directory(root + "/m");
    machine.fuse_device = "/dev/null";
    machine.fuse_conf = root + "/fuse.conf";
    machine.mountinfo = root + "/mountinfo";
    machine.may_mount = true;
    machine.fusermount = "/bin/false";
    machine.runtime = root;
    config.mountpoint = root + "/m";
  }
  ~Place() { std::filesystem::remove_all(root); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root + "/" + name) << text;
  }
  /// The kernel's table says that `type` is mounted on the mountpoint.
  void pretend_mounted(const std::string& type, const std::string& more = "rw") const {
    const std::string path = std::filesystem::canonical(config.mountpoint);
    write("mountinfo", "40 28 0:35 / " + path + " rw - " + type + " src " + more + "\n");
  }

  std::string root;
  Environment machine;
  Config config;
};

/// errno and text of the check as another user: "0" or "13 text".
std::string check_as(const Place& place, uid_t uid) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return "pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string word = "setuid failed";
    if (::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0) {
      const auto status = check_mountpoint(place.config, place.machine);
      word = status ? "0" : std::to_string(status.error().err) + " " + status.error().text;
    }
    [[maybe_unused]] const ssize_t size = ::write(ends[1], word.data(), word.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::array<char, 1024> buffer{};
  const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
}

}  // namespace

TEST_CASE("an empty directory can be mounted on without a word", "[mount][mountpoint]") {
  const Place place;
  test::StderrCapture capture;
  const bool fine = check_mountpoint(place.config, place.machine).has_value();
  const std::string said = capture.finish();
  CHECK(fine);
  CHECK(said.empty());
}

TEST_CASE("a directory with files in it is used with one line of warning", "[mount][mountpoint]") {
  const Place place;
  place.write("m/file", "x");
  test::StderrCapture capture;
  const bool fine = check_mountpoint(place.config, place.machine).has_value();
  const std::string said = capture.finish();
  CHECK(fine);
  CHECK_THAT(said, ContainsSubstring("is not empty"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("files are hidden without a word where nonempty is given", "[mount][mountpoint]") {
  Place place;
  place.write("m/file", "x");
  place.config.covers_files = true;
  place.machine.may_mount = true;
  test::StderrCapture capture;
  const bool fine = check_mountpoint(place.config, place.machine).has_value();
  place.config.mountpoint = "/etc";
  const bool system = check_mountpoint(place.config, place.machine).has_value();
  const std::string said = capture.finish();
  CHECK(fine);
  CHECK(system);
  CHECK(said.empty());
}

TEST_CASE("what is no directory of ours is refused with what to do", "[mount][mountpoint]") {
  Place place;
  place.write("file", "x");
  std::filesystem::create_directory_symlink(place.root + "/nowhere", place.root + "/dangling");
  struct Row {
    std::string path;
    int err;
    std::string part;
  };
  const Row rows[] = {
      {place.root + "/none", ENOENT, "run: mkdir -p " + place.root + "/none, or add -o mkdir"},
      {place.root + "/dangling", ENOENT, "No such file or directory"},
      {place.root + "/file", ENOTDIR, "MOUNTPOINT: " + place.root + "/file is not a directory"},
      {place.root + "/file/below", ENOTDIR, "unable to access MOUNTPOINT"},
      {"", ENOENT, "missing MOUNTPOINT"},
      {"/", EBUSY, "MOUNTPOINT / is the root of this machine"},
      {"/tmp/..", EBUSY, "is the root of this machine"},
      {"/etc", EBUSY, "MOUNTPOINT /etc is a directory of the system"},
      {"/usr/bin", EBUSY, "or add -o nonempty"},
  };
  for (const Row& row : rows) {
    place.config.mountpoint = row.path;
    const auto status = check_mountpoint(place.config, place.machine);
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().err == row.err);
    CHECK_THAT(status.error().text, ContainsSubstring(row.part));
  }
}

TEST_CASE("a mount of ours is not covered by a second one, other mounts may be",
          "[mount][mountpoint]") {
  struct Row {
    std::string type;
    bool fine;
  };
  for (const auto& [type, fine] :
       {Row{"fuse.s3fs", false}, Row{"fuse.pailfs", false}, Row{"fuse.mine", false},
        Row{"autofs", true}, Row{"ext4", true}, Row{"fuse.sshfs", true}}) {
    CAPTURE(type);
    Place place;
    place.config.subtype = "mine";
    place.pretend_mounted(type);
    const auto status = check_mountpoint(place.config, place.machine);
    CHECK(status.has_value() == fine);
    if (!status) {
      CHECK(status.error().err == EBUSY);
      CHECK_THAT(status.error().text, ContainsSubstring("already mounted (src, type " + type));
    }
  }
}

TEST_CASE("the same mount once more is recognised by source, address and options",
          "[mount][mountpoint]") {
  Place place;
  place.config.identity.source = "pail:/a";
  place.config.identity.url = "https://host";
  place.config.identity.options_digest = "digest";
  place.pretend_mounted("fuse.s3fs");
  const std::string path = std::filesystem::canonical(place.config.mountpoint);
  MountRecord record{
      .pid = ::getpid(), .mountpoint = path, .started = 0, .what = place.config.identity};
  const auto found = [&] {
    REQUIRE(write_record(place.machine.runtime, record));
    return check_mountpoint(place.config, place.machine);
  };
  REQUIRE(found().has_value());
  CHECK(*found() == Mountpoint::same_mounted);

  SECTION("another bucket") {
    record.what.source = "other";
    CHECK(found().error().err == EBUSY);
    CHECK_THAT(
        found().error().text,
        ContainsSubstring("already mounted (pailfs, pid " + std::to_string(::getpid()) +
                          ", bucket other); to unmount it: " + program_name() + " umount " + path));
  }
  SECTION("another service") {
    record.what.url = "https://other";
    CHECK(found().error().err == EBUSY);
    CHECK_THAT(found().error().text, ContainsSubstring("a bucket of this name at https://other)"));
  }
  SECTION("other options") {
    record.what.options_digest = "other";
    CHECK(found().error().err == EBUSY);
    CHECK_THAT(found().error().text, ContainsSubstring(", the same bucket with other options)"));
  }
  SECTION("a record that was left over says nothing") {
    record.pid = 0x7ffffff0;  // above every limit of the kernel
    CHECK(found().error().err == EBUSY);
    CHECK_THAT(found().error().text,
               ContainsSubstring("already mounted (src, type fuse.s3fs); to unmount it: "));
  }
  SECTION("nor does one of a mount that is gone") {
    place.pretend_mounted("ext4");
    REQUIRE(found().has_value());
    CHECK(*found() == Mountpoint::free);
  }
  CHECK(refuse_second_mount(place.config, place.machine, path).has_value() ==
        (found().has_value() && *found() == Mountpoint::free));
}

TEST_CASE("option mkdir makes what is missing and nothing else", "[mount][mountpoint]") {
  const Place place;
  const std::string deep = place.root + "/a/b/c";
  CHECK(make_mountpoint(deep));
  CHECK(std::filesystem::is_directory(deep));
  CHECK(make_mountpoint(deep));
  CHECK(make_mountpoint("/dev/fd/77"));
  place.write("file", "x");
  CHECK_FALSE(make_mountpoint(place.root + "/file/below"));
}

TEST_CASE("an automount trigger is not looked into", "[mount][mountpoint]") {
  const Place place;
  place.write("m/file", "x");
  place.pretend_mounted("autofs");
  test::StderrCapture capture;
  const bool fine = check_mountpoint(place.config, place.machine).has_value();
  const std::string said = capture.finish();
  CHECK(fine);
  CHECK(said.empty());
}

TEST_CASE("a missing FUSE device is refused after the directory was found good",
          "[mount][mountpoint]") {
  Place place;
  place.machine.fuse_device = place.root + "/fuse";
  const auto status = check_mountpoint(place.config, place.machine);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().err == ENODEV);
  CHECK_THAT(status.error().text, ContainsSubstring("is missing"));
}

TEST_CASE("a user needs fusermount3, root does not", "[mount][mountpoint]") {
  Place place;
  place.machine.uid = ::geteuid();
  place.machine.fusermount.clear();
  CHECK(check_mountpoint(place.config, place.machine).has_value());
  place.machine.may_mount = false;
  const auto status = check_mountpoint(place.config, place.machine);
  REQUIRE_FALSE(status.has_value());
  CHECK_THAT(status.error().text, ContainsSubstring("fuse3"));
}

TEST_CASE("allow_other is checked in fuse.conf for users only", "[mount][mountpoint]") {
  struct Row {
    std::string conf;
    bool root;
    bool fine;
    std::string remedy;
  };
  const Row rows[] = {
      {"", true, true, ""},
      {"", false, false, "run: echo user_allow_other | sudo tee -a "},
      {"#user_allow_other\n", false, false,
       "run: sudo sed -i 's/#user_allow_other/user_allow_other/' "},
      {"mount_max = 3\n  user_allow_other \n", false, true, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.conf, row.root);
    Place place;
    place.config.kernel_options = {"ro", "allow_other"};
    place.write("fuse.conf", row.conf);
    place.machine.uid = ::geteuid();
    place.machine.may_mount = row.root;
    const auto status = check_mountpoint(place.config, place.machine);
    CHECK(status.has_value() == row.fine);
    if (status) continue;
    CHECK(status.error().err == EPERM);
    CHECK_THAT(status.error().text,
               ContainsSubstring("option allow_other only allowed if 'user_allow_other'"));
    CHECK_THAT(status.error().text, ContainsSubstring(row.remedy + place.machine.fuse_conf));
  }
}

TEST_CASE("a user mounts on an own or a writable directory only", "[mount][mountpoint]") {
  if (::geteuid() != 0) SKIP("changing the user needs root");
  struct Row {
    uid_t owner;
    mode_t mode;
    std::string begins;
  };
  const Row rows[] = {
      {kNobody, 0700, "0"},          {0, 0777, "0"},
      {0, 0755, "13 MOUNTPOINT: "},  {0, 0700, "13 MOUNTPOINT: "},
      {0, 01777, "13 MOUNTPOINT: "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.owner, row.mode);
    Place place;
    place.machine.uid = kNobody;
    place.machine.may_mount = false;
    REQUIRE(::chown(place.config.mountpoint.c_str(), row.owner, 0) == 0);
    REQUIRE(::chmod(place.config.mountpoint.c_str(), row.mode) == 0);
    const std::string word = check_as(place, kNobody);
    CHECK(word.substr(0, row.begins.size()) == row.begins);
    if (row.begins == "0") continue;
    CHECK_THAT(word, ContainsSubstring("permission denied: it belongs to uid 0"));
    CHECK_THAT(word, ContainsSubstring("sudo chown 65534 " + place.config.mountpoint));
  }
}

TEST_CASE("a FUSE device closed to the user says how to open it", "[mount][mountpoint]") {
  if (::geteuid() != 0) SKIP("changing the user needs root");
  Place place;
  place.machine.uid = kNobody;
  place.machine.may_mount = false;
  place.write("fuse", "");
  place.machine.fuse_device = place.root + "/fuse";
  REQUIRE(::chmod(place.machine.fuse_device.c_str(), 0600) == 0);
  REQUIRE(::chown(place.config.mountpoint.c_str(), kNobody, 0) == 0);
  CHECK_THAT(check_as(place, kNobody),
             ContainsSubstring("sudo chmod 666 " + place.machine.fuse_device));
}

TEST_CASE("a passed descriptor is recognised by its path", "[mount][mountpoint]") {
  CHECK(passed_descriptor("/dev/fd/7") == 7);
  for (const char* path :
       {"/dev/fd/", "/dev/fd/x", "/dev/fd/7/", "/dev/fd/-1", "/mnt", "/dev/fd/99999999999"}) {
    CAPTURE(path);
    CHECK_FALSE(passed_descriptor(path).has_value());
  }
}

TEST_CASE("mountpoints become absolute and free of symbolic links", "[mount][mountpoint]") {
  const Place place;
  const std::string expected = std::filesystem::canonical(place.config.mountpoint);
  std::filesystem::create_directory_symlink(place.config.mountpoint, place.root + "/link");
  for (const std::string& path : {place.config.mountpoint, place.config.mountpoint + "/",
                                  place.root + "/link", place.root + "/./m/../m"}) {
    CAPTURE(path);
    const Result<std::string> absolute = absolute_mountpoint(path);
    REQUIRE(absolute.has_value());
    CHECK(*absolute == expected);
  }
}

}  // namespace pailfs::mount
