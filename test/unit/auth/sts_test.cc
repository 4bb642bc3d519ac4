// SPDX-License-Identifier: Apache-2.0
#include "auth/sts.h"

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using test::reply;

std::string answer(const std::string& action, const std::string& key, WallTime expires) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><SubjectFromWebIdentityToken>x</SubjectFromWebIdentityToken><Credentials>"
         "<SessionToken>CANARYtoken</SessionToken><SecretAccessKey>CANARYsecret</SecretAccessKey>"
         "<Expiration>" +
         iso8601_millis(expires) + "</Expiration><AccessKeyId>" + key +
         "</AccessKeyId></Credentials></" + action + "Result></" + action + "Response>";
}

TEST_CASE("STS is asked in its region, and never in the clear outside this machine", "[s3]") {
  struct Row {
    std::map<std::string, std::string> environment;
    std::string profile_region;
    std::string option_region;
    std::string url;  // empty: refused
    bool local = false;
    EndpointSettings profile = {};
  };
  const Row row = GENERATE(
      Row{{}, "", "", "https://sts.us-east-1.amazonaws.com"},
      Row{{}, "", "eu-west-3", "https://sts.eu-west-3.amazonaws.com"},
      Row{{}, "eu-west-2", "eu-west-3", "https://sts.eu-west-2.amazonaws.com"},
      Row{{{"AWS_DEFAULT_REGION", "b"}}, "eu-west-2", "", "https://sts.b.amazonaws.com"},
      Row{{{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}},
          "",
          "",
          "https://sts.a.amazonaws.com"},
      Row{{{"AWS_REGION", "cn-north-1"}}, "", "", "https://sts.cn-north-1.amazonaws.com.cn"},
      Row{{{"AWS_REGION", "x.evil.example/"}}, "", "", ""},
      Row{{{"AWS_ENDPOINT_URL_STS", "https://sts.example:8443/"}},
          "",
          "",
          "https://sts.example:8443"},
      Row{{{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9000"}},
          "",
          "",
          "http://127.0.0.1:9000",
          true},
      Row{{{"AWS_ENDPOINT_URL_STS", "http://[::1]:9000"}}, "", "", "http://[::1]:9000", true},
      Row{{{"AWS_ENDPOINT_URL_STS", "http://10.0.0.1:9000"}}, "", "", ""},
      Row{{{"AWS_ENDPOINT_URL_STS", "http://sts.example"}}, "", "", ""},
      // Variables before profiles, the service's own address before that of all services.
      Row{{{"AWS_ENDPOINT_URL", "https://all"}, {"AWS_ENDPOINT_URL_STS", "https://one"}},
          "",
          "",
          "https://one"},
      Row{{{"AWS_ENDPOINT_URL", "https://all"}},
          "",
          "",
          "https://all",
          false,
          {"", "", {{"sts", "https://profile"}}, ""}},
      Row{{},
          "",
          "",
          "https://profile",
          false,
          {"", "https://x", {{"sts", "https://profile"}}, ""}},
      Row{{}, "", "", "https://x", false, {"", "https://x", {{"s3", "https://profile"}}, ""}},
      Row{{}, "", "", "", false, {"", "http://profile", {}, ""}},
      Row{{{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"},
           {"AWS_ENDPOINT_URL_STS", "https://one"}},
          "",
          "",
          "https://sts.us-east-1.amazonaws.com"},
      Row{{}, "", "", "https://sts.us-east-1.amazonaws.com", false, {"true", "https://x", {}, ""}},
      Row{{{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}},
          "",
          "",
          "https://x",
          false,
          {"true", "https://x", {}, ""}},
      // The one address for all regions.
      Row{{{"AWS_STS_REGIONAL_ENDPOINTS", "legacy"}}, "eu-west-1", "", "https://sts.amazonaws.com"},
      Row{{{"AWS_STS_REGIONAL_ENDPOINTS", "legacy"}},
          "ap-east-1",
          "",
          "https://sts.ap-east-1.amazonaws.com"},
      Row{{{"AWS_STS_REGIONAL_ENDPOINTS", "regional"}},
          "eu-west-1",
          "",
          "https://sts.eu-west-1.amazonaws.com",
          false,
          {"", "", {}, "legacy"}},
      Row{{}, "eu-west-1", "", "https://sts.amazonaws.com", false, {"", "", {}, "legacy"}},
      Row{{}, "aws-global", "", "https://sts.amazonaws.com"},
      Row{{{"AWS_ENDPOINT_URL_STS", "https://one"}},
          "eu-west-1",
          "",
          "https://one",
          false,
          {"", "", {}, "legacy"}},
      Row{{{"AWS_STS_REGIONAL_ENDPOINTS", "always"}}, "eu-west-1", "", ""});
  Machine machine;
  machine.config.environment = row.environment;
  machine.config.region = row.option_region;
  const auto endpoint = sts_endpoint(machine.world(), row.profile_region, row.profile);
  CAPTURE(row.url, endpoint ? endpoint->url : endpoint.error().text);
  CHECK(endpoint.has_value() == !row.url.empty());
  if (endpoint) {
    CHECK(endpoint->url == row.url);
    CHECK(endpoint->local == row.local);
    CHECK((endpoint->url != "https://sts.amazonaws.com" || endpoint->region == "us-east-1"));
  }
}

/// A pod with web identity (IRSA).
struct Pod : Machine {
  TempDir dir;
  WallTime expires = clock.wall() + hours(1);
  Pod() {
    config = empty_config(dir);
    config.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", dir.write("token", "CANARY.jwt/1\n")},
                          {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r+x"},
                          {"AWS_ROLE_SESSION_NAME", "pod-7"},
                          {"AWS_REGION", "eu-west-3"}};
  }
};

TEST_CASE("a web identity is exchanged by one unsigned request, and again before it expires",
          "[s3]") {
  Pod pod;
  pod.remote.then(reply(200, {}, answer("AssumeRoleWithWebIdentity", "K1", pod.expires)));
  auto source = pod.find(pod.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto keys = (*source)->get();
  REQUIRE(keys);
  CHECK(keys->access_key == "K1");
  CHECK(keys->secret_key.reveal() == "CANARYsecret");
  CHECK(keys->session_token.reveal() == "CANARYtoken");
  CHECK(keys->source == "role arn:aws:iam::1:role/r+x");
  static_cast<void>(pod.dir.write("token", "second"));
  pod.clock.advance(minutes(55));
  pod.remote.then(
      reply(200, {}, answer("AssumeRoleWithWebIdentity", "K2", pod.expires + hours(1))));
  CHECK(key_of(**source) == "K2");

  const auto asked = pod.remote.requests();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].request.method == http::Method::post);
  CHECK(asked[0].request.url == "https://sts.eu-west-3.amazonaws.com/");
  CHECK_FALSE(asked[0].request.headers.find("Authorization"));
  CHECK(asked[0].body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr%2Bx&RoleSessionName=pod-7"
        "&WebIdentityToken=CANARY.jwt%2F1");
  CHECK_THAT(asked[1].body, Catch::Matchers::EndsWith("&WebIdentityToken=second"));
}

TEST_CASE("a web identity that is refused ends the search with the service's words", "[s3]") {
  Pod pod;
  std::string expected;
  SECTION("a refusal") {
    pod.remote.then(
        reply(403, {},
              "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
              "<Message>Not authorized to perform x</Message></Error></ErrorResponse>"));
    expected =
        "STS at https://sts.eu-west-3.amazonaws.com does not give the keys of role "
        "arn:aws:iam::1:role/r+x: AccessDenied: Not authorized to perform x";
  }
  SECTION("something else") {
    pod.remote.then(reply(404, {}, "<html>CANARY"));
    expected = "status 404";
  }
  SECTION("no answer") {
    expected = "STS at https://sts.eu-west-3.amazonaws.com does not answer";
  }
  SECTION("half an answer") {
    pod.remote.then(
        reply(200, {}, answer("AssumeRoleWithWebIdentity", "K", pod.expires).substr(0, 300)));
    expected = "has no usable document";
  }
  SECTION("an answer to another question") {
    pod.remote.then(reply(200, {}, answer("AssumeRole", "K", pod.expires)));
    expected = "has no usable document";
  }
  SECTION("a key that cannot be one") {
    pod.remote.then(reply(200, {}, answer("AssumeRoleWithWebIdentity", "K\nX", pod.expires)));
    expected = "has no usable AccessKeyId";
  }
  SECTION("keys of yesterday") {
    pod.remote.then(reply(200, {}, answer("AssumeRoleWithWebIdentity", "K", pod.clock.wall())));
    expected = "expired at";
  }
  SECTION("no token") {
    std::filesystem::remove(pod.dir.path + "/token");
    expected = "web identity token: ";
  }
  SECTION("a token of two lines") {
    static_cast<void>(pod.dir.write("token", "CANARY\nX"));
    expected = "does not hold one";
  }
  const auto source = pod.find(pod.config);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text, ContainsSubstring(expected));
  CHECK(source.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("a role is assumed by a signed request", "[s3]") {
  Machine machine;
  const WallTime expires = machine.clock.wall() + hours(1);
  machine.local.then(reply(200, {}, answer("AssumeRole", "K1", expires)));
  const StsEndpoint endpoint{"http://127.0.0.1:9000", "eu-west-3", true};
  const auto keys = assume_with_keys(machine.world(), endpoint, {"arn:r", "s", "e&x", "900"},
                                     {"BASE", Secret("CANARY"), Secret("BASETOKEN"), "here"});
  CAPTURE(keys ? "" : keys.error().text);
  REQUIRE(keys);
  CHECK(keys->access_key == "K1");
  CHECK(keys->expires == expires);
  const auto asked = machine.local.requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].body ==
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=s"
        "&ExternalId=e%26x&DurationSeconds=900");
  CHECK(asked[0].request.headers.find("x-amz-security-token") == "BASETOKEN");
  CHECK_THAT(std::string(asked[0].request.headers.find("Authorization").value_or("")),
             Catch::Matchers::StartsWith(
                 "AWS4-HMAC-SHA256 Credential=BASE/20261122/eu-west-3/sts/aws4_request"));
}

}  // namespace
}  // namespace pailfs::auth
