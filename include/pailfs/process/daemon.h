// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace pailfs::process {

/// How a piece of work ended: the exit code for the shell and, when it failed, one sentence for the
/// user, without the program's name and without a line end.
struct Outcome {
  int exit_code = 0;
  std::string message;
};

/// The whole of a mount: reads credentials, checks the bucket, mounts, serves. Calls `report_ready`
/// once, from any thread, when the mount can be used; returns when it has ended or could not begin.
using Work = std::function<Outcome(const std::function<void()>& report_ready)>;

/// Exit code when the mount did not become ready within the limit.
inline constexpr int kExitTimeout = 7;
/// Exit code when the background process died without a word.
inline constexpr int kExitDied = 1;

/// Runs `work` in a child process that is its own session and returns, in the parent, the code to
/// exit with: 0 only after report_ready, otherwise the work's own code, after printing
/// "pailfs: MESSAGE" on stderr (util/complaint.h). A child that is silent for longer than `limit`
/// is killed (7); one that dies without a word is reported with its signal.
///
/// Never returns in the child: it leaves with _exit() and the work's code. Once ready the child's
/// standard streams are /dev/null and its directory is "/", so that `$(pailfs ...)` returns; later
/// errors go to the log.
///
/// Call it while the process has one thread: only the calling thread exists in the child.
int run_detached(const Work& work, std::chrono::seconds limit);

/// Same work in this process (-f). Prints "pailfs: READY_TEXT (pid N)" on stderr when ready, and
/// "pailfs: MESSAGE" when the work failed, also after it had been ready. Work that is not ready
/// within `limit` is told to end by SIGTERM (7); if it has no handler, or goes on for five seconds
/// more, the process exits on the spot. A service manager (NOTIFY_SOCKET) is told when ready.
int run_foreground(const Work& work, const std::string& ready_text, std::chrono::seconds limit);

}  // namespace pailfs::process
