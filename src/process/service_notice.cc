// SPDX-License-Identifier: Apache-2.0
#include "pailfs/process/service_notice.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "pailfs/util/file.h"

namespace pailfs::process {

void notify_service(std::string_view lines) {
  const char* address = std::getenv("NOTIFY_SOCKET");
  if (address == nullptr || (address[0] != '/' && address[0] != '@')) return;
  const std::string_view path = address;
  sockaddr_un target{};
  if (path.size() >= sizeof(target.sun_path)) return;
  target.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(target.sun_path));
  if (path.front() == '@') target.sun_path[0] = '\0';  // abstract name
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  ::sendto(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&target), length);
}

}  // namespace pailfs::process
