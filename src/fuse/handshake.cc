// SPDX-License-Identifier: Apache-2.0
#include "handshake.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "pailfs/util/log.h"

namespace pailfs::fuse {
namespace {

/// The kernel wants room for the largest request it could send.
constexpr std::size_t kRoom = (1U << 20U) + (64U << 10U);

template <class T>
T read_as(std::span<const char> bytes, std::size_t offset) {
  T value{};
  if (bytes.size() >= offset) {
    std::memcpy(&value, bytes.data() + offset, std::min(sizeof(T), bytes.size() - offset));
  }
  return value;
}

/// Adds the flag that libfuse forgets to its answer to `question`.
void complete(std::span<const char> question, std::span<char> answer) {
  constexpr std::size_t kFlagsAt = sizeof(fuse_out_header) + offsetof(fuse_init_out, flags);
  const auto asked = read_as<fuse_init_in>(question, sizeof(fuse_in_header));
  const auto header = read_as<fuse_out_header>(answer, 0);
  if (header.error != 0 || answer.size() < kFlagsAt + sizeof(std::uint32_t)) return;
  if ((asked.flags & FUSE_PARALLEL_DIROPS) == 0) return;
  std::uint32_t flags = read_as<std::uint32_t>(answer, kFlagsAt);
  flags |= FUSE_PARALLEL_DIROPS;
  std::memcpy(answer.data() + kFlagsAt, &flags, sizeof(flags));
}

}  // namespace

Result<Handshake> Handshake::prepare() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error(errno, "socket pair for libfuse");
  }
  return Handshake(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

std::string Handshake::path() const {
  return "/dev/fd/" + std::to_string(number_);
}

void Handshake::exchange(fuse_session* session, const UniqueFd& device) {
  std::vector<char> question(kRoom);
  ssize_t size = -1;
  do {
    pollfd waiting{.fd = device.get(), .events = POLLIN, .revents = 0};
    // SIGTERM interrupts it (SignalWatch); the request may be withdrawn before it is read.
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return;
    if (fuse_session_exited(session)) return;
    if (waiting.revents == 0) continue;
    size = ::read(device.get(), question.data(), question.size());
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) return;
  } while (size < 0);
  question.resize(static_cast<std::size_t>(size));
  fuse_buf buffer{};
  buffer.size = question.size();
  buffer.mem = question.data();
  fuse_session_process_buf(session, &buffer);
  std::vector<char> answer(kRoom);
  // libfuse wrote its answer, if any, before the call above returned.
  size = ::recv(ours_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  if (size <= 0) return;
  answer.resize(static_cast<std::size_t>(size));
  complete(question, answer);
  if (::write(device.get(), answer.data(), answer.size()) < 0) {
    log_warning(system_error(errno, "answer the kernel's first request").text);
  }
}

void Handshake::run(fuse_session* session, const UniqueFd& device) {
  exchange(session, device);
  // In one step libfuse's descriptor number now leads to the kernel.
  if (::dup3(device.get(), number_, O_CLOEXEC) < 0) fuse_session_exit(session);
  ours_ = UniqueFd();
}

}  // namespace pailfs::fuse
