// SPDX-License-Identifier: Apache-2.0
#include "fuse/caller_state.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/beside.h"
#include "support/catch.h"

namespace pailfs::fuse {
namespace {

using test::eventually;

std::uint64_t set(std::initializer_list<int> signals) {
  std::uint64_t bits = 0;
  for (const int signal : signals) bits |= 1ULL << static_cast<unsigned>(signal - 1);
  return bits;
}

CallerState alive() {
  CallerState caller;
  caller.seen = true;
  return caller;
}

/// A child that does `act`, and then waits to be killed.
class Child final {
 public:
  explicit Child(const std::function<void()>& act) : pid(::fork()) {
    if (pid == 0) {
      act();
      for (;;) ::pause();
    }
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const pid_t pid;
};

}  // namespace

TEST_CASE("what pending signals ask a waiting thread for", "[mount][caller]") {
  struct Row {
    const char* what;
    std::uint64_t pending, blocked, ignored, caught;
    Asked asked;
  };
  const std::vector<Row> rows = {
      {"none", 0, 0, 0, 0, Asked::nothing},
      {"SIGKILL", set({SIGKILL}), 0, 0, 0, Asked::to_die},
      {"SIGKILL beside others", set({SIGKILL, SIGURG}), set({SIGURG}), 0, 0, Asked::to_die},
      {"SIGTERM by default", set({SIGTERM}), 0, 0, 0, Asked::to_die},
      {"SIGABRT by default", set({SIGABRT}), 0, 0, 0, Asked::to_die},
      {"SIGALRM by default", set({SIGALRM}), 0, 0, 0, Asked::to_die},
      {"a real-time signal by default", set({40}), 0, 0, 0, Asked::to_die},
      {"SIGTERM blocked", set({SIGTERM}), set({SIGTERM}), 0, 0, Asked::nothing},
      {"SIGTERM ignored", set({SIGTERM}), 0, set({SIGTERM}), 0, Asked::nothing},
      {"SIGCHLD by default", set({SIGCHLD}), 0, 0, 0, Asked::nothing},
      {"SIGURG by default", set({SIGURG}), 0, 0, 0, Asked::nothing},
      {"SIGWINCH by default", set({SIGWINCH}), 0, 0, 0, Asked::nothing},
      {"SIGCONT by default", set({SIGCONT}), 0, 0, 0, Asked::nothing},
      {"SIGSTOP", set({SIGSTOP}), 0, 0, 0, Asked::nothing},
      {"SIGTSTP by default", set({SIGTSTP}), 0, 0, 0, Asked::nothing},
      {"SIGINT with a handler", set({SIGINT}), 0, 0, set({SIGINT}), Asked::to_end},
      {"SIGTERM with a handler", set({SIGTERM}), 0, 0, set({SIGTERM}), Asked::to_end},
      {"SIGHUP with a handler", set({SIGHUP}), 0, 0, set({SIGHUP}), Asked::to_end},
      {"SIGQUIT with a handler", set({SIGQUIT}), 0, 0, set({SIGQUIT}), Asked::to_end},
      {"SIGINT with a handler, blocked", set({SIGINT}), set({SIGINT}), 0, set({SIGINT}),
       Asked::nothing},
      {"SIGURG with a handler", set({SIGURG}), 0, 0, set({SIGURG}), Asked::nothing},
      {"SIGALRM with a handler", set({SIGALRM}), 0, 0, set({SIGALRM}), Asked::nothing},
      {"SIGUSR1 with a handler", set({SIGUSR1}), 0, 0, set({SIGUSR1}), Asked::nothing},
      {"SIGURG then SIGINT, both with handlers", set({SIGURG, SIGINT}), 0, 0, set({SIGURG, SIGINT}),
       Asked::to_end},
      {"SIGINT with a handler, SIGTERM by default", set({SIGINT, SIGTERM}), 0, 0, set({SIGINT}),
       Asked::to_die},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CallerState caller = alive();
    caller.pending = row.pending;
    caller.blocked = row.blocked;
    caller.ignored = row.ignored;
    caller.caught = row.caught;
    CHECK(what_is_asked(caller) == row.asked);
  }
}

TEST_CASE("a thread that exits asks for something only if it was killed", "[mount][caller]") {
  CallerState caller = alive();
  caller.exits = true;
  caller.exit_code = 0;
  CHECK(what_is_asked(caller) == Asked::nothing);
  caller.exit_code = 3 << 8;
  CHECK(what_is_asked(caller) == Asked::nothing);
  caller.exit_code = SIGKILL;
  CHECK(what_is_asked(caller) == Asked::to_die);
  caller.exit_code = SIGSEGV | 0x80;
  CHECK(what_is_asked(caller) == Asked::to_die);
  caller.exit_code.reset();
  CHECK(what_is_asked(caller) == Asked::to_die);
  CHECK(what_is_asked(CallerState()) == Asked::unknown);
  CallerState absent;
  absent.absent = true;
  CHECK(what_is_asked(absent) == Asked::absent);
}

TEST_CASE("status and stat of a thread are understood", "[mount][caller]") {
  const std::string head = "Name:\tVmSize: x\nState:\tD (disk sleep)\n";
  const std::string signals =
      "SigPnd:\t0000000000000100\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000000002\n"
      "SigIgn:\t0000000000001000\nSigCgt:\t0000000180000000\n";
  const CallerState living = parse_status(head + "VmSize:\t 1 kB\n" + signals);
  CHECK(living.seen);
  CHECK_FALSE(living.exits);
  CHECK(living.pending == set({SIGKILL, SIGTERM}));
  CHECK(living.blocked == set({SIGINT}));
  CHECK(living.ignored == set({SIGPIPE}));
  CHECK(living.caught == 0x180000000ULL);
  CHECK(parse_status(head + signals).exits);
  // A thread of the kernel.
  CHECK_FALSE(parse_status("State:\tI (idle)\nSigIgn:\tffffffffffffffff\n").exits);
  CHECK_FALSE(parse_status("").seen);

  std::string stat = "7 (a) b) D";
  for (int field = 4; field < 52; ++field) stat += " 0";
  CHECK(parse_exit_code(stat + " 9\n") == 9);
  CHECK(parse_exit_code(stat + " 9 1 2\n") == 9);
  CHECK_FALSE(parse_exit_code(stat));
  CHECK_FALSE(parse_exit_code(""));
}

TEST_CASE("real processes look as they are", "[mount][caller]") {
  CHECK(proc_is_ours());
  const Child idle([] {});
  CHECK(what_is_asked(look_at_caller(idle.pid)) == Asked::nothing);
  const Child blocking([] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  });
  const auto blocks = [&] { return (look_at_caller(blocking.pid).blocked & set({SIGTERM})) != 0; };
  REQUIRE(eventually(blocks));
  ::kill(blocking.pid, SIGTERM);
  REQUIRE(eventually([&] { return (look_at_caller(blocking.pid).pending & set({SIGTERM})) != 0; }));
  CHECK(what_is_asked(look_at_caller(blocking.pid)) == Asked::nothing);

  const pid_t dead = ::fork();
  if (dead == 0) {
    ::raise(SIGKILL);
    ::_exit(0);
  }
  REQUIRE(eventually([&] { return look_at_caller(dead).exits; }));
  CHECK(look_at_caller(dead).exit_code == SIGKILL);
  ::waitpid(dead, nullptr, 0);
  CHECK(what_is_asked(look_at_caller(dead)) == Asked::absent);
}

}  // namespace pailfs::fuse
