// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/util/file.h"

namespace pailfs::test {

/// The kernel's answer-side view of one reply.
struct Answer {
  std::uint64_t unique = 0;
  int err = 0;  ///< errno, positive
  std::string body;
};

/// Speaks the FUSE protocol (fuse(4), linux/fuse.h) over a socket pair whose other end is given to
/// libfuse as "/dev/fd/N": the whole adapter runs without /dev/fuse and without privileges. Used on
/// one thread.
class FakeKernel final {
 public:
  FakeKernel();

  /// "/dev/fd/N"; libfuse closes the descriptor.
  [[nodiscard]] std::string mountpoint() const;

  /// Begins the connection; returns the flags of INIT's answer and keeps max_write.
  std::uint32_t init();
  [[nodiscard]] std::uint32_t max_write() const { return max_write_; }

  /// Sends one request and returns its number. `opcode` is an enum fuse_opcode.
  std::uint64_t send(std::uint32_t opcode, std::uint64_t node, std::string_view body);
  /// The next answer; nothing when none comes within `milliseconds` or the other side is gone.
  std::optional<Answer> receive(int milliseconds = 10'000);
  /// send and receive.
  Answer call(std::uint32_t opcode, std::uint64_t node, std::string_view body);

  Answer lookup(std::uint64_t parent, std::string_view name);
  Answer getattr(std::uint64_t node);
  /// The connection is cut: answers on their way cannot be delivered.
  void close() { ours_ = UniqueFd(); }

 private:
  UniqueFd ours_;
  int theirs_ = -1;
  std::uint64_t next_unique_ = 2;
  std::uint32_t max_write_ = 0;
};

/// A plain struct as the bytes of a request.
template <class T>
std::string bytes_of(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// The first bytes of an answer as a struct; zeros when it is too short.
template <class T>
T read_as(std::string_view body, std::size_t offset = 0) {
  T value{};
  if (body.size() >= offset + sizeof(T))
    body.copy(reinterpret_cast<char*>(&value), sizeof(T), offset);
  return value;
}

}  // namespace pailfs::test
