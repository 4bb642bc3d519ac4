// SPDX-License-Identifier: Apache-2.0
// How the mounting program is called and heard, with scripts in its place. That it mounts is shown
// by test/mount.
#include "mount/fusermount.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/catch.h"

namespace pailfs::mount {

using Catch::Matchers::ContainsSubstring;

namespace {

/// A directory with scripts, which write their arguments into "calls".
class Programs final {
 public:
  Programs() {
    std::string pattern = std::filesystem::temp_directory_path() / "pailfs-program-XXXXXX";
    root = ::mkdtemp(pattern.data());
  }
  ~Programs() { std::filesystem::remove_all(root); }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  [[nodiscard]] std::string add(const std::string& name, const std::string& script) const {
    const std::string path = root + "/" + name;
    std::ofstream(path) << "#!/bin/sh\necho \"$*\" >>" << root << "/calls\n" << script << "\n";
    ::chmod(path.c_str(), 0755);
    return path;
  }
  [[nodiscard]] std::string calls() const {
    std::ifstream in(root + "/calls");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string root;
};

}  // namespace

TEST_CASE("fusermount3 is preferred to fusermount, wherever it is", "[mount][fusermount]") {
  const char* before = std::getenv("PATH");
  const std::string path = before == nullptr ? "" : before;
  const Programs first;
  const Programs second;
  const std::string old = first.add("fusermount", "");
  ::setenv("PATH", (first.root + ":" + second.root).c_str(), 1);
  // What is in /usr/bin counts as well.
  if (!std::filesystem::exists("/usr/bin/fusermount3")) CHECK(find_fusermount() == old);
  const std::string newer = second.add("fusermount3", "");
  CHECK(find_fusermount() == newer);
  ::setenv("PATH", ".:", 1);
  const std::string elsewhere = find_fusermount();
  CHECK((elsewhere.empty() || elsewhere.front() == '/'));
  ::setenv("PATH", path.c_str(), 1);
}

TEST_CASE("what the program says when it fails is the error", "[mount][fusermount]") {
  const Programs programs;
  const std::string program = programs.add(
      "fusermount3", "test -S /proc/self/fd/$_FUSE_COMMFD && echo 'no luck' >&2; exit 1");
  const auto mounted = mount_by_program(program, "rw,fsname=a\\,b", "/m m");
  REQUIRE_FALSE(mounted.has_value());
  CHECK(mounted.error().text == "no luck\n");
  CHECK(programs.calls() == "-o rw,fsname=a\\,b -- /m m\n");
  CHECK_THAT(mount_by_program("/nonexistent/program", "rw", "/m").error().text,
             ContainsSubstring("cannot run /nonexistent/program: No such file"));
}

TEST_CASE("FUSE 2 is asked again when it minds files in the directory", "[mount][fusermount]") {
  const Programs programs;
  const std::string program =
      programs.add("fusermount", "echo 'fusermount: mountpoint is not empty' >&2; exit 1");
  CHECK_FALSE(mount_by_program(program, "rw", "/m").has_value());
  CHECK(programs.calls() == "-o rw -- /m\n-o rw,nonempty -- /m\n");
}

TEST_CASE("unmounting is lazy, and a failure is told", "[mount][fusermount]") {
  const Programs programs;
  CHECK(unmount_by_program(programs.add("good", ""), "/m"));
  CHECK(programs.calls() == "-u -q -z -- /m\n");
  const Status failed = unmount_by_program(programs.add("bad", "echo busy >&2; exit 1"), "/m");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().text == "busy\n");
}

}  // namespace pailfs::mount
