// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace s3d {
namespace {

constexpr std::size_t kMaxVector = 64;
constexpr std::size_t kTlsRecord = 16384;

}  // namespace

void Stream::FreeSsl::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

Stream::Stream(int fd) : fd_(fd) {
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::~Stream() {
  close(fd_);
}

bool Stream::start_tls(ssl_ctx_st* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), fd_);
  bool ok = SSL_accept(ssl_.get()) == 1;
  ERR_clear_error();
  return ok;
}

ssize_t Stream::read(char* data, std::size_t size) {
  if (ssl_) {
    int got = SSL_read(ssl_.get(), data, static_cast<int>(std::min<std::size_t>(size, 1 << 30)));
    if (got > 0) return got;
    int why = SSL_get_error(ssl_.get(), got);
    ERR_clear_error();
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
  for (;;) {
    ssize_t got = recv(fd_, data, size, 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

bool Stream::write(std::span<const std::string_view> pieces) {
  return ssl_ ? write_tls(pieces) : write_plain(pieces);
}

bool Stream::write_plain(std::span<const std::string_view> pieces) {
  std::size_t index = 0;
  std::size_t skip = 0;
  while (index < pieces.size()) {
    std::array<iovec, kMaxVector> vectors;
    std::size_t count = 0;
    for (std::size_t i = index; i < pieces.size() && count < kMaxVector; ++i, ++count) {
      std::string_view bytes = pieces[i].substr(i == index ? skip : 0);
      vectors[count] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    ssize_t sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    auto left = static_cast<std::size_t>(sent);
    while (index < pieces.size() && left >= pieces[index].size() - skip) {
      left -= pieces[index].size() - skip;
      skip = 0;
      ++index;
    }
    skip += left;
  }
  return true;
}

bool Stream::write_tls(std::span<const std::string_view> pieces) {
  auto send = [this](std::string_view bytes) {
    while (!bytes.empty()) {
      int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30));
      int sent = SSL_write(ssl_.get(), bytes.data(), size);
      ERR_clear_error();
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  };
  std::string gathered;  // head and first body bytes share one record
  for (std::string_view bytes : pieces) {
    std::size_t room = kTlsRecord - gathered.size();
    gathered += bytes.substr(0, room);
    if (bytes.size() < room) continue;
    if (!send(gathered) || !send(bytes.substr(room))) return false;
    gathered.clear();
  }
  return send(gathered);
}

void Stream::shutdown() {
  shut_ = true;
  ::shutdown(fd_, SHUT_RDWR);
}

void Stream::reset_on_close() {
  // RST throws away what is still on its way; the test asked for the bytes before it to arrive.
  for (int i = 0; i < 1000; ++i) {
    int unsent = 0;
    if (ioctl(fd_, SIOCOUTQ, &unsent) != 0 || unsent == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  struct linger option {
    1, 0
  };
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
}

void Stream::linger(int limit_ms) {
  if (ssl_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::shutdown(fd_, SHUT_WR);
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
  std::array<char, 65536> sink;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd poll_fd{fd_, POLLIN, 0};
    if (left.count() <= 0 || poll(&poll_fd, 1, static_cast<int>(left.count())) <= 0) return;
    if (recv(fd_, sink.data(), sink.size(), 0) <= 0) return;
  }
}

void Stream::wait_for_end() {
  // Not reading: a stalled upload must fill the buffers and stay there.
  pollfd poll_fd{fd_, POLLRDHUP, 0};
  while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR) {
  }
}

void Stream::pause(std::uint64_t ms) const {
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  constexpr auto kStep = std::chrono::milliseconds(20);
  for (auto now = std::chrono::steady_clock::now(); now < end && !shut_;
       now = std::chrono::steady_clock::now())
    std::this_thread::sleep_until(std::min(end, now + kStep));
}

}  // namespace s3d
