// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/daemon.h"

#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include "pailfs/util/file.h"

#include "support/catch.h"
#include "support/stderr_capture.h"

namespace pailfs::process {

using Catch::Matchers::ContainsSubstring;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return;
    read_end = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
  }
  void say(const std::string& text) const {
    [[maybe_unused]] const ssize_t size = ::write(write_end.get(), text.data(), text.size());
  }
  /// Until every writer has closed.
  std::string read_all() {
    write_end = UniqueFd();
    std::string all;
    std::array<char, 512> buffer{};
    for (;;) {
      const ssize_t size = ::read(read_end.get(), buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

struct Run {
  int code = -1;
  std::string said;
};

Run detached(const Work& work, std::chrono::seconds limit = 30s) {
  Run run;
  test::StderrCapture capture;
  run.code = run_detached(work, limit);
  run.said = capture.finish();
  return run;
}

[[noreturn]] void sleep_until_killed() {
  ::signal(SIGTERM, SIG_DFL);  // Catch2 watches it
  for (;;) ::pause();
}

int wait_for(pid_t child) {
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  return state;
}

}  // namespace

TEST_CASE("the parent ends with 0 when the work is ready", "[mount][daemon]") {
  Pipe pipe;
  const Run run = detached([&pipe](const std::function<void()>& ready) {
    ready();
    ready();  // said twice, reported once
    pipe.say("still working");
    return Outcome{3, "after"};
  });
  CHECK(run.code == 0);
  CHECK(run.said.empty());
  CHECK(pipe.read_all() == "still working");
}

TEST_CASE("the parent ends with the code and the line of work that failed", "[mount][daemon]") {
  for (const int code : {1, 2, 7, 255}) {
    const Run run = detached([code](const std::function<void()>&) {
      return Outcome{code, "bucket \"b\" does not exist at https://host"};
    });
    CHECK(run.code == code);
    CHECK(run.said == "process_test: bucket \"b\" does not exist at https://host\n");
  }
}

TEST_CASE("a long message arrives whole", "[mount][daemon]") {
  const std::string text(200'000, 'm');
  Pipe pipe;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe.write_end.get(), STDERR_FILENO);
    pipe.write_end = UniqueFd();
    ::_exit(run_detached([&text](const std::function<void()>&) { return Outcome{4, text}; }, 30s));
  }
  const std::string said = pipe.read_all();
  CHECK(WEXITSTATUS(wait_for(child)) == 4);
  CHECK(said.size() == text.size() + std::string("process_test: \n").size());
}

TEST_CASE("work that ended well without being ready is no mount but no failure either",
          "[mount][daemon]") {
  const Run run = detached([](const std::function<void()>&) { return Outcome{0, ""}; });
  CHECK(run.code == 0);
  CHECK(run.said.empty());
}

TEST_CASE("a background process that dies without a word is reported with its signal",
          "[mount][daemon]") {
  const Run killed = detached([](const std::function<void()>&) {
    ::kill(::getpid(), SIGKILL);
    return Outcome{};
  });
  CHECK(killed.code == kExitDied);
  CHECK_THAT(killed.said, ContainsSubstring("killed by signal 9"));

  const Run left = detached([](const std::function<void()>&) -> Outcome { ::_exit(9); });
  CHECK(left.code == kExitDied);
  CHECK_THAT(left.said, ContainsSubstring("code 9"));
}

TEST_CASE("work that is not ready in time is ended and reported", "[mount][daemon]") {
  Pipe pipe;
  const Run run = detached(
      [&pipe](const std::function<void()>&) -> Outcome {
        pipe.say(std::to_string(::getpid()));
        sleep_until_killed();
      },
      1s);
  CHECK(run.code == kExitTimeout);
  CHECK_THAT(run.said, ContainsSubstring("not ready after 1 s"));
  const pid_t pid = std::stoi(pipe.read_all());
  CHECK(::kill(pid, 0) != 0);
  CHECK(errno == ESRCH);
}

TEST_CASE("whoever waits for the output of the command goes on while the mount lives",
          "[mount][daemon]") {
  Pipe output;
  Pipe facts;
  // What the test runner has printed and not yet written is not the command's output.
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t shell = ::fork();
  if (shell == 0) {
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      ::dup2(output.write_end.get(), stream);
    }
    output.write_end = UniqueFd();
    ::_exit(run_detached(
        [&facts](const std::function<void()>& ready) -> Outcome {
          ready();
          const std::string where = std::filesystem::read_symlink("/proc/self/fd/1").string() +
                                    " " + std::filesystem::current_path().string();
          facts.say(std::to_string(::getpid()) + " " + std::to_string(::getsid(0)) + " " + where);
          facts.write_end = UniqueFd();
          sleep_until_killed();
        },
        30s));
  }
  CHECK(output.read_all().empty());
  CHECK(WEXITSTATUS(wait_for(shell)) == 0);
  const std::string told = facts.read_all();
  const pid_t daemon = std::stoi(told);
  CHECK(told == std::to_string(daemon) + " " + std::to_string(daemon) + " /dev/null /");
  CHECK(::kill(daemon, SIGKILL) == 0);
}

TEST_CASE("interrupting the command ends the work too", "[mount][daemon]") {
  Pipe facts;
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::_exit(run_detached(
        [&facts](const std::function<void()>&) -> Outcome {
          facts.say(std::to_string(::getpid()) + " ");
          sleep_until_killed();
        },
        30s));
  }
  std::array<char, 32> buffer{};
  REQUIRE(::read(facts.read_end.get(), buffer.data(), buffer.size() - 1) > 0);
  const pid_t worker = std::stoi(buffer.data());
  ::kill(shell, SIGTERM);
  CHECK(WEXITSTATUS(wait_for(shell)) == 128 + SIGTERM);
  CHECK(::kill(worker, 0) != 0);
}

TEST_CASE("in the foreground ready and failure are told on stderr", "[mount][daemon]") {
  Run run;
  test::StderrCapture capture;
  run.code = run_foreground(
      [](const std::function<void()>& ready) {
        ready();
        return Outcome{1, "a.txt was not stored"};
      },
      "mounted b on /m", 30s);
  run.said = capture.finish();
  CHECK(run.code == 1);
  CHECK(run.said == "process_test: mounted b on /m (pid " + std::to_string(::getpid()) +
                        ")\nprocess_test: a.txt was not stored\n");
}

TEST_CASE("in the foreground, too, there is a limit", "[mount][daemon]") {
  for (const bool handled : {false, true}) {
    CAPTURE(handled);
    Pipe output;
    const pid_t shell = ::fork();
    if (shell == 0) {
      ::dup2(output.write_end.get(), STDERR_FILENO);
      output.write_end = UniqueFd();
      ::signal(SIGTERM, SIG_DFL);
      // One that serves is told to unmount, and does.
      if (handled) ::signal(SIGTERM, [](int /*number*/) {});
      ::_exit(run_foreground(
          [](const std::function<void()>& ready) {
            ::pause();
            std::this_thread::sleep_for(100ms);
            ready();  // too late
            return Outcome{};
          },
          "mounted", 1s));
    }
    const std::string said = output.read_all();
    CHECK(WEXITSTATUS(wait_for(shell)) == kExitTimeout);
    CHECK(said == "process_test: the mount was not ready after 1 s (mount_timeout); given up\n");
  }
}

TEST_CASE("a service manager is told when the mount is ready", "[mount][daemon]") {
  const std::string number = std::to_string(::getpid());
  // A path, and an abstract name.
  for (const std::string& name : {"/tmp/pailfs-notify-" + number, "@pailfs-notify-" + number}) {
    CAPTURE(name);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    test::StderrCapture capture;
    const int code = run_foreground(
        [](const std::function<void()>& ready) {
          ready();
          return Outcome{};
        },
        "mounted b on /m", 30s);
    capture.finish();
    std::array<char, 64> buffer{};
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    // The service that a background mount was started from is not told.
    const Run background = detached([](const std::function<void()>& ready) {
      ready();
      return Outcome{std::getenv("NOTIFY_SOCKET") == nullptr ? 0 : 1, ""};
    });
    ::unsetenv("NOTIFY_SOCKET");
    ::unlink(name.c_str());
    CHECK(code == 0);
    CHECK(background.code == 0);
    REQUIRE(size > 0);
    CHECK(std::string(buffer.data(), static_cast<std::size_t>(size)) ==
          "READY=1\nSTATUS=mounted b on /m");
  }
}

}  // namespace pailfs::process
