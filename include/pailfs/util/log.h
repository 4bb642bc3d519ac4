// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pailfs {

/// s3fs's five levels (dbglevel=); the default shows only `critical`.
enum class LogLevel { critical, error, warning, info, debug };

/// Where log lines go. Set once before threads exist, then changed only through the functions
/// below. Line form, as s3fs 1.9x prints it: "2026-11-22T03:17:29.654Z [ERR] text". Secrets never
/// reach these functions: whoever holds one prints its last characters at most.
namespace log {

void set_level(LogLevel level);
LogLevel level();
inline bool enabled(LogLevel wanted) {
  return wanted <= level();
}

/// Writes finished lines somewhere; called under the log's own lock, one line at a time, without
/// '\n'.
using Sink = std::function<void(LogLevel, std::string_view line)>;
void set_sink(Sink sink);

Sink stream_sink(int fd, bool timestamps);
/// Appends to `path`; reopens it when `reopen()` was called (logrotate). Falls back to stderr.
Sink file_sink(const std::string& path, bool timestamps);
Sink syslog_sink(std::string ident);
/// Makes file sinks open their path again before the next line. Async-signal-safe.
void reopen();

/// One line; control bytes in `text` are escaped here, so foreign text cannot forge a line.
void write(LogLevel level, std::string_view text);

}  // namespace log

inline void log_critical(std::string_view text) {
  log::write(LogLevel::critical, text);
}
inline void log_error(std::string_view text) {
  log::write(LogLevel::error, text);
}
inline void log_warning(std::string_view text) {
  log::write(LogLevel::warning, text);
}
/// `make` is only called when the level is on, so that building the line costs nothing otherwise.
template <class Make>
void log_info(Make make) {
  if (log::enabled(LogLevel::info)) log::write(LogLevel::info, make());
}
template <class Make>
void log_debug(Make make) {
  if (log::enabled(LogLevel::debug)) log::write(LogLevel::debug, make());
}

}  // namespace pailfs
