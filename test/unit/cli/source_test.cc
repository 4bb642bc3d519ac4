// SPDX-License-Identifier: Apache-2.0
#include "cli/source.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("A bucket and a path in it are read from every spelling") {
  struct Row {
    std::string text, bucket, prefix;
  };
  const std::vector<Row> rows = {
      {"b", "b", ""},
      {"b:/", "b", ""},
      {"b:/p", "b", "p/"},
      {"b:/p/", "b", "p/"},
      {"b:/p/q//", "b", "p/q/"},
      {"b://p", "", ""},
      {"s3://b", "b", ""},
      {"s3://b/", "b", ""},
      {"s3://b/p/q", "b", "p/q/"},
      {"s3fs#b:/p", "b", "p/"},
      {"pailfs#b", "b", ""},
      {"12345", "12345", ""},
      {"b:/with:colon", "b", "with:colon/"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Source source = parse_source(row.text);
    CHECK(source.bucket == row.bucket);
    CHECK(source.prefix == row.prefix);
    CHECK(source.error.empty() == !row.bucket.empty());
  }
}

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

TEST_CASE("Amazon's hosts name their region") {
  CHECK(region_in_host("s3.amazonaws.com").empty());
  CHECK(region_in_host("s3.eu-west-1.amazonaws.com") == "eu-west-1");
  CHECK(region_in_host("s3-ap-southeast-2.amazonaws.com") == "ap-southeast-2");
  CHECK(region_in_host("s3.dualstack.us-west-2.amazonaws.com") == "us-west-2");
  CHECK(region_in_host("s3.us-gov-east-1.amazonaws.com") == "us-gov-east-1");
  CHECK(region_in_host("s3.cn-north-1.amazonaws.com.cn") == "cn-north-1");
  CHECK(region_in_host("s3-accelerate.amazonaws.com").empty());
  CHECK(region_in_host("s3.eu-west-1.example.com").empty());
  CHECK(is_amazon_host("s3.amazonaws.com"));
  CHECK_FALSE(is_amazon_host("amazonaws.com.example.org"));
  CHECK_FALSE(is_amazon_host("notamazonaws.com"));
}

}  // namespace
}  // namespace pailfs::cli
