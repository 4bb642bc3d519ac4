// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/clock.h"

#include "bench.h"
#include "service.h"

namespace pailfs::test {

/// Credentials that are what they are.
class FixedCredentials final : public auth::CredentialSource {
 public:
  explicit FixedCredentials(auth::Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<auth::Credentials> get() override { return credentials_; }
  bool refresh(const auth::Credentials&) override { return false; }

 private:
  auth::Credentials credentials_;
};

struct ClientStyle {
  bool path_style = true;
  bool list_v2 = false;
  int retries = 5;
  std::chrono::seconds stall_limit{30};
  bool impatient = false;  ///< waits between attempts take no time
};

/// The machine's clock, but sleeping takes no time.
class ImpatientClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return real_.now(); }
  [[nodiscard]] WallTime wall() const override { return real_.wall(); }
  void sleep_for(std::chrono::nanoseconds) override {}

 private:
  SystemClock real_;
};

/// A real client with everything that it needs and owns nothing of.
class WiredClient final {
 public:
  /// Ends the program when no transport can be made: no test could go on.
  WiredClient(const Service& service, const ClientStyle& style, const ClientChange& change = {});
  s3::Client& client() { return *client_; }

 private:
  SystemClock patient_;
  ImpatientClock impatient_;
  SystemRandom random_;
  FixedCredentials credentials_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<s3::Client> client_;
};

/// The real client over the real transport against some service.
class ClientBench : public Bench {
 public:
  ClientBench(std::string name, Service service, ClientStyle style);
  ~ClientBench() override;

  store::ObjectStore& store() override { return client_->client(); }
  store::ObjectStore* changed(const ClientChange& change) override;
  std::optional<Session> session() override;

 private:
  Service service_;
  ClientStyle style_;
  std::unique_ptr<WiredClient> client_;
  std::vector<std::unique_ptr<WiredClient>> others_;
};

}  // namespace pailfs::test
