// SPDX-License-Identifier: Apache-2.0
#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

namespace s3d {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool parse_loopback(const std::string& text, std::uint16_t port, SocketAddress& out) {
  std::string name = text == "localhost" ? "127.0.0.1" : text;
  sockaddr_in v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) != 1) return false;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&out.storage, &v6, sizeof v6);
  out.size = sizeof v6;
  return std::memcmp(&v6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) return 0;
  // The port lies at the same place in both families.
  sockaddr_in v4{};
  std::memcpy(&v4, &address.storage, sizeof v4);
  return ntohs(v4.sin_port);
}

}  // namespace

bool Listener::open(const std::string& address, std::uint16_t port, std::string& reason) {
  SocketAddress where;
  if (!parse_loopback(address, port, where)) {
    reason = "will not listen on " + address + ": not a loopback address";
    return false;
  }
  fd_ = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&where.storage), where.size) != 0 ||
      listen(fd_, 1024) != 0) {
    reason = "cannot listen on " + address + ":" + std::to_string(port) + ": " +
             std::system_category().message(errno);
    return false;
  }
  port_ = bound_port(fd_);
  return true;
}

void Listener::start(std::function<void(int fd)> on_accept) {
  wake_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this, on_accept = std::move(on_accept)] {
    std::array<pollfd, 2> fds = {{{fd_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    for (;;) {
      if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[1].revents != 0) return;
      int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        on_accept(fd);
      } else if (errno == EMFILE || errno == ENFILE) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  });
}

void Listener::stop() {
  if (thread_.joinable()) {
    std::uint64_t one = 1;
    if (write(wake_, &one, sizeof one) < 0) return;
    thread_.join();
  }
  for (int* fd : {&fd_, &wake_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

}  // namespace s3d
