// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/log.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>

#include "pailfs/util/clock.h"
#include "pailfs/util/file.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/text.h"

namespace pailfs::log {
namespace {

constexpr std::array<std::string_view, 5> kTags = {"[CRT]", "[ERR]", "[WAN]", "[INF]", "[DBG]"};
constexpr std::array<int, 5> kPriorities = {LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

/// The one log of the process. A log must be reachable from everywhere, so it is the one global.
struct State {
  std::atomic<LogLevel> level{LogLevel::critical};
  std::atomic<unsigned> reopen_requests{0};
  Mutex mutex;
  Sink sink GUARDED_BY(mutex) = stream_sink(STDERR_FILENO, true);
};

State& state() {
  static State instance;
  return instance;
}

std::string stamped(std::string_view line, bool timestamps) {
  std::string out = timestamps ? iso8601_millis(SystemClock().wall()) + " " : std::string();
  out += line;
  out += '\n';
  return out;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;  // nowhere is left to complain to
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

void set_level(LogLevel level) {
  state().level = level;
}
LogLevel level() {
  return state().level;
}
void reopen() {
  ++state().reopen_requests;
}

void set_sink(Sink sink) {
  State& log = state();
  MutexLock lock(log.mutex);
  log.sink = std::move(sink);
}

Sink stream_sink(int fd, bool timestamps) {
  return [fd, timestamps](LogLevel, std::string_view line) {
    write_all(fd, stamped(line, timestamps));
  };
}

Sink file_sink(const std::string& path, bool timestamps) {
  struct File {
    UniqueFd fd;
    unsigned generation = 0;
  };
  auto file = std::make_shared<File>();
  return [file, path, timestamps](LogLevel, std::string_view line) {
    const unsigned wanted = state().reopen_requests;
    if (!file->fd || file->generation != wanted) {
      file->fd = UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
      file->generation = wanted;
    }
    write_all(file->fd ? file->fd.get() : STDERR_FILENO, stamped(line, timestamps));
  };
}

Sink syslog_sink(std::string ident) {
  // openlog keeps the pointer, so the name must live as long as the sink.
  auto name = std::make_shared<std::string>(std::move(ident));
  openlog(name->c_str(), LOG_PID | LOG_ODELAY, LOG_USER);
  return [name](LogLevel level, std::string_view line) {
    syslog(kPriorities.at(static_cast<std::size_t>(level)), "%.*s", static_cast<int>(line.size()),
           line.data());
  };
}

void write(LogLevel level, std::string_view text) {
  if (!enabled(level)) return;
  const std::string line =
      std::string(kTags.at(static_cast<std::size_t>(level))) + " " + printable(text, 16'384);
  State& log = state();
  MutexLock lock(log.mutex);
  if (log.sink) log.sink(level, line);
}

}  // namespace pailfs::log
