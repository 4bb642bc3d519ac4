// SPDX-License-Identifier: Apache-2.0
#include "caller_state.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::fuse {
namespace {

constexpr std::size_t kFileLimit = 16U << 10U;

constexpr std::uint64_t bit(int signal) {
  return 1ULL << static_cast<unsigned>(signal - 1);
}

/// Signals whose default action does not end the process.
constexpr std::uint64_t kHarmless = bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH) |
                                    bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
constexpr std::uint64_t kAskToEnd = bit(SIGINT) | bit(SIGTERM) | bit(SIGHUP) | bit(SIGQUIT);
/// The low bits of an exit code: the number of the signal.
constexpr int kSignalMask = 0x7f;

/// Text behind "label" up to the end of its line; nothing if no line begins so.
std::optional<std::string_view> line_of(std::string_view status, std::string_view label) {
  std::size_t at = 0;
  while (at < status.size()) {
    const std::size_t end = std::min(status.find('\n', at), status.size());
    const std::string_view line = status.substr(at, end - at);
    if (line.starts_with(label)) return trim(line.substr(label.size()));
    at = end + 1;
  }
  return std::nullopt;
}

std::uint64_t signals_of(std::string_view status, std::string_view label) {
  const auto text = line_of(status, label);
  return text ? parse_uint(*text, 16).value_or(0) : 0;
}

}  // namespace

Asked what_is_asked(const CallerState& caller) {
  if (!caller.seen) return caller.absent ? Asked::absent : Asked::unknown;
  if ((caller.pending & bit(SIGKILL)) != 0) return Asked::to_die;
  if (caller.exits) {
    // Another user's exit code is hidden from us, but a thread that exits hears no answer either
    // way.
    const bool killed = !caller.exit_code || (*caller.exit_code & kSignalMask) != 0;
    return killed ? Asked::to_die : Asked::nothing;
  }
  const std::uint64_t open = caller.pending & ~caller.blocked & ~caller.ignored;
  if ((open & ~caller.caught & ~kHarmless) != 0) return Asked::to_die;
  if ((open & caller.caught & kAskToEnd) != 0) return Asked::to_end;
  return Asked::nothing;
}

CallerState parse_status(std::string_view status) {
  CallerState caller;
  if (!line_of(status, "State:")) return caller;
  caller.seen = true;
  caller.pending = signals_of(status, "SigPnd:") | signals_of(status, "ShdPnd:");
  caller.blocked = signals_of(status, "SigBlk:");
  caller.ignored = signals_of(status, "SigIgn:");
  caller.caught = signals_of(status, "SigCgt:");
  // Threads of the kernel never have memory; they ignore every signal.
  caller.exits = !line_of(status, "VmSize:") && caller.ignored != ~std::uint64_t{0};
  return caller;
}

std::optional<int> parse_exit_code(std::string_view stat) {
  // The second field is a name in parentheses and may hold anything; the third follows it.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = trim(stat.substr(name_end + 1));
  for (int field = 3; field < 52; ++field) {
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  const auto code = parse_uint(trim(rest.substr(0, rest.find(' '))));
  if (!code) return std::nullopt;
  return static_cast<int>(*code);
}

CallerState look_at_caller(pid_t thread) {
  const std::string directory = "/proc/" + std::to_string(thread);
  const Result<std::string> status = read_file(directory + "/status", kFileLimit);
  CallerState caller;
  if (!status) {
    caller.absent = status.error().err == ENOENT || status.error().err == ESRCH;
    return caller;
  }
  caller = parse_status(*status);
  if (!caller.exits) return caller;
  if (const auto stat = read_file(directory + "/stat", kFileLimit)) {
    caller.exit_code = parse_exit_code(*stat);
  }
  // The kernel shows 0 to processes that may not know the exit code.
  const auto owner = line_of(*status, "Uid:");
  const auto uid = owner ? parse_uint(owner->substr(0, owner->find('\t'))) : std::nullopt;
  const bool may_know = ::geteuid() == 0 || (uid && *uid == ::geteuid());
  if (!may_know && caller.exit_code == 0) caller.exit_code.reset();
  return caller;
}

bool proc_is_ours() {
  std::array<char, 32> number{};
  const ssize_t size = ::readlink("/proc/self", number.data(), number.size());
  if (size <= 0) return false;
  const auto pid = parse_uint(std::string_view(number.data(), static_cast<std::size_t>(size)));
  return pid && static_cast<pid_t>(*pid) == ::getpid();
}

}  // namespace pailfs::fuse
