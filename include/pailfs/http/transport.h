// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/bytes.h"
#include "pailfs/util/result.h"

namespace pailfs::http {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

/// A value: header fields in the order they were added; names compare without regard to case.
class Headers final {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  /// First field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] const std::vector<Header>& all() const { return fields_; }

 private:
  std::vector<Header> fields_;
};

enum class Method { get, head, put, post, del };
std::string_view method_name(Method method);  ///< "GET", ...

/// One request: a plain value.
struct Request {
  Method method = Method::get;
  std::string url;  ///< absolute, every byte already encoded; sent exactly as it stands
  Headers headers;  ///< sent exactly these, besides Host and Content-Length
  /// No byte in either direction for this long fails the exchange (Failure::timeout).
  std::chrono::milliseconds stall_limit{30'000};
};

/// How an exchange ended below HTTP. Everything but `none` means: no complete reply.
enum class Failure {
  none,
  resolve,      ///< the host name has no address
  connect,      ///< no connection could be made
  tls,          ///< certificate or handshake refused
  timeout,      ///< connect timeout or stalled
  idle_closed,  ///< a reused connection was closed before any reply: mostly not seen by the server
  broken,       ///< connection lost in the middle, or a body shorter than announced
  cancelled,    ///< the sink refused a byte
  body,         ///< our own source of the body failed
  protocol,     ///< not HTTP, or contradicting itself
};

/// How the connection of an exchange came about; zero each on one that was there before.
struct Timing {
  std::chrono::microseconds resolve{};
  std::chrono::microseconds connect{};
  std::chrono::microseconds tls{};
  std::string peer;  ///< "ADDRESS:PORT", of a proxy if one is used
};

/// The outcome of one request.
struct Exchange {
  Failure failure = Failure::none;
  std::optional<Error> body_error;  ///< with Failure::body: why the source could not be read
  std::string detail;  ///< for the log, e.g. "Connection refused"; host and port included
  int status = 0;      ///< 0 when no status line arrived
  Headers headers;
  std::string body;            ///< unless the sink took it; at most kMaxInlineBody
  std::uint64_t received = 0;  ///< body bytes that arrived, wherever they went
  std::uint64_t sent = 0;      ///< body bytes that left
  /// The request went out more than once, because the server closed a reused connection. The reply
  /// is to the last attempt; whether the server carried out the earlier ones is unknown.
  bool sent_again = false;
  Timing timing;
};

/// Listings of 1000 keys with long names fit; anything larger is not ours.
inline constexpr std::size_t kMaxInlineBody = 16U << 20U;

/// Receives a reply's body in order, on the thread that called perform().
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Status line and headers are complete. True: the body comes to write(). False: it is collected
  /// in Exchange::body instead (an error document never reaches the caller's data).
  virtual bool begin(const Exchange& head) = 0;
  /// False cancels the exchange.
  virtual bool write(std::span<const char> bytes) = 0;
};

/// Performs one HTTP exchange on the calling thread: no retry, no redirect, no knowledge of S3.
/// Any thread may call it, many at once.
class Transport {
 public:
  virtual ~Transport() = default;
  /// `body` and `sink` may be null. Never fails by itself: the outcome is in Exchange.
  virtual Exchange perform(const Request& request, ByteSource* body, BodySink* sink) = 0;
};

}  // namespace pailfs::http
