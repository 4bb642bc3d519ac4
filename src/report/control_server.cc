// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "pailfs/mount/runtime.h"
#include "pailfs/report/control.h"
#include "pailfs/report/report.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::report {
namespace {

constexpr std::chrono::milliseconds kProgressPause{500};
/// The connection of a client that does not ask or does not read for so long is closed.
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
constexpr std::size_t kPiece = 4096;
/// A path of 4096 bytes, each of them encoded by three.
constexpr std::size_t kLongestRequest = 4 * kPiece;
constexpr std::string_view kRefresh = "refresh ";
constexpr std::string_view kRemount = "remount ";
constexpr std::string_view kGreeted = "greeted ";
/// Most names told of changes that only wait.
constexpr std::size_t kMostTold = 20;

bool may_ask(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

/// False when the client is gone.
bool say(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool say_line(int socket, std::string_view text) {
  return say(socket, std::string(text) + "\n");
}

std::string read_request(int socket) {
  std::string request;
  std::array<char, kPiece> bytes{};
  while (request.find('\n') == std::string::npos && request.size() < kLongestRequest) {
    const ssize_t n = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return {};
    request.append(bytes.data(), static_cast<std::size_t>(n));
  }
  return request.substr(0, request.find('\n'));
}

bool hung_up(int socket) {
  char byte = 0;
  const ssize_t n = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/// The inode number of the file; 0 when there is none.
ino_t file_at(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<UniqueFd> bind_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Error(ENAMETOOLONG, path + " is too long");
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "make a socket");
  ::unlink(path.c_str());
  // On Linux bind() makes the file with the descriptor's mode, so no other user can connect before
  // chmod().
  ::fchmod(socket.get(), S_IRUSR | S_IWUSR);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) {
    return system_error(errno, "listen on " + path);
  }
  return socket;
}

}  // namespace

Result<std::string> control_socket(const std::string& mountpoint) {
  const auto directory = mount::find_runtime_directory();
  if (!directory) return Error(ENOENT, "this user has no directory of mounts");
  return *directory + "/" + mount::mount_id(mountpoint) + ".socket";
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& path,
                                                            Answers answers) {
  auto listener = bind_socket(path);
  if (!listener) return listener.error();
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_error(errno, "eventfd");
  return std::unique_ptr<ControlServer>(
      new ControlServer(path, std::move(answers), std::move(*listener), std::move(wake)));
}

ControlServer::ControlServer(std::string path, Answers answers, UniqueFd listener, UniqueFd wake)
    : file_(file_at(path)),
      answers_(std::move(answers)),
      listener_(std::move(listener)),
      wake_(std::move(wake)),
      path_(std::move(path)),
      thread_([this] { listen(); }) {}

ControlServer::~ControlServer() {
  remove_socket();
  ended();
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
  bury(true);
}

void ControlServer::remove_socket() {
  const MutexLock lock(mutex_);
  if (file_ != 0 && file_at(path_) == file_) ::unlink(path_.c_str());
}

Status ControlServer::move(const std::string& path) {
  const MutexLock lock(mutex_);
  if (file_at(path_) != file_) return Error(ENOENT, path_ + " is not the control socket any more");
  if (::rename(path_.c_str(), path.c_str()) != 0) return system_error(errno, "rename " + path_);
  path_ = path;
  return {};
}

void ControlServer::ended() {
  MutexLock lock(mutex_);
  ended_ = true;
  change_.notify_all();
}

void ControlServer::listen() {
  for (;;) {
    std::array<pollfd, 2> waiting{{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    bury(false);
    if (socket) admit(std::move(socket));
  }
}

void ControlServer::admit(UniqueFd socket) {
  const int fd = socket.get();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (!may_ask(fd)) {
    log_warning("a user who is neither the mount's nor root was refused at the control socket");
    say_line(fd, "refused: only the user of the mount and root may ask");
    return;
  }
  MutexLock lock(mutex_);
  if (askers_.size() >= kMostAskers) {
    say_line(fd, "refused: too many are asking");
    return;
  }
  Asker& asker = askers_.emplace_back();
  asker.socket = std::move(socket);
  asker.thread = std::thread([this, &asker] {
    converse(asker.socket.get());
    // Not closed yet: the number must stay ours until the thread is joined.
    ::shutdown(asker.socket.get(), SHUT_RDWR);
    MutexLock done(mutex_);
    asker.over = true;
  });
}

void ControlServer::bury(bool all) {
  std::list<Asker> dead;
  {
    MutexLock lock(mutex_);
    for (auto at = askers_.begin(); at != askers_.end();) {
      const auto next = std::next(at);
      if (all || at->over) dead.splice(dead.end(), askers_, at);
      at = next;
    }
  }
  for (Asker& asker : dead) asker.thread.join();
}

void ControlServer::converse(int socket) {
  const std::string request = read_request(socket);
  if (request == "status") {
    say_line(socket, answers_.json());
  } else if (request == "text") {
    say(socket, answers_.text());
  } else if (request == "conflicts") {
    say_line(socket, answers_.conflicts);
  } else if (request == "error") {
    say_line(socket, answers_.error ? answers_.error() : std::string());
  } else if (request == "sync") {
    sync(socket);
  } else if (request == "drain") {
    if (sync(socket)) await_end(socket);
  } else if (request.starts_with(kRefresh) && answers_.refresh) {
    refresh(socket, std::string_view(request).substr(kRefresh.size()));
  } else if (request.starts_with(kRemount) && answers_.remount) {
    remount(socket, std::string_view(request).substr(kRemount.size()));
  } else if (request.starts_with(kGreeted) && answers_.greeted) {
    greeted(socket, std::string_view(request).substr(kGreeted.size()));
  } else if (request == "leave" && answers_.leave) {
    answers_.leave();
    say_line(socket, "left");
  } else {
    say_line(socket,
             "refused: a request is status, text, error, conflicts, sync, drain, refresh, remount, "
             "greeted or leave");
  }
}

void ControlServer::greeted(int socket, std::string_view encoded) {
  const std::vector<std::string> words = split(encoded, ' ');
  const bool yes =
      words.size() == 2 && answers_.greeted(percent_decode(words[0]), percent_decode(words[1]));
  say_line(socket, yes ? "yes" : "no");
}

void ControlServer::remount(int socket, std::string_view encoded) {
  const Status done = answers_.remount(percent_decode(encoded));
  say_line(socket, done ? "changed" : "failed " + printable(done.error().text));
}

void ControlServer::refresh(int socket, std::string_view encoded) {
  // Two lines, for the service may be silent.
  const Result<std::string> done =
      answers_.refresh(percent_decode(encoded), [&] { say_line(socket, "forgotten"); });
  if (!done) {
    say_line(socket, "failed " + printable(done.error().text));
  } else {
    say_line(socket, "refreshed" + (done->empty() ? "" : " " + *done));
  }
}

bool ControlServer::sync(int socket) {
  // On a thread of its own, because it says nothing until it is over.
  struct Work {
    Mutex mutex;
    CondVar change;
    bool over GUARDED_BY(mutex) = false;
    bool all GUARDED_BY(mutex) = false;
  } work;
  std::thread thread([this, &work] {
    // The verdict names only one file; tell_unstored() reads all from the activity.
    const bool all = answers_.files.sync_all().has_value();
    MutexLock lock(work.mutex);
    work.all = all;
    work.over = true;
    work.change.notify_all();
  });
  for (;;) {
    {
      MutexLock lock(work.mutex);
      if (!work.over) work.change.wait_for(work.mutex, kProgressPause);
      if (work.over) break;
    }
    say_line(socket, progress());
  }
  thread.join();
  bool settled = false;
  {
    MutexLock lock(work.mutex);
    settled = work.all;
  }
  const std::size_t unstored = tell_unstored(socket) + tell_waiting(socket, settled);
  say_line(socket, unstored == 0 ? "stored" : "unstored " + std::to_string(unstored));
  return unstored == 0;
}

std::string ControlServer::progress() const {
  const Sending now = answers_.sending ? answers_.sending() : Sending();
  return "progress " + std::to_string(now.left) + " " + std::to_string(now.sent) + " " + now.words;
}

/// Changes that stay in the journal are not lost, but not stored either.
std::size_t ControlServer::tell_waiting(int socket, bool only_refused) {
  if (!answers_.waiting) return 0;
  const journal::Waiting waiting = answers_.waiting();
  for (const journal::Unstored& each : waiting.refused) {
    say_line(socket, "failed " + printable(each.key) + ": " + printable(each.why));
  }
  if (only_refused) return waiting.refusals;
  for (std::size_t i = 0; i < std::min(waiting.others.size(), kMostTold); ++i) {
    const journal::Unstored& each = waiting.others[i];
    say_line(socket, "failed " + printable(each.key) + ": " + printable(each.why));
  }
  if (waiting.changes > 0) {
    say_line(socket, "failed " + std::to_string(waiting.changes) +
                         " changes in all: they are still in the journal " +
                         printable(waiting.directory));
  }
  return waiting.changes;
}

std::size_t ControlServer::tell_unstored(int socket) {
  std::size_t failed = 0;
  for (const fs::UnstoredFile& file : answers_.files.activity().unstored) {
    // Without a failure it was written to after it had been stored.
    if (file.failure.empty()) continue;
    ++failed;
    say_line(socket, "failed " + printable(file.path) + ": " + printable(file.failure));
  }
  return failed;
}

void ControlServer::await_end(int socket) {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!ended_) change_.wait_for(mutex_, kProgressPause);
      if (ended_) break;
    }
    if (hung_up(socket)) return;
    say_line(socket, progress());
  }
  const std::size_t lost = tell_unstored(socket) + tell_waiting(socket, false);
  say_line(socket, "ended " + std::to_string(lost));
}

}  // namespace pailfs::report
