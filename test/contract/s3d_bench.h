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

}  // namespace pailfs::test
