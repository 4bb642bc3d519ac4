// SPDX-License-Identifier: Apache-2.0
// What a person reads when a mount cannot work.
#include "client_fixture.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const http::Exchange kEmptyBucket =
    reply(200, {}, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");

struct Row {
  std::string name;
  http::Exchange answer;
  std::vector<std::string> says;
  int err;
};

std::vector<Row> rows() {
  const std::string html = "<html>Console</html>";
  http::Exchange skewed = s3_error(403, "RequestTimeTooSkewed");
  skewed.headers.add("Date", "Sun, 22 Nov 2026 05:17:29 GMT");
  return {
      {"wrong key id",
       s3_error(403, "InvalidAccessKeyId"),
       {"access key AKIA…7Q (from /home/u/.passwd-s3fs) is not known to https://s3.example.com: "
        "InvalidAccessKeyId"},
       EPERM},
      {"wrong secret",
       s3_error(403, "SignatureDoesNotMatch"),
       {"secret key", "AKIA…7Q", "does not match (SignatureDoesNotMatch)", "stray space",
        "/home/u/.passwd-s3fs", "us-east-1"},
       EPERM},
      {"denied",
       s3_error(403, "AccessDenied"),
       {"may not list \"p/\" in bucket \"bkt\"", "AKIA…7Q", "must allow s3:ListBucket"},
       EPERM},
      {"no bucket",
       s3_error(404, "NoSuchBucket"),
       {"bucket \"bkt\" does not exist at https://s3.example.com (NoSuchBucket); create it, or "
        "check its name and the option url"},
       ENXIO},
      {"refused",
       failure(Failure::connect, "cannot connect to s3.example.com:443: Connection refused"),
       {"cannot connect to s3.example.com:443: Connection refused"},
       EIO},
      {"no such host",
       failure(Failure::resolve, "cannot resolve \"s3.example.com\""),
       {"cannot resolve \"s3.example.com\""},
       EIO},
      {"certificate", failure(Failure::tls, "TLS with h failed: expired"), {"expired"}, EIO},
      {"console",
       reply(200, {{"Content-Type", "text/html"}}, html),
       {"https://s3.example.com did not answer like an S3 service (got text/html)",
        "Is this the console URL?"},
       EIO},
      {"web server",
       reply(404, {{"Content-Type", "text/html"}}, html),
       {"did not answer like an S3 service (got text/html)"},
       EIO},
      {"clock", skewed, {"clock", "RequestTimeTooSkewed"}, EIO},
      {"busy", s3_error(503, "SlowDown"), {"cannot list bucket \"bkt\"", "SlowDown"}, EIO},
      {"token", s3_error(400, "ExpiredToken"), {"session token", "ExpiredToken"}, EACCES},
  };
}

TEST_CASE("a failed probe says what is wrong and where, in one line, and soon") {
  for (const Row& row : rows()) {
    INFO(row.name);
    Bench bench;
    bench.transport.otherwise([&](const auto&) { return row.answer; });
    const Status status = bench.client->probe("p/");
    REQUIRE_FALSE(status);
    INFO(status.error().text);
    for (const std::string& words : row.says)
      CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring(words));
    CHECK(status.error().err == row.err);
    CHECK(status.error().text.find('\n') == std::string::npos);
    CHECK(status.error().text.find("secret\"") == std::string::npos);
    CHECK(bench.count() <= 3);
    CHECK(bench.sent(0).stall_limit <= std::chrono::seconds(5));
    std::chrono::nanoseconds slept{};
    for (const auto pause : bench.clock.sleeps()) slept += pause;
    CHECK(slept < std::chrono::seconds(5));
  }
}

TEST_CASE("a probe asks for one key and is content with none") {
  Bench bench;
  bench.transport.then(kEmptyBucket);
  CHECK(bench.client->probe("p/"));
  CHECK(bench.sent(0).url ==
        "https://s3.example.com/bkt/?encoding-type=url&max-keys=1&prefix=p%2F");
}

TEST_CASE("virtual-hosted addressing hints at the other style") {
  Config config = Bench::path_config();
  config.path_style = false;
  for (const http::Exchange& answer :
       {s3_error(404, "NoSuchBucket"), failure(Failure::resolve, "cannot resolve \"bkt.h\"")}) {
    Bench bench(config);
    bench.transport.otherwise([&](const auto&) { return answer; });
    const Status status = bench.client->probe("");
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring("use_path_request_style"));
  }
}

TEST_CASE("a 404 for the bucket in the host asks whether path style was meant") {
  Config config = Bench::path_config();
  config.path_style = false;
  for (const http::Exchange& answer : {s3_error(404, "NoSuchBucket"), s3_error(404, "NoSuchKey"),
                                       reply(404, {{"x-amz-request-id", "1"}})}) {
    Bench bench(config);
    bench.transport.otherwise([&](const auto&) { return answer; });
    const Status status = bench.client->probe("");
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().text,
               Catch::Matchers::ContainsSubstring("bucket \"bkt\" does not exist at https://s3."
                                                  "example.com") &&
                   Catch::Matchers::ContainsSubstring(
                       "did you mean https://s3.example.com/bkt (path style)?"));
  }
}

TEST_CASE("a service that does not look for the bucket in the host is understood") {
  Config config = Bench::path_config();
  config.path_style = false;
  Bench bench(config);
  bench.transport.otherwise([](const auto&) {
    return reply(200, {{"Content-Type", "application/xml"}},
                 "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>");
  });
  const Status status = bench.client->probe("");
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring("use_path_request_style"));
}

TEST_CASE("a service that wants the bucket in the host is understood") {
  Bench bench;
  bench.transport.otherwise(
      [](const auto&) { return s3_error(403, "SecondLevelDomainForbidden"); });
  const Status status = bench.client->probe("");
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text,
             Catch::Matchers::ContainsSubstring("leave out use_path_request_style"));
}

TEST_CASE("a given region that is wrong is named beside the right one") {
  Config config = Bench::path_config();
  config.region = "us-west-2";
  config.region_given = true;
  Bench bench(config);
  bench.transport.otherwise([](const auto&) {
    return s3_error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");
  });
  const Status status = bench.client->probe("");
  REQUIRE_FALSE(status);
  CHECK(status.error().text ==
        "bucket \"bkt\" is in region eu-west-1, but region us-west-2 was given; give "
        "-o region=eu-west-1 (endpoint= is the same option), or none");
}

TEST_CASE("keys that may not list the bucket may be allowed a path in it") {
  Bench bench;
  bench.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
  const Status status = bench.client->probe("");
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text,
             Catch::Matchers::ContainsSubstring("may not list bucket \"bkt\"") &&
                 Catch::Matchers::ContainsSubstring("mount that: bkt:/PATH"));
}

TEST_CASE("what a stranger answers is not taken for a word about bucket or keys") {
  for (const int http_status : {200, 400, 403, 404}) {
    CAPTURE(http_status);
    Bench bench;
    bench.transport.otherwise([&](const auto&) {
      return reply(http_status, {{"Content-Type", "text/html"}}, "<html>Console</html>");
    });
    const Status status = bench.client->probe("");
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().text, Catch::Matchers::EndsWith("Is this the console URL?"));
    CHECK(status.error().http_status == 0);
  }
}

TEST_CASE("plain http to a port that wants TLS is asked about") {
  const std::string page = "<html>The plain HTTP request was sent to HTTPS port</html>";
  const std::vector<http::Header> html = {{"Content-Type", "text/html"}};
  for (const http::Exchange& answer :
       {reply(400, html, page), reply(301, html, page), reply(308, {}),
        failure(Failure::broken, "exchange with h:443 broke off: Empty reply from server"),
        failure(Failure::protocol, "h:443: Received HTTP/0.9 when not allowed")}) {
    Config config = Bench::path_config();
    for (const bool plain : {true, false}) {
      CAPTURE(answer.status, answer.detail, plain);
      config.url = plain ? "http://h:443" : "https://h:443";
      Bench bench(config);
      bench.transport.otherwise([&](const auto&) { return answer; });
      const Status status = bench.client->probe("");
      REQUIRE_FALSE(status);
      const bool asks = status.error().text.find("Is it https://h:443?") != std::string::npos;
      CHECK(asks == plain);
    }
  }
}

TEST_CASE("a public bucket that is none is called so") {
  Bench bench(Bench::path_config(), {""});
  bench.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
  const Status status = bench.client->probe("");
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring("is not public"));
}

TEST_CASE("a probe learns region and clock like any request") {
  Bench bench;
  bench.transport.then(reply(301, {{"x-amz-bucket-region", "eu-west-1"}})).then(kEmptyBucket);
  CHECK(bench.client->probe(""));
  CHECK(bench.client->region() == "eu-west-1");
  CHECK(
      bench.client->notices() ==
      std::vector<std::string>{"bucket \"bkt\" is in region eu-west-1, not us-east-1; requests are "
                               "signed for it from now on (region=eu-west-1 saves the detour)"});
}

TEST_CASE("a clock that was corrected is told in minutes") {
  for (const auto& [date, told] :
       {std::pair<std::string, std::string>{"Sun, 22 Nov 2026 03:24:29 GMT", "7 min behind "},
        {"Sun, 22 Nov 2026 02:57:29 GMT", "20 min ahead of "}}) {
    Bench bench;
    http::Exchange skewed = s3_error(403, "RequestTimeTooSkewed");
    skewed.headers.add("Date", date);
    bench.transport.then(skewed).then(kEmptyBucket);
    CHECK(bench.client->probe(""));
    CHECK(bench.client->notices() ==
          std::vector<std::string>{"this machine's clock is " + told +
                                   "https://s3.example.com; requests are signed with the server's "
                                   "time"});
  }
}

TEST_CASE("requests follow the region to its host at Amazon, and nowhere else") {
  Config config;
  config.bucket = "bkt";
  config.url = "https://s3.us-east-1.amazonaws.com";
  Bench bench(config);
  bench.transport
      .then(reply(301, {{"Location", "https://evil.example/"}},
                  "<Error><Code>PermanentRedirect</Code><Endpoint>bkt.s3.eu-west-1.amazonaws.com"
                  "</Endpoint></Error>"))
      .then(kEmptyBucket);
  CHECK(bench.client->probe(""));
  CHECK(bench.sent(1).url.starts_with("https://bkt.s3.eu-west-1.amazonaws.com/?"));
  REQUIRE(bench.client->notices().size() == 1);
  CHECK_THAT(bench.client->notices()[0],
             Catch::Matchers::ContainsSubstring("https://bkt.s3.eu-west-1.amazonaws.com"));
}

}  // namespace
}  // namespace pailfs::s3
