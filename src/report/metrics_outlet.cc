// SPDX-License-Identifier: Apache-2.0
#include "pailfs/report/metrics_outlet.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <span>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::report {
namespace {

constexpr std::chrono::seconds kPeriod{15};
constexpr std::chrono::seconds kPatience{2};
constexpr std::size_t kLongestHead = 8192;
/// Most clients at a time; one more closes the oldest connection.
constexpr std::size_t kMostAskers = 64;

std::string reply(std::string_view status, std::string_view type, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

Result<UniqueFd> listen_at(const std::string& text) {
  const auto where = parse_listen(text);
  if (!where) return where.error();
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(where->host.c_str(), where->port.c_str(), &hints, &found) != 0) {
    return Error(EINVAL, "metrics_listen=" + text + ": the address is not numeric");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(found, &::freeaddrinfo);
  UniqueFd socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::bind(socket.get(), address->ai_addr, address->ai_addrlen) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return system_error(errno, "metrics_listen=" + text);
  }
  return socket;
}

Status replace_file(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  const UniqueFd out(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                            S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
  if (!out) return system_error(errno, "write " + draft);
  if (Status written = write_fully(out.get(), text, 0); !written) return written;
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_error(errno, "write " + path);
  return {};
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress where{"127.0.0.1", text.substr(colon == std::string::npos ? 0 : colon + 1)};
  if (colon != std::string::npos && colon > 0) where.host = text.substr(0, colon);
  if (where.host.starts_with('[') && where.host.ends_with(']')) {
    where.host = where.host.substr(1, where.host.size() - 2);
  }
  const auto port = parse_uint(where.port);
  if (!port || *port == 0 || *port > 65535) {
    return Error(EINVAL, "metrics_listen=" + printable(text) + ": it is PORT or ADDRESS:PORT");
  }
  return where;
}

std::string answer_http(const std::string& head, const std::function<std::string()>& metrics) {
  const std::string first = head.substr(0, head.find("\r\n"));
  const auto words = split(first, ' ');
  if (words.size() != 3 || !words[2].starts_with("HTTP/1.")) {
    return reply("400 Bad Request", "text/plain", "not HTTP/1.1\n");
  }
  if (words[0] != "GET") return reply("405 Method Not Allowed", "text/plain", "GET only\n");
  if (words[1].substr(0, words[1].find('?')) != "/metrics") {
    return reply("404 Not Found", "text/plain", "see /metrics\n");
  }
  return reply("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics());
}

Result<std::unique_ptr<MetricsOutlet>> MetricsOutlet::start(const MetricsConfig& config,
                                                            std::function<std::string()> metrics) {
  UniqueFd listener;
  if (!config.listen.empty()) {
    auto socket = listen_at(config.listen);
    if (!socket) return socket.error();
    listener = std::move(*socket);
  }
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_error(errno, "eventfd");
  return std::unique_ptr<MetricsOutlet>(
      new MetricsOutlet(config.file, std::move(metrics), std::move(listener), std::move(wake)));
}

MetricsOutlet::MetricsOutlet(std::string file, std::function<std::string()> metrics,
                             UniqueFd listener, UniqueFd wake)
    : file_(std::move(file)),
      metrics_(std::move(metrics)),
      listener_(std::move(listener)),
      wake_(std::move(wake)),
      thread_([this] { run(); }) {}

MetricsOutlet::~MetricsOutlet() {
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
  write_file();
}

void MetricsOutlet::write_file() {
  if (file_.empty()) return;
  const Status written = replace_file(file_, metrics_());
  if (!written && !complained_) log_error("metrics_file: " + written.error().text);
  complained_ = !written;
}

/// Milliseconds until something must be done without a client's request; -1: for ever.
int MetricsOutlet::pause(SteadyTime now, SteadyTime due) const {
  if (file_.empty() && askers_.empty()) return -1;
  SteadyTime next = file_.empty() ? SteadyTime::max() : due;
  for (const Asker& asker : askers_) next = std::min(next, asker.deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max<long long>(left.count(), 0));
}

void MetricsOutlet::run() {
  auto due = std::chrono::steady_clock::now();
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= due) {
      write_file();
      due = now + kPeriod;
    }
    std::erase_if(askers_, [&](const Asker& asker) { return now >= asker.deadline; });
    // poll() takes no notice of a negative descriptor.
    std::vector<pollfd> waiting{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    for (const Asker& asker : askers_) {
      const short wanted = asker.reply.empty() ? POLLIN : POLLOUT;
      waiting.push_back({.fd = asker.socket.get(), .events = wanted, .revents = 0});
    }
    if (::poll(waiting.data(), waiting.size(), pause(now, due)) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    for (std::size_t i = askers_.size(); i-- > 0;) {
      if (waiting[i + 2].revents == 0 || serve(askers_[i])) continue;
      askers_.erase(askers_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[0].revents != 0) admit();
  }
}

void MetricsOutlet::admit() {
  UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  if (askers_.size() >= kMostAskers) askers_.erase(askers_.begin());
  askers_.push_back({std::move(socket), std::chrono::steady_clock::now() + kPatience, {}, {}});
}

bool MetricsOutlet::serve(Asker& asker) {
  if (asker.reply.empty()) {
    std::array<char, 1024> bytes{};
    const ssize_t n = ::recv(asker.socket.get(), bytes.data(), bytes.size(), 0);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n == 0) return false;
    asker.head.append(bytes.data(), static_cast<std::size_t>(n));
    if (asker.head.find("\r\n\r\n") == std::string::npos && asker.head.size() < kLongestHead)
      return true;
    asker.reply = answer_http(asker.head, metrics_);
  }
  const ssize_t n =
      ::send(asker.socket.get(), asker.reply.data(), asker.reply.size(), MSG_NOSIGNAL);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  asker.reply.erase(0, static_cast<std::size_t>(n));
  return !asker.reply.empty();
}

}  // namespace pailfs::report
