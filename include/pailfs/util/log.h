// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "pailfs/util/clock.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs {

/// s3fs's five levels (dbglevel=); the default shows only `critical`.
enum class LogLevel { critical, error, warning, info, debug };

/// The log of the process. Set up once before threads exist, then changed only through the
/// functions below, which any thread may call. Callers pass no secret, at most its last characters.
namespace log {

void set_level(LogLevel level);
LogLevel level();
inline bool enabled(LogLevel wanted) {
  return wanted <= level();
}

/// One message. Control bytes in its texts are escaped, so that foreign text cannot forge a line.
struct Record {
  LogLevel level = LogLevel::critical;
  WallTime time{};
  std::string text;
  std::string request_id;  ///< x-amz-request-id of the reply it is about; mostly empty
};

/// Takes records; called under the log's own lock, one at a time.
using RecordSink = std::function<void(const Record&)>;
void set_sink(RecordSink sink);
/// The same for a sink that takes lines in Form::plain.
using Sink = std::function<void(LogLevel, std::string_view line)>;
void set_sink(Sink sink);

/// How a record becomes a line.
enum class Form {
  plain,    ///< "[ERR] text (request ID)"
  stamped,  ///< "2026-11-22T03:17:29.654Z [ERR] text (request ID)", as s3fs 1.9x prints it
  journal,  ///< "<3>text (request ID)": the journal adds the time, see sd-daemon(3)
  json,     ///< one object: time, level, mount, message, request_id where there is one
};
struct Style {
  Form form = Form::stamped;
  std::string mount;  ///< mountpoint, for the json form
};
/// Pure; without a line end.
std::string format_record(const Record& record, const Style& style);

RecordSink stream_sink(int fd, Style style);
/// Appends to `path`, made with `mode`; opens it anew when `reopen()` was called (logrotate). Falls
/// back to stderr. A line that a pipe does not take within a second is lost, so that the process
/// never waits for the pipe's reader.
RecordSink file_sink(const std::string& path, Style style, mode_t mode);
/// Opens a file for appending. EACCES for a file or link of another user in a directory like /tmp:
/// the rules of the kernel's fs.protected_symlinks and protected_regular, which may be off.
Result<UniqueFd> open_file(const std::string& path, mode_t mode);
RecordSink syslog_sink(std::string ident, std::string prefix, Style style);
/// Hands on a record at level warning or graver once when the same one comes several times in a
/// row. "last message repeated N times" follows before the next different record, after half a
/// minute, or when the sink is destroyed. Request ids are not compared.
RecordSink collapse_repeats(RecordSink next);

/// Makes file sinks open their path again before the next line. Async-signal-safe.
void reopen();

/// One message, if its level is on.
void write(LogLevel level, std::string_view text, std::string_view request_id = {});
/// One message whatever the level is, for the first lines of every log.
void announce(std::string_view text);

}  // namespace log

inline void log_critical(std::string_view text) {
  log::write(LogLevel::critical, text);
}
inline void log_error(std::string_view text) {
  log::write(LogLevel::error, text);
}
inline void log_error(const Error& error) {
  log::write(LogLevel::error, error.text, error.request_id);
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
