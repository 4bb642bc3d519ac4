// SPDX-License-Identifier: Apache-2.0
#include "bulk.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace s3d {
namespace {

constexpr std::uint64_t kStep = 1 << 20;

bool send_all(int fd, const char* data, std::uint64_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::uint64_t>(sent);
  }
  return true;
}

}  // namespace

BulkClient::BulkClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  close(fd_);
  fd_ = -1;
}

BulkClient::~BulkClient() {
  if (fd_ >= 0) close(fd_);
}

bool BulkClient::ask(const std::string& head) {
  const std::string whole = head + "Host: localhost\r\n\r\n";
  return send_all(fd_, whole.data(), whole.size());
}

bool BulkClient::receive_head(std::uint64_t& ahead) {
  std::string seen;
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t got = recv(fd_, block.data(), block.size(), 0);
    if (got <= 0) return false;
    seen.append(block.data(), static_cast<std::size_t>(got));
    const std::size_t end = seen.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    ahead = seen.size() - end - 4;
    return seen.starts_with("HTTP/1.1 200 ");
  }
}

bool BulkClient::get(const std::string& target, std::uint64_t size) {
  std::uint64_t have = 0;
  if (!ask("GET " + target + " HTTP/1.1\r\n") || !receive_head(have)) return false;
  while (have < size) {
    // TCP drops them, nothing is copied (tcp(7)).
    const ssize_t got = recv(fd_, nullptr, std::min(kStep, size - have), MSG_TRUNC);
    if (got <= 0) return false;
    have += static_cast<std::uint64_t>(got);
  }
  return have == size;
}

bool BulkClient::put(const std::string& target, std::uint64_t size) {
  const std::string block(kStep, 'x');
  if (!ask("PUT " + target + " HTTP/1.1\r\nContent-Length: " + std::to_string(size) + "\r\n")) {
    return false;
  }
  for (std::uint64_t sent = 0; sent < size; sent += kStep)
    if (!send_all(fd_, block.data(), std::min(kStep, size - sent))) return false;
  std::uint64_t ahead = 0;
  return receive_head(ahead) && ahead == 0;
}

}  // namespace s3d
