// SPDX-License-Identifier: Apache-2.0
/// A connected blocking socket, with or without TLS. One thread reads and writes; only shutdown()
/// may be called from another one (the owner keeps the object alive meanwhile).
#pragma once
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace s3d {

class Stream {
 public:
  explicit Stream(int fd);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Server side of the handshake; false when it failed.
  bool start_tls(ssl_ctx_st* context);
  /// Bytes read, 0 at the end, negative on error.
  ssize_t read(char* data, std::size_t size);
  /// All pieces in as few segments as the kernel allows; false once the peer is gone.
  bool write(std::span<const std::string_view> pieces);
  bool write(std::string_view bytes) { return write(std::span(&bytes, 1)); }
  /// Wakes a blocked read or write; callable from any thread.
  void shutdown();
  /// The close that follows sends RST instead of FIN, once the peer has what was written.
  void reset_on_close();
  /// FIN now, then read and drop for at most `limit_ms`, so that a last reply survives unread
  /// input.
  void linger(int limit_ms);
  /// Blocks until the peer (or shutdown()) ends the connection.
  void wait_for_end();
  /// Sleeps; shutdown() ends it early, so that long delays do not keep the server from ending.
  void pause(std::uint64_t ms) const;

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };
  bool write_plain(std::span<const std::string_view> pieces);
  bool write_tls(std::span<const std::string_view> pieces);

  const int fd_;
  std::atomic<bool> shut_{false};
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
};

}  // namespace s3d
