// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/http/transport.h"

namespace pailfs::http {

/// Status line and header fields of one reply, fed line by line as libcurl hands them out. Interim
/// replies (1xx, RFC 9110 15.2) are read and forgotten; trailers after the body are ignored.
/// Refuses heads that could be read in two ways (RFC 9112 6.3: request smuggling) and heads that
/// are too large. One thread.
class ReplyHead final {
 public:
  /// S3 allows 8 KiB of headers and 2 KiB of user metadata; Ceph more. Larger is not ours.
  static constexpr std::size_t kMaxBytes = 64U << 10U;
  static constexpr int kMaxInterim = 32;

  enum class State { reading, complete, refused };

  /// One line including its line end. Returns the state after it.
  State feed(std::string_view line);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }  ///< why refused
  [[nodiscard]] bool started() const { return bytes_ > 0; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const Headers& headers() const { return headers_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  /// The server may close the connection after this reply (HTTP/1.0 or "Connection: close").
  [[nodiscard]] bool announces_close() const { return announces_close_; }

  Headers take_headers() { return std::move(headers_); }

 private:
  State refuse(std::string reason);
  State finish();
  void read_status_line(std::string_view line);
  void read_field(std::string_view line);
  std::string find_contradiction();

  State state_ = State::reading;
  std::string reason_;
  std::size_t bytes_ = 0;
  int interim_ = 0;
  int status_ = 0;
  bool announces_close_ = false;
  Headers headers_;
  std::optional<std::uint64_t> content_length_;
};

}  // namespace pailfs::http
