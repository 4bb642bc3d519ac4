// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "pailfs/mount/runtime.h"
#include "pailfs/mount/unmount.h"
#include "pailfs/report/control.h"
#include "pailfs/util/json_writer.h"
#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"

#include "cli/options/parse.h"
#include "commands.h"

namespace pailfs::cli {
namespace {

using report::ControlClient;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// The server says something twice a second; after so long a silence it never will.
constexpr seconds kSilence{15};
constexpr int kUnstored = static_cast<int>(Exit::not_stored);
constexpr int kTrouble = static_cast<int>(Exit::local);

int complain(const std::string& text, int code) {
  std::cerr << program_name() + ": " + text + "\n";
  return code;
}

bool is_alive(pid_t pid) {
  if (::kill(pid, 0) != 0) return errno != ESRCH;
  // Buried late by who started it, it has ended all the same. The state follows the name, which may
  // hold brackets.
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << in.rdbuf();
  const std::string stat = text.str();
  const std::size_t bracket = stat.rfind(") ");
  return bracket == std::string::npos || (stat[bracket + 2] != 'Z' && stat[bracket + 2] != 'X');
}

WallTime started(const mount::MountRecord& record) {
  return WallTime(seconds(record.started));
}

bool is_ours(const mount::MountRecord& record) {
  return record.uid == ::geteuid();
}

std::string list_json(const std::vector<mount::MountRecord>& records) {
  JsonWriter json;
  json.begin_array();
  for (const mount::MountRecord& record : records) {
    json.begin_object().member("source", record.source).member("mountpoint", record.mountpoint);
    json.member("url", record.url).member("pid", record.pid).member("uid", record.uid);
    json.member("started", iso8601_millis(started(record)));
    json.member("alive", is_alive(record.pid)).end_object();
  }
  return json.end_array().text() + "\n";
}

std::string list_text(const std::vector<mount::MountRecord>& records) {
  std::string text;
  for (const mount::MountRecord& record : records) {
    text += printable(record.source) + " on " + printable(record.mountpoint) + " (" +
            printable(record.url) + ", pid " + std::to_string(record.pid) +
            (is_ours(record) ? "" : ", uid " + std::to_string(record.uid)) +
            (is_alive(record.pid) ? ", since " + iso8601_millis(started(record)) + ")\n"
                                  : ", dead: the process is gone)\n");
  }
  return text;
}

int run_list(const Command& command) {
  const auto records = mount::list_everybodys_records();
  if (records.empty() && !command.json) complain("no mount of pailfs was found", 0);
  std::cout << (command.json ? list_json(records) : list_text(records)) << std::flush;
  return 0;
}

Result<ControlClient> ask(const std::string& mountpoint, std::string_view request) {
  const auto path = report::control_socket(mountpoint);
  if (!path) return path.error();
  auto client = ControlClient::ask(*path, request);
  if (client) return client;
  Error error = client.error();
  error.text = "the process of " + printable(mountpoint) + " cannot be asked: " + error.text;
  return error;
}

Result<std::string> status_of(const std::string& mountpoint, bool json) {
  auto client = ask(mountpoint, json ? "status" : "text");
  if (!client) return client.error();
  auto text = client->rest(kSilence);
  if (text && text->empty()) return Error(EIO, "the process of " + mountpoint + " said nothing");
  return text;
}

std::string no_mount_of_ours() {
  const std::size_t others = mount::list_everybodys_records().size();
  std::string text = "no mount of pailfs by uid " + std::to_string(::geteuid()) + " was found";
  if (others > 0) text += "; " + std::to_string(others) + " of other users (pailfs list)";
  return text;
}

/// Every mount's status; with json an array.
int run_status_of_all(bool json) {
  int code = 0;
  std::string all;
  const auto records = mount::list_records();
  if (records.empty() && !json) complain(no_mount_of_ours(), 0);
  for (const mount::MountRecord& record : records) {
    auto text = status_of(record.mountpoint, json);
    if (!text) {
      code = complain(text.error().text, kTrouble);
      continue;
    }
    if (json) text = std::string(trim(*text));
    if (!all.empty()) all += json ? "," : "\n";
    all += *text;
  }
  std::cout << (json ? "[" + all + "]\n" : all) << std::flush;
  return code;
}

int run_status(const Command& command, const std::string& mountpoint) {
  const bool screen = ::isatty(STDOUT_FILENO) == 1 && !command.json;
  for (;;) {
    const auto text = status_of(mountpoint, command.json);
    if (!text) return complain(text.error().text, kTrouble);
    // Home, and away with what stood there.
    if (command.watch && screen) std::cout << "\x1b[H\x1b[2J";
    std::cout << *text << std::flush;
    if (!command.watch || !std::cout) return 0;
    std::this_thread::sleep_for(seconds(1));
  }
}

/// Reads what a sync or drain says, and shows it on stderr.
class Progress final {
 public:
  explicit Progress(std::optional<seconds> limit)
      : terminal_(::isatty(STDERR_FILENO) == 1),
        limit_(limit ? steady_clock::now() + *limit : steady_clock::time_point::max()) {}

  /// The line that ends this stretch: "stored", "unstored N", "ended N", or nothing when the other
  /// side has gone. ETIMEDOUT when the time is over.
  Result<std::optional<std::string>> follow(ControlClient& client) {
    for (;;) {
      auto line = client.next(std::min(limit_, steady_clock::now() + kSilence));
      if (!line || !*line) {
        clear();
        return line;
      }
      const std::string& text = **line;
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
  [[nodiscard]] steady_clock::time_point limit() const { return limit_; }

 private:
  void show(const std::string& what) {
    if (what == shown_) return;
    shown_ = what;
    std::cerr << (terminal_ ? "\r\x1b[K" : "") << program_name() << ": still to be stored: " << what
              << (terminal_ ? "" : "\n") << std::flush;
  }
  void clear() {
    if (terminal_ && !shown_.empty()) std::cerr << "\r\x1b[K" << std::flush;
    shown_.clear();
  }

  const bool terminal_;
  const steady_clock::time_point limit_;
  std::string shown_;
};

/// 0 when everything is stored; otherwise the code, after saying why.
int store_all(ControlClient& client, Progress& progress, const std::string& mountpoint) {
  const auto end = progress.follow(client);
  if (!end) return complain(end.error().text, kUnstored);
  if (!*end) return complain("the process of " + mountpoint + " ended meanwhile", kUnstored);
  if (**end == "stored") return 0;
  return complain((*end)->starts_with("unstored ")
                      ? "not everything could be stored; what is written stays in the mount and is "
                        "tried again"
                      : printable(**end),
                  kUnstored);
}

int run_sync(const std::string& mountpoint) {
  auto client = ask(mountpoint, "sync");
  if (!client) return complain(client.error().text, kTrouble);
  Progress progress(std::nullopt);
  return store_all(*client, progress, mountpoint);
}

int await_exit(const mount::MountRecord& record, const Progress& progress) {
  while (is_alive(record.pid)) {
    if (steady_clock::now() >= progress.limit()) {
      return complain(
          "process " + std::to_string(record.pid) + " of " + record.mountpoint + " still runs",
          static_cast<int>(Exit::timeout));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return 0;
}

/// Nobody is there to be asked or waited for.
int after_death(const Command& command, const mount::MountRecord& record) {
  const std::string& mountpoint = record.mountpoint;
  const std::string what = "the process of " + printable(mountpoint) + " (pid " +
                           std::to_string(record.pid) +
                           ") has died; what was not closed then is lost";
  if (command.kind != Command::Kind::umount) {
    return complain(what + ". Run: umount " + printable(mountpoint) + ", or mount it again",
                    kTrouble);
  }
  if (const Status gone = mount::unmount(mountpoint); !gone) {
    return complain(what + "; " + gone.error().text, kTrouble);
  }
  complain(what + "; it is unmounted", 0);
  return 0;
}

int run_umount(const Command& command, const mount::MountRecord& record) {
  const std::string& mountpoint = record.mountpoint;
  auto client = ask(mountpoint, "drain");
  if (!client) {
    return complain(client.error().text + "; to give up on it: umount -l " + mountpoint, kTrouble);
  }
  Progress progress(command.timeout);
  if (const int code = store_all(*client, progress, mountpoint); code != 0) {
    return complain(mountpoint + " is still mounted", code);
  }
  if (const Status gone = mount::unmount(mountpoint); !gone) {
    const bool busy = gone.error().err == EBUSY;
    return complain(busy ? mountpoint +
                               " is in use; everything is stored, but files or directories "
                               "in it are open (fuser -vm " +
                               mountpoint + " shows by whom)"
                         : gone.error().text,
                    kTrouble);
  }
  const auto end = progress.follow(*client);
  if (!end) return complain(end.error().text, static_cast<int>(Exit::timeout));
  if (*end && **end != "ended 0") {
    return complain("unmounted, but not everything written last could be stored", kUnstored);
  }
  if (!*end) return complain("the process of " + mountpoint + " ended without a word", kUnstored);
  return await_exit(record, progress);
}

}  // namespace

int run_command(const Command& command) {
  if (!command.error.empty()) return complain(command.error, static_cast<int>(Exit::usage));
  if (command.kind == Command::Kind::list) return run_list(command);
  if (command.mountpoint.empty()) return run_status_of_all(command.json);
  const auto resolved = mount::resolve_mountpoint(command.mountpoint);
  if (!resolved) return complain(resolved.error().text, kTrouble);
  // What another user's process says is not for root's terminal.
  for (const mount::MountRecord& record : mount::list_everybodys_records()) {
    if (record.mountpoint != *resolved || is_ours(record)) continue;
    const std::string uid = std::to_string(record.uid);
    return complain(printable(*resolved) + " is a mount of uid " + uid +
                        ", which alone can ask it" + " (sudo -u '#" + uid + "' pailfs ...)",
                    kTrouble);
  }
  if (const auto record = mount::read_record(*resolved); record && !is_alive(record->pid)) {
    return after_death(command, *record);
  }
  if (command.kind == Command::Kind::status) return run_status(command, *resolved);
  if (command.kind == Command::Kind::sync) return run_sync(*resolved);
  const auto record = mount::read_record(*resolved);
  if (!record) return complain("no mount of pailfs is at " + printable(*resolved), kTrouble);
  return run_umount(command, *record);
}

}  // namespace pailfs::cli
