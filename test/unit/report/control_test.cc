// SPDX-License-Identifier: Apache-2.0
#include "pailfs/report/control.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <vector>

#include "support/catch.h"
#include "unit/fuse/memory_file_system.h"

using namespace pailfs;  // NOLINT: a test file
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

/// A server in a directory of its own.
class Bench final {
 public:
  Bench() {
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    path = directory + "/c.socket";
    auto started = report::ControlServer::start(
        path, {[] { return std::string(R"({"a":1})"); },
               [] { return std::string("one\ntwo\n"); },
               files,
               {},
               [] {
                 return report::Sending{7, 9, "1 file, 7 B"};
               },
               [] { return std::string("PUT f: EIO"); },
               [](const std::string& at, const auto& forgotten) -> Result<std::string> {
                 if (at == "bad") return Error{EINVAL, "no path"};
                 forgotten();
                 return at == "late" ? "soon" : std::string();
               },
               {},
               [](const std::string& name, const std::string& at) {
                 return name == "hello" && at == "/mnt/a b";
               },
               [this] { ++left; }});
    REQUIRE(started);
    server = std::move(*started);
  }
  ~Bench() {
    server.reset();
    std::filesystem::remove_all(directory);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  report::ControlClient ask(std::string_view request) {
    auto client = report::ControlClient::ask(path, request);
    REQUIRE(client);
    return std::move(*client);
  }

  std::string directory = "/tmp/pailfs-control-XXXXXX";
  std::string path;
  test::MemoryFileSystem files;
  std::atomic<int> left = 0;
  std::unique_ptr<report::ControlServer> server;
};

/// The next line that is no progress.
std::string line_of(report::ControlClient& client) {
  for (;;) {
    const auto line = client.next(steady_clock::now() + seconds(20));
    REQUIRE(line);
    if (!*line) return "(end)";
    if (!(*line)->starts_with("progress ")) return **line;
  }
}

}  // namespace

TEST_CASE("the control socket answers its user and belongs to nobody else", "[report]") {
  Bench bench;
  struct stat status {};
  REQUIRE(stat(bench.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(*bench.ask("status").rest(seconds(20)) == "{\"a\":1}\n");
  CHECK(*bench.ask("text").rest(seconds(20)) == "one\ntwo\n");
  CHECK(bench.ask("frobnicate").rest(seconds(20))->starts_with("refused: "));
  CHECK(*bench.ask("sync").rest(seconds(20)) == "stored\n");
  bench.server.reset();
  CHECK_FALSE(std::filesystem::exists(bench.path));
  CHECK_FALSE(report::ControlClient::ask(bench.path, "status"));
}

TEST_CASE("a server that ends late leaves the socket of its successor alone", "[report]") {
  Bench bench;
  auto next = report::ControlServer::start(
      bench.path, {[] { return std::string("next"); }, [] { return std::string(); }, bench.files});
  REQUIRE(next);
  bench.server.reset();
  CHECK(*bench.ask("status").rest(seconds(20)) == "next\n");
}

TEST_CASE("a socket that moves goes on with its conversations", "[report]") {
  Bench bench;
  report::ControlClient client = bench.ask("drain");
  CHECK(line_of(client) == "stored");
  const std::string before = bench.path;
  bench.path = bench.directory + "/d.socket";
  REQUIRE(bench.server->move(bench.path));
  CHECK_FALSE(report::ControlClient::ask(before, "status"));
  CHECK(*bench.ask("status").rest(seconds(20)) == "{\"a\":1}\n");
  bench.server->ended();
  CHECK(line_of(client) == "ended 0");
  bench.server.reset();
  CHECK_FALSE(std::filesystem::exists(bench.path));
}

TEST_CASE("the socket of a successor is not moved away", "[report]") {
  Bench bench;
  const auto next = report::ControlServer::start(
      bench.path, {[] { return std::string("next"); }, [] { return std::string(); }, bench.files});
  REQUIRE(next);
  CHECK(bench.server->move(bench.directory + "/d.socket").error().err == ENOENT);
  CHECK(*bench.ask("status").rest(seconds(20)) == "next\n");
}

TEST_CASE("a greeting is answered, and who takes the place is told that it is free", "[report]") {
  Bench bench;
  CHECK(*bench.ask("greeted hello %2Fmnt%2Fa%20b").rest(seconds(20)) == "yes\n");
  CHECK(*bench.ask("greeted hallo %2Fmnt%2Fa%20b").rest(seconds(20)) == "no\n");
  CHECK(*bench.ask("greeted hello").rest(seconds(20)) == "no\n");
  CHECK(bench.left == 0);
  CHECK(*bench.ask("leave").rest(seconds(20)) == "left\n");
  CHECK(bench.left == 1);
}

TEST_CASE("a file that could not be stored is named to who asks for a sync", "[report]") {
  Bench bench;
  bench.files.unstored = {{"a\nb", 5, "store a: EIO"}, {"still written", 7, ""}};
  report::ControlClient client = bench.ask("sync");
  CHECK(line_of(client) == "failed a\\x0ab: store a: EIO");
  CHECK(line_of(client) == "unstored 1");
  CHECK(line_of(client) == "(end)");
}

TEST_CASE("what failed last is told in one line", "[report]") {
  Bench bench;
  CHECK(*bench.ask("error").rest(seconds(20)) == "PUT f: EIO\n");
}

TEST_CASE("who drains hears how the mount ended", "[report]") {
  Bench bench;
  report::ControlClient client = bench.ask("drain");
  CHECK(line_of(client) == "stored");
  bench.server->ended();
  CHECK(line_of(client) == "ended 0");
  CHECK(line_of(client) == "(end)");
}

TEST_CASE("a sync that lasts tells that it goes on, and status is answered meanwhile", "[report]") {
  Bench bench;
  std::atomic<bool> hold{true};
  bench.files.before_sync = [&] {
    while (hold) usleep(1000);
  };
  report::ControlClient client = bench.ask("sync");
  const auto line = client.next(steady_clock::now() + seconds(20));
  REQUIRE(line);
  CHECK(**line == "progress 7 9 1 file, 7 B");
  CHECK(*bench.ask("status").rest(seconds(20)) == "{\"a\":1}\n");
  hold = false;
  CHECK(line_of(client) == "stored");
}

TEST_CASE("another user is refused even where the socket's mode would let him in", "[report]") {
  if (geteuid() != 0) SKIP("needs root, to become somebody else");
  Bench bench;
  REQUIRE(chmod(bench.directory.c_str(), 0755) == 0);
  REQUIRE(chmod(bench.path.c_str(), 0666) == 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(2);
    auto client = report::ControlClient::ask(bench.path, "status");
    if (!client) _exit(3);
    const auto reply = client->rest(seconds(20));
    _exit(reply && reply->starts_with("refused: only the user") ? 0 : 4);
  }
  int state = 0;
  REQUIRE(waitpid(child, &state, 0) == child);
  CHECK(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == 0);
}

TEST_CASE(
    "a refresh is answered when it is done and when the service has answered, whatever bytes the "
    "path has",
    "[report]") {
  Bench bench;
  const std::string done = "forgotten\nrefreshed\n";
  CHECK(*bench.ask("refresh a%0Ab").rest(seconds(20)) == done);
  CHECK(*bench.ask("refresh ").rest(seconds(20)) == done);
  CHECK(*bench.ask("refresh late").rest(seconds(20)) == "forgotten\nrefreshed soon\n");
  CHECK(*bench.ask("refresh bad").rest(seconds(20)) == "failed no path\n");
  CHECK(*bench.ask("refresh " + std::string(12'000, 'x')).rest(seconds(20)) == done);
}
