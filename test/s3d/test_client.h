// SPDX-License-Identifier: Apache-2.0
/// A minimal HTTP client on a plain socket for the server's own tests: it shows what is on the
/// wire, cut short or doubled as it may be, where a real client would hide it.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "s3d/auth.h"

namespace s3d {

struct TestReply {
  int status = 0;  ///< 0: no complete head arrived
  std::string head;
  std::string body;
  bool complete = false;   ///< as much body as Content-Length said
  bool reset = false;      ///< the connection ended with RST
  bool continued = false;  ///< 100 Continue came first

  std::string header(const std::string& name) const;  ///< "" when absent
  std::string code() const;                           ///< <Code> of an error document
  std::string tag(const std::string& name) const;     ///< first element of that name
  std::vector<std::string> tags(const std::string& name) const;
};

using TestHeaders = std::vector<std::pair<std::string, std::string>>;

class TestClient {
 public:
  explicit TestClient(std::uint16_t port);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  /// Signs what is sent from now on with SigV4 (the signer is the server's own, which the published
  /// vectors vouch for).
  void sign_as(Credentials credentials, std::string region = "us-east-1");
  /// One request on the kept connection, opened anew when it has ended. Adds Host, the x-amz
  /// headers of the signature and Content-Length (for PUT and POST) unless they are given.
  TestReply send(const std::string& method, const std::string& target, TestHeaders headers = {},
                 const std::string& body = "");
  TestReply get(const std::string& target, TestHeaders headers = {}) {
    return send("GET", target, std::move(headers));
  }
  TestReply put(const std::string& target, const std::string& body, TestHeaders headers = {}) {
    return send("PUT", target, std::move(headers), body);
  }
  /// Sends bytes as they are and reads one reply.
  TestReply raw(const std::string& bytes, bool head_only = false);
  /// Whether the other side has closed the connection.
  bool closed();
  int connections_opened() const { return opened_; }
  std::uint16_t port() const { return port_; }

 private:
  void connect();
  void disconnect();
  TestReply receive(bool head_only);

  const std::uint16_t port_;
  int fd_ = -1;
  int opened_ = 0;
  bool signing_ = false;
  Credentials credentials_;
  std::string region_;
};

}  // namespace s3d
