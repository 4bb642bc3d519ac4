// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/sync.h"

namespace pailfs::test {

/// One request as its bytes arrived.
struct ReceivedRequest {
  int connection = 0;  ///< 0 for the first connection accepted, then 1, 2, ...
  std::string head;    ///< request line and header fields, with the blank line
  std::string body;

  /// "PUT /bucket/key HTTP/1.1"
  [[nodiscard]] std::string line() const;
};

/// A step of the server once it has a request.
namespace step {
struct Send {
  std::string bytes;
};
/// One byte at a time.
struct Drip {
  std::string bytes;
  std::chrono::milliseconds every;
};
struct Pause {
  std::chrono::milliseconds length;
};
/// Reads the request's body here; without this step it is read before the first one.
struct ReadBody {};
struct Close {};
/// Closes with RST, as a crashed peer or a firewall does.
struct Reset {};
}  // namespace step

using Step =
    std::variant<step::Send, step::Drip, step::Pause, step::ReadBody, step::Close, step::Reset>;
using Reply = std::vector<Step>;

/// "HTTP/1.1 200 OK" with the right Content-Length and extra header lines ("Name: value\r\n").
std::string http_reply(int status, std::string_view body, std::string_view extra_headers = "");

/// Serves scripted bytes on 127.0.0.1, one thread per connection, and records what it was asked:
/// the n-th request, over all connections, gets the n-th reply, and any further one the last.
/// With a certificate it speaks TLS. Safe to use from several threads.
class ScriptedServer final {
 public:
  struct Tls {
    std::string certificate_pem;
    std::string key_pem;
    std::string client_ca_pem = {};  ///< not empty: a client without this certificate is refused
  };

  explicit ScriptedServer(std::vector<Reply> script);
  ScriptedServer(std::vector<Reply> script, Tls tls);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// "http://127.0.0.1:PORT", or https.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<ReceivedRequest> requests() const;
  [[nodiscard]] int connections() const;

 private:
  class Connection;

  void listen_on_loopback();
  void accept_loop();
  void serve(int number, int fd);
  bool play(Connection& connection, const Reply& reply, std::size_t index);
  bool pause(std::chrono::milliseconds length);
  Reply next_reply(std::size_t index);

  const std::vector<Reply> script_;
  std::shared_ptr<void> tls_context_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  mutable Mutex mutex_;
  CondVar stop_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<ReceivedRequest> requests_ GUARDED_BY(mutex_);
  std::vector<int> open_fds_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  int connections_ GUARDED_BY(mutex_) = 0;
  std::thread acceptor_;
};

/// A self-signed certificate for 127.0.0.1.
ScriptedServer::Tls self_signed_certificate();

}  // namespace pailfs::test
