// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "pailfs/report/control.h"

namespace pailfs::report {

using SteadyTime = std::chrono::steady_clock::time_point;

Result<ControlClient> ControlClient::ask(const std::string& path, std::string_view request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Error(ENAMETOOLONG, path + " is too long");
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "make a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return system_error(errno, "ask at " + path);
  }
  const std::string line = std::string(request) + "\n";
  const ssize_t sent = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
  // The server may have refused us and closed: its refusal can still be read.
  if (sent < 0 && errno != EPIPE) return system_error(errno, "ask at " + path);
  return ControlClient(std::move(socket));
}

Result<bool> ControlClient::fill(SteadyTime deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int timeout = static_cast<int>(std::clamp<long long>(left.count(), 0, 1'000'000'000));
    const int ready = ::poll(&waiting, 1, timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Error(ETIMEDOUT, "the process of the mount does not answer");
    std::array<char, 4096> bytes{};
    const ssize_t n = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    read_.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }
}

Result<std::optional<std::string>> ControlClient::next(SteadyTime deadline) {
  for (;;) {
    const std::size_t end = read_.find('\n');
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return std::optional<std::string>(std::move(line));
    }
    const Result<bool> more = fill(deadline);
    if (!more) return more.error();
    if (!*more) return std::optional<std::string>();
  }
}

Result<std::string> ControlClient::rest(std::chrono::seconds limit) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const Result<bool> more = fill(deadline);
    if (!more) return more.error();
    if (!*more) return std::exchange(read_, {});
  }
}

}  // namespace pailfs::report
