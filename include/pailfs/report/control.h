// SPDX-License-Identifier: Apache-2.0
// A mount's control socket: how commands talk to the process that serves it. A stream socket in the
// runtime directory, mode 0600; the client must be the mount's user or root, which the kernel
// vouches for (SO_PEERCRED). One request a connection, one line; the reply is lines:
//
//   status  one JSON object                     text   the same for a person
//   error   what failed last, in one line, perhaps an empty one
//   sync    stores everything:  "progress LEFT SENT WORDS"... (report.h, Sending), "failed PATH:
//           WHY"..., then "stored" or "unstored FILES"
//   drain   the same, and after "stored" the connection stays until the mount has ended:
//           "progress ..."..., "failed PATH: WHY"..., "ended FILES", FILES being those lost
//   refresh PATH  forgets what is known at and below PATH, from the mountpoint on and encoded as in
//           a URL: "forgotten", and when the service has been asked about PATH "refreshed", with a
//           remark behind it or without; or "failed WHY"
//   remount OPTIONS  changes the mount, OPTIONS being a value of -o encoded as in a URL:
//           "changed" or "failed WHY"
//   greeted NAME MOUNTPOINT  whether the kernel has asked for NAME in the root (fuse/greetings.h):
//           "no", or "yes", and the mount is that at MOUNTPOINT from now on, both encoded
//   leave   the mount has been, or is about to be, taken off its directory with files open: "left",
//           and it is found by its process and uses no port from now on
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "pailfs/fs/file_system.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/report/report.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::report {

/// Where the socket of this mount is. `mountpoint` as mount::resolve_mountpoint gives it. ENOENT
/// where no mount of this user has made the runtime directory.
Result<std::string> control_socket(const std::string& mountpoint);

/// The server's end. One thread listens and one serves each connection, at most kMostAskers at a
/// time. Create it after the process has detached.
class ControlServer final {
 public:
  static constexpr std::size_t kMostAskers = 16;

  struct Answers {
    std::function<std::string()> json;  ///< any thread, as is `text`
    std::function<std::string()> text;
    fs::FileSystem& files;                           ///< outlives the server
    std::function<journal::Waiting()> waiting = {};  ///< the changes in a journal; may be empty
    std::function<Sending()> sending = {};           ///< may be empty
    std::function<std::string()> error = {};         ///< what failed last; may be empty
    /// Forgets what is known at and below a path, calls `forgotten` and then asks the service about
    /// the path; returns a remark, mostly an empty one. May be empty.
    std::function<Result<std::string>(const std::string& path,
                                      const std::function<void()>& forgotten)>
        refresh = {};
    /// Changes the mount as a value of -o says. May be empty.
    std::function<Status(const std::string& list)> remount = {};
    /// Whether the kernel has asked for `name`; if so the mount is at `mountpoint`. May be empty.
    std::function<bool(const std::string& name, const std::string& mountpoint)> greeted = {};
    std::function<void()> leave = {};  ///< see above; may be empty
    std::string conflicts = {};        ///< the directory of lost races
  };
  /// Takes the place of a socket that is left over.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& path, Answers answers);
  /// Ends all conversations, after a sync that is under way, and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// The socket is at `path` from now on; connections stay.
  Status move(const std::string& path) EXCLUDES(mutex_);
  /// Tells clients that drain that the mount has ended and nothing more will be stored.
  void ended() EXCLUDES(mutex_);

 private:
  struct Asker {
    UniqueFd socket;
    std::thread thread;
    bool over = false;  // guarded by mutex_
  };

  ControlServer(std::string path, Answers answers, UniqueFd listener, UniqueFd wake);
  /// Removes the socket, unless the next mount of the directory has put its own there.
  void remove_socket() EXCLUDES(mutex_);
  void listen();
  void admit(UniqueFd socket) EXCLUDES(mutex_);
  void bury(bool all) EXCLUDES(mutex_);
  void converse(int socket);
  void refresh(int socket, std::string_view encoded);
  void remount(int socket, std::string_view encoded);
  void greeted(int socket, std::string_view encoded);
  /// True if everything is stored.
  bool sync(int socket);
  void await_end(int socket) EXCLUDES(mutex_);
  std::size_t tell_unstored(int socket);
  /// `only_refused` leaves out changes that only wait, because they were acknowledged after the
  /// sync.
  std::size_t tell_waiting(int socket, bool only_refused);
  [[nodiscard]] std::string progress() const;

  const ino_t file_;  ///< of the socket at `path_`
  const Answers answers_;
  const UniqueFd listener_;
  const UniqueFd wake_;  // readable: the server ends
  Mutex mutex_;
  std::string path_ GUARDED_BY(mutex_);
  CondVar change_;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::list<Asker> askers_ GUARDED_BY(mutex_);
  std::thread thread_;
};

/// The client's end. Not thread-safe.
class ControlClient final {
 public:
  /// ENOENT or ECONNREFUSED: no server listens there. EACCES, EPERM: not for us.
  static Result<ControlClient> ask(const std::string& path, std::string_view request);

  /// The next line of the reply; nothing at its end. ETIMEDOUT when none comes before `deadline`.
  Result<std::optional<std::string>> next(std::chrono::steady_clock::time_point deadline);
  /// All of the reply.
  Result<std::string> rest(std::chrono::seconds limit);

 private:
  explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}
  /// False at the end.
  Result<bool> fill(std::chrono::steady_clock::time_point deadline);

  UniqueFd socket_;
  std::string read_;
};

}  // namespace pailfs::report
