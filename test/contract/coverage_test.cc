// SPDX-License-Identifier: Apache-2.0
// What took part in this run, so that a quiet run is not mistaken for a complete one.
#include <cstdlib>

#include "bench.h"
#include "service.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

TEST_CASE("the contract is checked against real servers") {
  const char* path = std::getenv("PAILFS_TEST_S3_SERVERS");
  if (path == nullptr || *path == '\0') {
    SKIP("PAILFS_TEST_S3_SERVERS names no file of servers");
  }
  const auto services = services_from_environment();
  REQUIRE(services);
  CHECK_FALSE(services->empty());
  for (const Service& service : *services) {
    bool present = false;
    for (const std::string& name : bench_names())
      present = present || name.starts_with(service.name);
    CHECK(present);
  }
}

TEST_CASE("a server line says everything or is refused by the word that is wrong") {
  const auto good = parse_service(
      "name=x endpoint=http://127.0.0.1:80 access=a secret=s=s bucket=b domain=s3.localhost:80");
  REQUIRE(good);
  CHECK(good->secret_key == "s=s");
  CHECK(good->host_url == "http://s3.localhost:80");
  CHECK(good->region == "us-east-1");
  CHECK_FALSE(parse_service("name=x endpoint=http://h access=a secret=s"));
  CHECK_FALSE(parse_service("name=x endpoint=http://h access=a secret=s bucket=b acces=c"));
  CHECK_FALSE(parse_service("junk"));
}

}  // namespace
}  // namespace pailfs::test
