// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_bench.h"
#include "s3d_service.h"

namespace pailfs::test {

/// The real client over a server of its own: nothing one test leaves behind can reach the next.
/// `rules` make the server differ from S3 (rules.h there).
class S3dBench : public Bench {
 public:
  S3dBench(const std::string& name, S3dService::Scheme scheme, const ClientStyle& style,
           const std::vector<std::string>& rules = {})
      : Bench(name, unique_prefix()),
        server_(scheme, rules),
        inner_(name, server_.service(), style) {}
  store::ObjectStore& store() override { return inner_.store(); }
  store::ObjectStore* changed(const ClientChange& change) override {
    return inner_.changed(change);
  }
  std::optional<Session> session() override { return inner_.session(); }

 private:
  S3dService server_;
  ClientBench inner_;
};

/// The same with a bearer token in the place of signatures.
class BearerBench : public Bench {
 public:
  BearerBench(const std::string& name, const ClientStyle& style, bool google)
      : Bench(name, unique_prefix()),
        server_(S3dService::Scheme::http, rules_for(google)),
        inner_(name, with_token(server_, google), style) {}
  store::ObjectStore& store() override { return inner_.store(); }
  store::ObjectStore* changed(const ClientChange& change) override {
    return inner_.changed(change);
  }

 private:
  static std::vector<std::string> rules_for(bool google) {
    return google ? std::vector<std::string>{"goog_headers"} : std::vector<std::string>();
  }
  static Service with_token(S3dService& server, bool google) {
    Service service = server.service();
    service.bearer = server.give_bearer();
    service.google = google;
    return service;
  }

  S3dService server_;
  ClientBench inner_;
};

}  // namespace pailfs::test
