// SPDX-License-Identifier: Apache-2.0
/// The receiving half of HTTP/1.1 on one Stream: heads, and bodies as sources that are pulled.
/// Single-threaded, as the Stream is.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http_message.h"
#include "stream.h"
#include "throttle.h"

namespace s3d {

/// Somewhere body bytes come from. Errors are final.
class BodySource {
 public:
  static constexpr ssize_t kBroken = -1;     ///< connection ended or reset inside the body
  static constexpr ssize_t kMalformed = -2;  ///< framing that no retry will cure
  static constexpr ssize_t kBadSignature = -3;

  virtual ~BodySource() = default;
  /// Up to `size` bytes; 0 at the end, negative as above.
  virtual ssize_t read(char* data, std::size_t size) = 0;
};

class HttpConnection {
 public:
  enum class HeadResult { kOk, kEnd, kMalformed };

  explicit HttpConnection(Stream& stream);

  HeadResult read_head(RequestHead& head);
  /// The body that `head` announced, framing removed. Sends 100 Continue first if it is awaited.
  /// Must be drained before the next read_head().
  std::unique_ptr<BodySource> open_body(const RequestHead& head, Pace* pace);
  bool has_buffered_input() const { return begin_ < end_; }
  Stream& stream() { return stream_; }

  ssize_t read(char* data, std::size_t size);
  /// One line without its CRLF; false when the connection ends or the line exceeds `limit`.
  bool read_line(std::string& line, std::size_t limit);

 private:
  bool fill();

  Stream& stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace s3d
