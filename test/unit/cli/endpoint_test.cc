// SPDX-License-Identifier: Apache-2.0
#include "cli/options/endpoint.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("The host of a url is found with and without port, user and brackets") {
  CHECK(host_of("https://S3.Example.com") == "s3.example.com");
  CHECK(host_of("https://h:9000/x") == "h");
  CHECK(host_of("http://[::1]:9000") == "::1");
  CHECK(host_of("h:80") == "h");
  CHECK(host_of("https://u:p@h/") == "h");
  CHECK(host_of("https://h?x@y") == "h");
  CHECK(host_of("https://").empty());
}

TEST_CASE("Addresses and localhost can carry no bucket name") {
  for (const char* host : {"127.0.0.1", "::1", "localhost", "s3.localhost", "10.0.0.7"}) {
    CHECK(is_bare_host(host));
  }
  for (const char* host : {"s3.example.com", "localhost.example.com", "1.2.3.4.5", "127.0.0.x"}) {
    CHECK_FALSE(is_bare_host(host));
  }
}

struct Given {
  std::string bucket = "pail";
  std::string url = {};     // empty: not given
  std::string region = {};  // empty: not given
  bool path_style = false;
  Environment environment = {};
};

struct Settled {
  Options options;
  std::vector<std::string> notices;
  std::string error;
};

Settled settle(const Given& given) {
  Settled result;
  Options& o = result.options;
  o.s3.bucket = given.bucket;
  o.url_given = !given.url.empty();
  if (o.url_given) o.s3.url = given.url;
  o.s3.region_given = !given.region.empty();
  if (o.s3.region_given) o.s3.region = given.region;
  o.s3.path_style = given.path_style;
  result.error = settle_endpoint(o, given.environment, result.notices);
  return result;
}

TEST_CASE("Whatever way an endpoint is given, url, region and style come out") {
  struct Row {
    Given given;
    std::string url, region;
    bool path_style;
    std::size_t notices;
  };
  const std::string amazon = "https://s3.amazonaws.com";
  const std::vector<Row> rows = {
      {{}, amazon, "us-east-1", false, 0},
      {{.region = "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com", "eu-west-1", false, 0},
      {{.url = "https://s3.eu-west-1.amazonaws.com"},
       "https://s3.eu-west-1.amazonaws.com",
       "eu-west-1",
       false,
       0},
      {{.url = "https://s3.cn-east-1.sufycs.com", .path_style = true},
       "https://s3.cn-east-1.sufycs.com",
       "cn-east-1",
       true,
       0},
      {{.url = "oss-cn-hangzhou.aliyuncs.com"},
       "https://oss-cn-hangzhou.aliyuncs.com",
       "us-east-1",
       false,
       1},
      // No scheme.
      {{.url = "127.0.0.1:9000"}, "http://127.0.0.1:9000", "us-east-1", true, 1},
      {{.url = "10.0.0.7:443"}, "https://10.0.0.7:443", "us-east-1", true, 1},
      {{.url = "localhost"}, "http://localhost", "us-east-1", true, 1},
      {{.url = "[::1]:9000"}, "http://[::1]:9000", "us-east-1", true, 1},
      // An address where a region belongs.
      {{.region = "https://h.example:8443/"}, "https://h.example:8443", "us-east-1", false, 1},
      {{.region = "h.example"}, "https://h.example", "us-east-1", false, 2},
      {{.region = "127.0.0.1:9000"}, "http://127.0.0.1:9000", "us-east-1", true, 2},
      {{.url = "https://h.example/", .region = "https://h.example"},
       "https://h.example",
       "us-east-1",
       false,
       1},
      // The bucket in the url.
      {{.url = "https://pail.s3.eu-west-1.amazonaws.com"},
       "https://s3.eu-west-1.amazonaws.com",
       "eu-west-1",
       false,
       1},
      {{.url = "https://PAIL.s3.example.com:8443/", .path_style = true},
       "https://s3.example.com:8443",
       "us-east-1",
       true,
       1},
      {{.url = "pail.storage.googleapis.com"},
       "https://storage.googleapis.com",
       "us-east-1",
       false,
       2},
      {{.url = "https://h.example/pail"}, "https://h.example", "us-east-1", true, 1},
      {{.url = "http://127.0.0.1:9000/pail/"}, "http://127.0.0.1:9000", "us-east-1", true, 1},
      // A service that has the bucket's name itself, and another bucket than the url's.
      {{.bucket = "minio", .url = "https://minio.example.com"},
       "https://minio.example.com",
       "us-east-1",
       false,
       0},
      {{.url = "https://other.s3.example.com"},
       "https://other.s3.example.com",
       "us-east-1",
       false,
       0},
      // Names that no host can have.
      {{.bucket = "a.b", .url = "https://s3.example.com"},
       "https://s3.example.com",
       "us-east-1",
       true,
       1},
      {{.bucket = "a.b", .url = "https://s3.example.com", .path_style = true},
       "https://s3.example.com",
       "us-east-1",
       true,
       0},
      {{.bucket = "a.b", .url = "http://s3.example.com"},
       "http://s3.example.com",
       "us-east-1",
       false,
       0},
      // The environment.
      {{.environment = {{"AWS_REGION", "ap-south-1"}}}, amazon, "ap-south-1", false, 0},
      {{.environment = {{"AWS_DEFAULT_REGION", "ap-south-1"}}}, amazon, "ap-south-1", false, 0},
      {{.url = "https://s3.example.com", .environment = {{"AWS_REGION", "ap-south-1"}}},
       "https://s3.example.com",
       "us-east-1",
       false,
       0},
      {{.region = "eu-west-1", .environment = {{"AWS_REGION", "ap-south-1"}}},
       "https://s3.eu-west-1.amazonaws.com",
       "eu-west-1",
       false,
       0},
      {{.environment = {{"AWS_ENDPOINT_URL", "https://a"}, {"AWS_ENDPOINT_URL_S3", "https://b"}}},
       "https://b",
       "us-east-1",
       false,
       1},
      {{.region = "r", .environment = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:9000"}}},
       "http://127.0.0.1:9000",
       "r",
       true,
       1},
      {{.url = "https://a", .environment = {{"AWS_ENDPOINT_URL_S3", "https://b"}}},
       "https://a",
       "us-east-1",
       false,
       0},
      {{.environment = {{"AWS_ENDPOINT_URL", "https://a"},
                        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}},
       amazon,
       "us-east-1",
       false,
       0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given.bucket, row.given.url, row.given.region);
    const Settled settled = settle(row.given);
    CHECK(settled.error.empty());
    CHECK(settled.options.s3.url == row.url);
    CHECK(settled.options.s3.region == row.region);
    CHECK(settled.options.s3.path_style == row.path_style);
    CHECK(settled.options.http.allow_plain_http == row.url.starts_with("http://"));
    CHECK(settled.notices.size() == row.notices);
    CHECK(settled.options.s3.region_given ==
          (row.given.region.find_first_of(".:") == std::string::npos && !row.given.region.empty()));
  }
}

TEST_CASE("The profile's region counts for Amazon's global host, when nothing else names one") {
  CHECK(settle({}).options.region_may_be_in_profile);
  CHECK(settle({.url = "https://s3.amazonaws.com"}).options.region_may_be_in_profile);
  CHECK_FALSE(settle({.region = "us-east-1"}).options.region_may_be_in_profile);
  CHECK_FALSE(
      settle({.url = "https://s3.eu-west-1.amazonaws.com"}).options.region_may_be_in_profile);
  CHECK_FALSE(settle({.environment = {{"AWS_REGION", "r"}}}).options.region_may_be_in_profile);
  CHECK_FALSE(settle({.url = "https://s3.example.com"}).options.region_may_be_in_profile);
}

TEST_CASE("A path in the url is put before bucket and key") {
  struct Row {
    std::string url;
    std::string servicepath;  // given
    std::string expected_url;
    std::string expected_path;
  };
  const Row rows[] = {
      {"http://10.0.0.7/mount-1", "/", "http://10.0.0.7", "/mount-1/"},
      {"http://r2.internal/a-b_c.d~/2/", "/", "http://r2.internal", "/a-b_c.d~/2/"},
      {"https://h.example:8443/a%20b", "/", "https://h.example:8443", "/a%20b/"},
      {"https://h.example/gate", "/s3/", "https://h.example", "/gate/s3/"},
      {"h.example/gate", "/", "https://h.example", "/gate/"},
      {"https://h.example/", "/", "https://h.example", "/"},
      {"https://h.example/pail", "/", "https://h.example", "/"},  // the bucket
      {"https://h.example/a?b", "/", "https://h.example/a?b", "/"},
      {"https://h.example/a b", "/", "https://h.example/a b", "/"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    Options options;
    options.s3.bucket = "pail";
    options.url_given = true;
    options.s3.url = row.url;
    options.s3.servicepath = row.servicepath;
    std::vector<std::string> notices;
    CHECK(settle_endpoint(options, {}, notices).empty());
    CHECK(options.s3.url == row.expected_url);
    CHECK(options.s3.servicepath == row.expected_path);
  }
}

TEST_CASE("A url that cannot be meant is refused") {
  CHECK(settle({.url = "ftp://h"}).error ==
        "option url has invalid format, missing http / https protocol: \"ftp://h\"");
  CHECK(settle({.url = "https://"}).error == "option url has no host: \"https://\"");
  CHECK(settle({.url = "https://a", .region = "https://c"}).error ==
        "endpoint= names a region, not an address: https://c");
}

}  // namespace
}  // namespace pailfs::cli
