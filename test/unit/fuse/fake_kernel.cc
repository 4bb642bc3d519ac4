// SPDX-License-Identifier: Apache-2.0
#include "fake_kernel.h"

#include <linux/fuse.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace pailfs::test {

FakeKernel::FakeKernel() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
  ours_ = UniqueFd(ends[0]);
  theirs_ = ends[1];
}

std::string FakeKernel::mountpoint() const {
  return "/dev/fd/" + std::to_string(theirs_);
}

std::uint32_t FakeKernel::init() {
  fuse_init_in hello{};
  hello.major = FUSE_KERNEL_VERSION;
  hello.minor = 31;
  hello.max_readahead = 128U << 10U;
  hello.flags = 0x3fffffff;  // everything a kernel of that time can do, without FUSE_INIT_EXT
  const Answer answer = call(FUSE_INIT, 0, bytes_of(hello));
  const auto agreed = read_as<fuse_init_out>(answer.body);
  max_write_ = agreed.max_write;
  return agreed.flags;
}

std::uint64_t FakeKernel::send(std::uint32_t opcode, std::uint64_t node, std::string_view body) {
  fuse_in_header header{};
  header.len = static_cast<std::uint32_t>(sizeof(header) + body.size());
  header.opcode = opcode;
  header.unique = next_unique_;
  header.nodeid = node;
  header.uid = 1001;
  header.gid = 1002;
  header.pid = 1003;
  next_unique_ += 2;
  const std::string message = bytes_of(header) + std::string(body);
  if (::send(ours_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return 0;
  return header.unique;
}

std::optional<Answer> FakeKernel::receive(int milliseconds) {
  pollfd waiting{.fd = ours_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, milliseconds) <= 0) return std::nullopt;
  std::string message(2U << 20U, '\0');
  const ssize_t size = ::recv(ours_.get(), message.data(), message.size(), 0);
  if (size < static_cast<ssize_t>(sizeof(fuse_out_header))) return std::nullopt;
  message.resize(static_cast<std::size_t>(size));
  const auto header = read_as<fuse_out_header>(message);
  return Answer{
      .unique = header.unique, .err = -header.error, .body = message.substr(sizeof(header))};
}

Answer FakeKernel::call(std::uint32_t opcode, std::uint64_t node, std::string_view body) {
  const std::uint64_t unique = send(opcode, node, body);
  const std::optional<Answer> answer = receive();
  if (!answer || answer->unique != unique) return Answer{.unique = 0, .err = -1, .body = ""};
  return *answer;
}

Answer FakeKernel::lookup(std::uint64_t parent, std::string_view name) {
  return call(FUSE_LOOKUP, parent, std::string(name) + '\0');
}

Answer FakeKernel::getattr(std::uint64_t node) {
  return call(FUSE_GETATTR, node, bytes_of(fuse_getattr_in{}));
}

}  // namespace pailfs::test
