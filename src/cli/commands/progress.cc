// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>

#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"

namespace pailfs::cli {

using std::chrono::steady_clock;

Progress::Progress(std::optional<std::chrono::seconds> limit)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      limit_(limit ? steady_clock::now() + *limit : steady_clock::time_point::max()) {}

Result<std::optional<std::string>> Progress::follow(report::ControlClient& client) {
  for (;;) {
    auto line = client.next(std::min(limit_, steady_clock::now() + kSilence));
    const std::optional<std::string> said = line ? *line : std::nullopt;
    if (!said) {
      clear();
      return line;
    }
    const std::string& text = *said;
    if (text.starts_with("progress ")) {
      show(text.substr(9));
      if (steady_clock::now() < limit_) continue;
      clear();
      return Error(ETIMEDOUT, "time is over with " + text.substr(9) + " not stored");
    }
    clear();
    if (text.starts_with("failed ")) {
      std::cerr << program_name() << ": not stored: " << text.substr(7) << '\n';
      continue;
    }
    return line;
  }
}

void Progress::show(const std::string& what) {
  if (what == shown_) return;
  shown_ = what;
  std::cerr << (terminal_ ? "\r\x1b[K" : "") << program_name() << ": still to be stored: " << what
            << (terminal_ ? "" : "\n") << std::flush;
}

void Progress::clear() {
  if (terminal_ && !shown_.empty()) std::cerr << "\r\x1b[K" << std::flush;
  shown_.clear();
}

int store_all(report::ControlClient& client, Progress& progress, const std::string& mountpoint) {
  const auto end = progress.follow(client);
  if (!end) return complain(end.error().text, Exit::not_stored);
  const std::optional<std::string>& last = *end;
  if (!last) return complain("the process of " + mountpoint + " ended meanwhile", Exit::not_stored);
  if (*last == "stored") return 0;
  return complain(last->starts_with("unstored ")
                      ? "not everything could be stored; what is written stays in the mount and is "
                        "tried again"
                      : printable(*last),
                  Exit::not_stored);
}

}  // namespace pailfs::cli
