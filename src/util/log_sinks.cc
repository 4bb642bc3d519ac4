// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "pailfs/util/file.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/text.h"

#include "log_state.h"

namespace pailfs::log {
namespace {

struct LevelNames {
  std::string_view tag;
  std::string_view word;
  int priority;
};
constexpr std::array<LevelNames, 5> kLevels = {{{"[CRT]", "critical", LOG_CRIT},
                                                {"[ERR]", "error", LOG_ERR},
                                                {"[WAN]", "warning", LOG_WARNING},
                                                {"[INF]", "info", LOG_INFO},
                                                {"[DBG]", "debug", LOG_DEBUG}}};

const LevelNames& names_of(LogLevel level) {
  return kLevels.at(static_cast<std::size_t>(level));
}

std::string with_request(const Record& record) {
  if (record.request_id.empty()) return record.text;
  return record.text + " (request " + record.request_id + ")";
}

std::string json_line(const Record& record, const std::string& mount) {
  JsonWriter json;
  json.begin_object();
  json.member("time", iso8601_millis(record.time)).member("level", names_of(record.level).word);
  json.member("mount", mount).member("message", record.text);
  if (!record.request_id.empty()) json.member("request_id", record.request_id);
  return json.end_object().text();
}

/// The bytes that a pipe takes without blocking when poll() says that it can be written (pipe(7)).
constexpr std::size_t kAtOnce = PIPE_BUF;
constexpr int kPatience = 1000;  // ms

/// Writes lines to a file, pipe or terminal. When a reader does not read for a second, the lines
/// until it reads again are lost.
class LineWriter final {
 public:
  void write(int fd, std::string line) {
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
      pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
      const int ready = ::poll(&waiting, 1, stuck_ ? 0 : kPatience);
      if (ready < 0 && errno == EINTR) continue;
      stuck_ = ready == 0;
      if (ready <= 0) return;
      const ssize_t n = ::write(fd, rest.data(), std::min(rest.size(), kAtOnce));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // nowhere is left to complain to
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 private:
  bool stuck_ = false;
};

}  // namespace

std::string format_record(const Record& record, const Style& style) {
  const LevelNames& level = names_of(record.level);
  switch (style.form) {
    case Form::json:
      return json_line(record, style.mount);
    case Form::journal:
      return "<" + std::to_string(level.priority) + ">" + with_request(record);
    case Form::stamped:
      return iso8601_millis(record.time) + " " + std::string(level.tag) + " " +
             with_request(record);
    case Form::plain:
      break;
  }
  return std::string(level.tag) + " " + with_request(record);
}

RecordSink stream_sink(int fd, Style style) {
  auto writer = std::make_shared<LineWriter>();
  return [fd, writer, style = std::move(style)](const Record& record) {
    writer->write(fd, format_record(record, style));
  };
}

RecordSink file_sink(const std::string& path, Style style, mode_t mode) {
  struct File {
    UniqueFd fd;
    unsigned generation = 0;
    LineWriter writer;
  };
  auto file = std::make_shared<File>();
  return [file, path, style = std::move(style), mode](const Record& record) {
    const unsigned wanted = state().reopen_requests;
    if (!file->fd || file->generation != wanted) {
      auto opened = open_file(path, mode);
      file->fd = opened ? std::move(*opened) : UniqueFd();
      file->generation = wanted;
    }
    file->writer.write(file->fd ? file->fd.get() : STDERR_FILENO, format_record(record, style));
  };
}

RecordSink syslog_sink(std::string ident, std::string prefix, Style style) {
  // openlog keeps the pointer, so the name must live as long as the sink.
  auto name = std::make_shared<std::string>(std::move(ident));
  ::openlog(name->c_str(), LOG_PID | LOG_ODELAY, LOG_USER);
  return [name, prefix = std::move(prefix), style = std::move(style)](const Record& record) {
    const std::string line = prefix + format_record(record, style);
    ::syslog(names_of(record.level).priority, "%s", line.c_str());
  };
}

}  // namespace pailfs::log
