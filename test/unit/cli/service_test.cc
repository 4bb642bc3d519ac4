// SPDX-License-Identifier: Apache-2.0
#include "cli/run/service.h"

#include "support/catch.h"

namespace pailfs::cli {

TEST_CASE("A service that is opened has asked for nothing yet") {
  Options options;
  options.s3.bucket = "pail";
  options.credentials.public_bucket = true;
  Service service;
  CHECK_FALSE(service.open(options));
  for (const s3::RequestCount& row : service.client().counts()) CHECK(row.requests == 0);
  CHECK(service.first_page().page.objects.empty());
  CHECK(service.for_ending().moved() == 0);
}

TEST_CASE("A service without keys is refused with the status for keys") {
  Options options;
  options.s3.bucket = "pail";
  options.credentials.passwd_file = "/dev/null/none";
  Service service;
  const auto refused = service.open(options);
  REQUIRE(refused);
  CHECK(refused->exit == exit_for(Step::credentials, refused->error));
}

TEST_CASE("A service that is given up fails at once, and says so to who asks") {
  Options options;
  options.s3.url = "http://127.0.0.1:1";
  options.s3.bucket = "pail";
  options.s3.path_style = true;
  options.http.allow_plain_http = true;
  options.credentials.public_bucket = true;
  Service service;
  REQUIRE_FALSE(service.open(options));
  CHECK_FALSE(service.given_up());
  service.for_ending().give_up();
  CHECK(service.given_up());
  const auto refused = service.reach(options);
  REQUIRE(refused);
  CHECK(service.first_page().page.objects.empty());
}

}  // namespace pailfs::cli
