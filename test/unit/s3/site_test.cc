// SPDX-License-Identifier: Apache-2.0
#include "s3/site.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

TEST_CASE("a service URL is read once and the same way everywhere") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"https://s3.amazonaws.com", "https://s3.amazonaws.com"},
      {"https://s3.amazonaws.com/", "https://s3.amazonaws.com"},
      {"HTTPS://S3.Example.COM:443//", "https://s3.example.com"},
      {"http://h:80", "http://h"},
      {"http://h:443", "http://h:443"},
      {"s3.example.com", "https://s3.example.com"},
      {"s3.example.com:8443", "https://s3.example.com:8443"},
      {"127.0.0.1:9000", "http://127.0.0.1:9000"},
      {"10.0.0.7", "http://10.0.0.7"},
      {"10.0.0.7:443", "https://10.0.0.7"},
      {"localhost:9000", "http://localhost:9000"},
      {"[::1]:9000", "http://[::1]:9000"},
      {"http://[fe80::1]", "http://[fe80::1]"},
      {"https://minio_1:9000", "https://minio_1:9000"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    const Result<std::string> url = normalise_url(text);
    REQUIRE(url);
    CHECK(*url == expected);
  }
}

TEST_CASE("a wrong service URL is refused with what is wrong about it") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "names no host"},
      {"https://", "names no host"},
      {"ftp://h", "https:// or http://"},
      {"s3://bucket", "https:// or http://"},
      {"https://h/bucket", "must not have a path"},
      {"https://h?x=1", "query"},
      {"https://h#x", "fragment"},
      {"https://user:pw@h", "user name"},
      {"https://h:0", "port"},
      {"https://h:65536", "port"},
      {"https://h:", "port"},
      {"https://h:9000x", "port"},
      {"https://a b", "character"},
      {"https://h\nx", "character"},
      {"https://[::1", "unclosed"},
      {"https://[zz]", "address"},
      {"https://[::1]x", "port"},
  };
  for (const auto& [text, why] : rows) {
    INFO(text);
    const Result<std::string> url = normalise_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().err == EINVAL);
    CHECK_THAT(url.error().text, Catch::Matchers::ContainsSubstring(why));
  }
}

TEST_CASE("bucket names are checked by the rules of their addressing style") {
  const std::string url = "https://s3.example.com";
  for (const char* good : {"abc", "my-bucket", "a1.b2", "0bucket0"}) {
    INFO(good);
    CHECK(check_bucket_name(good, false, url));
    CHECK(check_bucket_name(good, true, url));
  }
  for (const char* only_path : {"ab", "Upper", "under_score", "-dash", "dash-"}) {
    INFO(only_path);
    CHECK_FALSE(check_bucket_name(only_path, false, url));
    CHECK(check_bucket_name(only_path, true, url));
    CHECK(check_bucket_name(only_path, false, "http://127.0.0.1:9000"));
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a b"),
        std::string("a:b"), std::string("a\nb"), std::string(256, 'a')}) {
    CHECK_FALSE(check_bucket_name(bad, false, url));
    CHECK_FALSE(check_bucket_name(bad, true, url));
  }
  CHECK_FALSE(check_bucket_name(std::string(64, 'a'), false, url));
}

TEST_CASE("addressing follows what host names can carry") {
  Config config;
  config.bucket = "bucket";
  const auto origin_and_root = [&](const std::string& url) {
    config.url = url;
    const Site site = make_site(config, "us-east-1");
    return site.origin + " " + site.root;
  };
  CHECK(origin_and_root("https://s3.example.com") == "https://bucket.s3.example.com /");
  CHECK(origin_and_root("http://127.0.0.1:9000") == "http://127.0.0.1:9000 /bucket/");
  CHECK(origin_and_root("http://[::1]:9000") == "http://[::1]:9000 /bucket/");
  CHECK(origin_and_root("http://localhost:9000") == "http://localhost:9000 /bucket/");
  config.bucket = "dotted.bucket";
  CHECK(origin_and_root("https://h") == "https://h /dotted.bucket/");
  CHECK(origin_and_root("http://h") == "http://dotted.bucket.h /");
  config.path_style = true;
  config.servicepath = "/s3/v1/";
  CHECK(origin_and_root("http://h") == "http://h /s3/v1/dotted.bucket/");
  CHECK(make_site(config, "r").copy_source("k") == "/dotted.bucket/k");
  config.path_style = false;
  CHECK(origin_and_root("http://h") == "http://dotted.bucket.h /s3/v1/");
}

TEST_CASE("only Amazon's hosts are rewritten by region, and only within their domain") {
  Config config;
  config.bucket = "bucket";
  const auto origin = [&](const std::string& url, const std::string& region) {
    config.url = url;
    return make_site(config, region).origin;
  };
  const std::string global = config.url;
  CHECK(origin(global, "us-east-1") == "https://bucket.s3.amazonaws.com");
  CHECK(origin(global, "eu-west-1") == "https://bucket.s3.eu-west-1.amazonaws.com");
  CHECK(origin(global, "cn-north-1") == "https://bucket.s3.cn-north-1.amazonaws.com");
  CHECK(origin("https://s3.us-east-1.amazonaws.com", "eu-west-1") ==
        "https://bucket.s3.eu-west-1.amazonaws.com");
  CHECK(origin("https://s3.amazonaws.com:8443", "eu-west-1") ==
        "https://bucket.s3.amazonaws.com:8443");
  CHECK(origin("https://s3.example.com", "eu-west-1") == "https://bucket.s3.example.com");
  CHECK(make_site(config, "eu-west-1").region == "eu-west-1");
  // What the user says about region and host is not doubted.
  config.region = "eu-west-1";
  CHECK(origin(global, "eu-west-1") == "https://bucket.s3.eu-west-1.amazonaws.com");
  CHECK(origin("https://s3.us-east-1.amazonaws.com", "eu-west-1") ==
        "https://bucket.s3.us-east-1.amazonaws.com");
  config.region = "cn-north-1";
  CHECK(origin(global, "cn-north-1") == "https://bucket.s3.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace pailfs::s3
