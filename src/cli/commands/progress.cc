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

namespace {

constexpr std::string_view kProgress = "progress ";

}  // namespace

Progress::Progress(std::optional<std::chrono::seconds> limit)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      patience_(limit),
      limit_(limit ? steady_clock::now() + *limit : steady_clock::time_point::max()) {}

Error Progress::time_is_over() const {
  return {ETIMEDOUT, "not stored within " +
                         std::to_string(patience_.value_or(std::chrono::seconds(0)).count()) +
                         " s" + (words_.empty() ? std::string() : ": " + words_)};
}

Result<std::optional<std::string>> Progress::follow(report::ControlClient& client) {
  for (;;) {
    auto line = client.next(std::min(limit_, steady_clock::now() + kSilence));
    const std::optional<std::string> said = line ? *line : std::nullopt;
    if (!said) {
      clear();
      // A process that has said what it does is not silent: its time is over.
      const bool over = !line && line.error().err == ETIMEDOUT && steady_clock::now() >= limit_;
      if (over && !words_.empty()) return time_is_over();
      return line;
    }
    const std::string& text = *said;
    if (text.starts_with(kProgress)) {
      show(std::string_view(text).substr(kProgress.size()));
      if (steady_clock::now() < limit_) continue;
      clear();
      return time_is_over();
    }
    clear();
    if (text.starts_with("failed ")) {
      std::cerr << program_name() << ": not stored: " << text.substr(7) << '\n';
      continue;
    }
    return line;
  }
}

void Progress::show(std::string_view told) {
  const auto words = split(told, ' ');
  const auto left = words.size() > 2 ? parse_uint(words[0]) : std::nullopt;
  const auto sent = words.size() > 2 ? parse_uint(words[1]) : std::nullopt;
  if (!left || !sent) return;
  words_ = printable(told.substr(words[0].size() + words[1].size() + 2));
  pace_.note(steady_clock::now(), *left, *sent);
  std::string what = words_;
  if (const auto rate = pace_.rate(); rate && terminal_) {
    what += ", " + human_size(*rate) + "/s";
    if (const auto time = pace_.time_left())
      what += ", " + std::to_string(time->count()) + " s left";
  }
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
  if (!end) {
    const bool over = end.error().err == ETIMEDOUT;
    return complain(end.error().text, over ? Exit::timeout : Exit::not_stored);
  }
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
