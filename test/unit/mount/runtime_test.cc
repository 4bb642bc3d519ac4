// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "pailfs/mount/process_birth.h"
#include "pailfs/mount/runtime_directory.h"

#include "mount/foreign_records.h"
#include "support/beside.h"
#include "support/catch.h"

namespace pailfs::mount {
namespace {

using namespace std::chrono_literals;

/// A directory of its own for records.
class Place final {
 public:
  Place() {
    std::string pattern = std::filesystem::temp_directory_path() / "pailfs-runtime-XXXXXX";
    root = ::mkdtemp(pattern.data());
  }
  ~Place() { std::filesystem::remove_all(root); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string root;
};

MountRecord example(const std::string& mountpoint) {
  return {.pid = ::getpid(),
          .mountpoint = mountpoint,
          .started = 1795316400,
          .born = process_birth(::getpid()).value_or(0),
          .what = {.source = "pail:/a b",
                   .url = "https://s3.example.org",
                   .options_digest = "0123456789abcdef",
                   .bucket = "pail",
                   .prefix = "a b/",
                   .region = "eu-west-1",
                   .read_only = true,
                   .durability = "local",
                   .instance_name = "one\ntwo",
                   .options = {"ro", "umask=022,x"},
                   .directory = "/home/u",
                   .foreground = true}};
}

/// As the kernel writes it.
std::string table_line(const std::string& mountpoint, const std::string& type = "fuse.s3fs") {
  return "40 28 0:35 / " + mountpoint + " rw - " + type + " s3fs rw,user_id=0\n";
}

pid_t pid_of_nobody() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

}  // namespace

TEST_CASE("a mount has the same id in every process and version", "[mount][runtime]") {
  CHECK(mount_id("") == "cbf29ce484222325");
  CHECK(mount_id("a") == "af63dc4c8601ec8c");
  CHECK(mount_id("/mnt/bucket") != mount_id("/mnt/bucket2"));
}

TEST_CASE("where the runtime directory of a user may be", "[mount][runtime]") {
  using Paths = std::vector<std::string>;
  CHECK(runtime_candidates(0, "") == Paths{"/run/pailfs", "/tmp/pailfs-0"});
  CHECK(runtime_candidates(0, "/run/user/0") ==
        Paths{"/run/pailfs", "/run/user/0/pailfs", "/tmp/pailfs-0"});
  CHECK(runtime_candidates(1000, "") == Paths{"/run/user/1000/pailfs", "/tmp/pailfs-1000"});
  CHECK(runtime_candidates(1000, "/x") ==
        Paths{"/x/pailfs", "/run/user/1000/pailfs", "/tmp/pailfs-1000"});
  CHECK(runtime_candidates(1000, "relative") == Paths{"/run/user/1000/pailfs", "/tmp/pailfs-1000"});
}

TEST_CASE("a runtime directory is made for its owner alone", "[mount][runtime]") {
  const Place place;
  const std::string path = place.root + "/pailfs";
  const uid_t uid = ::geteuid();
  CHECK(is_own_directory(path, uid).error().err == ENOENT);
  REQUIRE(own_directory(path, uid));
  CHECK(is_own_directory(path, uid));
  struct stat stat {};
  REQUIRE(::stat(path.c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777U) == 0700);
  CHECK(own_directory(path, uid));
  CHECK(own_directory(place.root + "/missing/pailfs", uid).error().err == ENOENT);

  SECTION("not when somebody else owns it") {
    CHECK(own_directory(path, uid + 1).error().err == EPERM);
  }
  SECTION("not when others can write there") {
    ::chmod(path.c_str(), 0777);
    CHECK(own_directory(path, uid).error().err == EPERM);
  }
  SECTION("not a link, wherever it leads") {
    const std::string link = place.root + "/link";
    REQUIRE(::symlink(path.c_str(), link.c_str()) == 0);
    CHECK(own_directory(link, uid).error().err == ENOTDIR);
  }
  SECTION("not a file") {
    const std::string file = place.root + "/file";
    std::ofstream(file) << "x";
    CHECK(own_directory(file, uid).error().err == ENOTDIR);
  }
}

TEST_CASE("a record is read as it was written", "[mount][runtime]") {
  const Place place;
  const std::string odd = "/mnt/line\nbreak=100%";
  const MountRecord written = example(odd);
  REQUIRE(write_record(place.root, written));
  const auto read = read_record(place.root, odd);
  REQUIRE(read);
  CHECK(read->pid == written.pid);
  CHECK(read->what == written.what);
  CHECK(read->mountpoint == odd);
  CHECK(read->started == written.started);
  CHECK(read->born == written.born);

  struct stat stat {};
  REQUIRE(::stat((place.root + "/" + mount_id(odd) + ".mount").c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777U) == 0600);
  CHECK_FALSE(read_record(place.root, "/mnt/other"));

  MountRecord newer = written;
  newer.what.source = "other";
  REQUIRE(write_record(place.root, newer));
  CHECK(read_record(place.root, odd)->what.source == "other");
  REQUIRE(remove_record(place.root, odd));
  CHECK_FALSE(read_record(place.root, odd));
  CHECK(remove_record(place.root, odd));
  CHECK(std::filesystem::is_empty(place.root));
}

TEST_CASE("a process of a record lives until it has ended, waited for or not", "[mount][runtime]") {
  MountRecord record = example("/mnt/p");
  record.born = process_birth(::getpid()).value_or(0);
  CHECK(record.born != 0);
  CHECK(is_alive(record));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(child > 0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  record.pid = child;
  CHECK_FALSE(is_alive(record));
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(is_alive(record));
}

TEST_CASE("another process that has got the number of a record's is not that", "[mount][runtime]") {
  MountRecord record = example("/mnt/p");
  record.born = process_birth(::getpid()).value_or(0) - 1;
  CHECK_FALSE(is_alive(record));
  record.born = 0;  // of a version that did not write it down
  CHECK(is_alive(record));
}

TEST_CASE("a record that says nothing is none", "[mount][runtime]") {
  for (const char* text : {"", "garbage", "pid=12\n", "mountpoint=/m\n", "pid=x\nmountpoint=/m\n",
                           "pid=-1\nmountpoint=/m\n", "pid=0\nmountpoint=/m\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_record(text));
  }
  const auto record = parse_record("pid=12\nunknown=1\nmountpoint=/m\n");
  REQUIRE(record);
  CHECK(record->pid == 12);
  CHECK(record->what.source.empty());
}

TEST_CASE("a record of a directory with the same id is not taken for ours", "[mount][runtime]") {
  const Place place;
  std::ofstream(place.root + "/" + mount_id("/mnt/a") + ".mount")
      << format_record(example("/mnt/b"));
  CHECK_FALSE(read_record(place.root, "/mnt/a"));
}

TEST_CASE("mounts are listed while they are in the mount table", "[mount][runtime]") {
  const Place place;
  MountRecord dead = example("/mnt/c");
  dead.pid = pid_of_nobody();
  const std::string beside = place.root + "/" + mount_id("/mnt/c") + ".sock";
  REQUIRE(write_record(place.root, example("/mnt/b")));
  REQUIRE(write_record(place.root, example("/mnt/a")));
  REQUIRE(write_record(place.root, dead));
  std::ofstream(beside) << "x";

  std::vector<std::string> listed;
  for (const auto& record :
       list_records(place.root, table_line("/mnt/a") + table_line("/mnt/b") + table_line("/mnt/c")))
    listed.push_back(record.mountpoint);
  CHECK(listed == std::vector<std::string>{"/mnt/a", "/mnt/b", "/mnt/c"});

  // Only the one whose process is gone as well is cleared away, with everything beside it.
  CHECK(list_records(place.root, table_line("/mnt/a", "ext4")).empty());
  CHECK(read_record(place.root, "/mnt/a"));
  CHECK_FALSE(read_record(place.root, "/mnt/c"));
  CHECK_FALSE(std::filesystem::exists(beside));
  CHECK(list_records(place.root + "/missing", "").empty());
}

TEST_CASE("a mount without a place is listed as long as its process is there", "[mount][runtime]") {
  const Place place;
  const pid_t gone = pid_of_nobody();
  CHECK(placeless_name(12, std::nullopt) == "/proc/12");
  CHECK(placeless_name(12, 9) == "/proc/12/fd/9");
  MountRecord passed = example(placeless_name(::getpid(), 9));
  MountRecord left = example(placeless_name(::getpid(), std::nullopt));
  CHECK(passed.has_passed_descriptor());
  CHECK(passed.is_placeless());
  CHECK(left.is_placeless());
  CHECK_FALSE(left.has_passed_descriptor());
  CHECK_FALSE(example("/mnt/a").is_placeless());
  MountRecord dead = example(placeless_name(gone, 9));
  dead.pid = gone;
  REQUIRE(write_record(place.root, passed));
  REQUIRE(write_record(place.root, left));
  REQUIRE(write_record(place.root, dead));
  const auto listed = list_records(place.root, table_line("/mnt/a"));
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].mountpoint == left.mountpoint);
  CHECK(listed[1].mountpoint == passed.mountpoint);
  CHECK_FALSE(read_record(place.root, dead.mountpoint));
}

/// How many this process has open.
std::ptrdiff_t descriptors_of(const std::filesystem::path& file) {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::count_if(begin(all), end(all), [&](const auto& descriptor) {
    std::error_code closed_meanwhile;
    return std::filesystem::read_symlink(descriptor.path(), closed_meanwhile) == file;
  });
}

TEST_CASE("two who look and mount take turns", "[mount][runtime]") {
  const Place place;
  UniqueFd first = lock_records(place.root);
  REQUIRE(first);
  std::atomic<bool> second_has_it = false;
  const test::Beside second([&] {
    const UniqueFd lock = lock_records(place.root);
    second_has_it = static_cast<bool>(lock);
    return second_has_it.load();
  });
  REQUIRE(test::eventually([&] { return descriptors_of(place.root) == 2; }));
  CHECK_FALSE(test::eventually([&] { return second_has_it.load(); }, 50ms));
  first = UniqueFd();
  CHECK(second.ends());
  CHECK_FALSE(lock_records(place.root + "/missing"));
}

TEST_CASE("what others wrote is believed of their own mounts only", "[mount][runtime]") {
  const Place place;
  const uid_t user = ::geteuid();
  const uid_t self = user + 1;  // so that the files here are another user's
  const std::string his = ",user_id=" + std::to_string(user) + "\n";
  const auto line = [&](const std::string& mountpoint, const std::string& end) {
    std::string text = table_line(mountpoint);
    return text.substr(0, text.find(",user_id")) + end;
  };
  const auto listed = [&](const std::string& table) {
    std::vector<std::string> found;
    for (const auto& record : foreign_records(table, self, [&](uid_t) {
           return std::vector{place.root + "/none", place.root};
         })) {
      CHECK(record.uid == user);
      found.push_back(record.mountpoint);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  REQUIRE(write_record(place.root, example("/mnt/a")));
  CHECK(listed(line("/mnt/a", his) + line("/mnt/a", his)) == Names{"/mnt/a"});
  CHECK(listed(line("/mnt/b", his)).empty());
  CHECK(listed(line("/mnt/a", ",user_id=" + std::to_string(self) + "\n")).empty());
  CHECK(listed(line("/mnt/a", ",user_id=" + std::to_string(user + 7) + "\n")).empty());
  CHECK(listed(line("/mnt/a", "\n")).empty());

  // A record of another directory, a link, a pipe without a writer.
  const std::string file = record_file(place.root, "/mnt/c");
  std::ofstream(file) << format_record(example("/mnt/a"));
  CHECK(listed(line("/mnt/c", his)).empty());
  std::filesystem::remove(file);
  std::ofstream(place.root + "/real") << format_record(example("/mnt/c"));
  std::filesystem::create_symlink(place.root + "/real", file);
  CHECK(listed(line("/mnt/c", his)).empty());
  std::filesystem::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK(listed(line("/mnt/c", his)).empty());
}

}  // namespace pailfs::mount
