// SPDX-License-Identifier: Apache-2.0
// Whether a thread that waits for an answer has been asked by signals to stop waiting, as /proc
// shows it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace pailfs::fuse {

/// The fields of /proc/TID/status and, for a thread that is exiting, of /proc/TID/stat. In a set of
/// signals bit N-1 is signal N, as there.
struct CallerState {
  bool seen = false;                  ///< its status could be read
  bool absent = false;                ///< there is no such thread, or it is hidden from us
  bool exits = false;                 ///< it has no memory any more
  std::optional<int> exit_code = {};  ///< of one that exits, as wait(2) tells it, if we may know it
  std::uint64_t pending = 0;          ///< of the thread or its process
  std::uint64_t blocked = 0;
  std::uint64_t ignored = 0;
  std::uint64_t caught = 0;
};

/// The meaning of the signals that a waiting thread could not take yet.
enum class Asked {
  nothing,
  unknown,  ///< it cannot be seen
  absent,   ///< it has gone, or cannot be seen
  to_end,   ///< by a handler of its own: SIGINT, SIGTERM, SIGHUP, SIGQUIT
  to_die    ///< its process ends as soon as it stops waiting
};

/// The rule. A signal whose handler has another purpose (SIGALRM, SIGURG, SIGCHLD, SIGWINCH,
/// SIGUSR1, ...) asks for nothing: on a local disk none of them ends a call either, and programs
/// that get them all the time (Go, git) do not expect it. A thread that exits is `to_die` only if a
/// signal has ended its process: a program that exits by itself still waits until its writes are
/// stored. The kernel drops SIGKILL for a thread that exits already, so it cannot be seen.
Asked what_is_asked(const CallerState& caller);

CallerState parse_status(std::string_view status);
/// Field 52 of /proc/TID/stat; nothing if there is none.
std::optional<int> parse_exit_code(std::string_view stat);

/// Reads plain files of /proc only and follows no link there, so that it cannot wait for the thread
/// it looks at. The kernel always answers `status`; it does not answer `stat` while the thread is
/// in execve(2), so `stat` is read only of threads without memory, which cannot be. Call it on a
/// thread that no request waits for, all the same.
CallerState look_at_caller(pid_t thread);

/// False where /proc is missing or that of another process namespace, whose numbers are not those
/// of our callers.
bool proc_is_ours();

}  // namespace pailfs::fuse
