// SPDX-License-Identifier: Apache-2.0
// The services that the server can imitate, each by what sets it apart.
#include <memory>
#include <string>
#include <vector>

#include "s3d/imitate.h"
#include "s3d/rules.h"
#include "s3d/server.h"
#include "s3d/test_client.h"
#include "support/catch.h"

namespace s3d {
namespace {

struct Imitation {
  std::unique_ptr<Server> server;
  std::unique_ptr<TestClient> client;

  Imitation(const std::string& service, const std::string& region) {
    ServerOptions options;
    options.buckets = {"pail"};
    auto rules = rules_of_service(service);
    REQUIRE(rules);
    options.rules = *rules;
    std::string reason;
    server = Server::start(options, reason);
    REQUIRE(server);
    client = std::make_unique<TestClient>(server->port());
    client->sign_as(options.credentials, region);
  }
};

TEST_CASE("every rule of a service exists, and no other name is a service") {
  std::vector<std::string> names = service_names();
  CHECK(names.size() == 16);
  names.emplace_back("aws-eu-west-1");
  for (const std::string& name : names) {
    INFO(name);
    auto rules = rules_of_service(name);
    REQUIRE(rules);
    Rules table;
    for (const std::string& rule : *rules) {
      INFO(rule);
      CHECK(table.set(rule, true));
      CHECK(table.set(rule, false));
    }
    CHECK(table.active() == std::vector<std::string>{"region=us-east-1"});
  }
  CHECK(describe_services().find("s3rver") != std::string::npos);
  for (const char* name : {"", "aws", "aws-", "s3"}) CHECK_FALSE(rules_of_service(name));
}

TEST_CASE("Kodo wants its region and writes names as they are") {
  Imitation wrong("kodo", "us-east-1");
  auto refused = wrong.client->get("/pail/");
  CHECK(refused.code() == "AuthorizationHeaderMalformed");
  CHECK(refused.tag("Region") == "cn-east-1");
  Imitation right("kodo", "cn-east-1");
  CHECK(right.client->put("/pail/a%20b", "x").status == 200);
  CHECK(right.client->get("/pail/?encoding-type=url").tag("Key") == "a b");
}

TEST_CASE("R2 knows regions by name only") {
  CHECK(Imitation("r2", "auto").client->get("/pail/").status == 200);
  CHECK(Imitation("r2", "us-east-1").client->get("/pail/").status == 200);
  CHECK(Imitation("r2", "eu-west-1").client->get("/pail/").code() == "InvalidRegionName");
}

TEST_CASE("MinIO says the region in words only") {
  auto refused = Imitation("minio", "eu-west-1").client->get("/pail/");
  CHECK(refused.code() == "AuthorizationHeaderMalformed");
  CHECK(refused.tag("Region").empty());
  CHECK(refused.header("x-amz-bucket-region").empty());
  CHECK(refused.tag("Message").find("expecting 'us-east-1'") != std::string::npos);
}

TEST_CASE("OSS wants the bucket in the host and writes ETags in upper case") {
  Imitation oss("oss", "anywhere");
  CHECK(oss.client->get("/pail/").code() == "SecondLevelDomainForbidden");
  auto stored = oss.client->put("/key", "x", {{"Host", "pail.s3.localhost"}});
  CHECK(stored.status == 200);
  CHECK(stored.header("etag") == "\"9DD4E461268C8034F5C8564E155C67A6\"");
}

TEST_CASE("Google refuses what it does not know in the query") {
  Imitation gcs("gcs", "auto");
  CHECK(gcs.client->get("/pail/?x-id=ListObjects").code() == "InvalidArgument");
  CHECK(gcs.client->get("/pail/").status == 200);
}

TEST_CASE("a host of another Amazon region names the right one") {
  Imitation aws("aws-eu-west-1", "eu-west-1");
  auto elsewhere = aws.client->get("/pail/", {{"Host", "s3.us-east-1.amazonaws.com"}});
  CHECK(elsewhere.status == 301);
  CHECK(elsewhere.code() == "PermanentRedirect");
  CHECK(elsewhere.tag("Endpoint") == "pail.s3.eu-west-1.amazonaws.com");
  CHECK(elsewhere.header("x-amz-bucket-region") == "eu-west-1");
  CHECK(aws.client->get("/pail/", {{"Host", "s3.eu-west-1.amazonaws.com"}}).status == 200);
  CHECK(aws.client->get("/pail/", {{"Host", "s3.amazonaws.com"}}).status == 200);
}

}  // namespace
}  // namespace s3d
