// SPDX-License-Identifier: Apache-2.0
#include "auth/ibm_token.h"

#include "pailfs/auth/bearer.h"

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::reply;

/// IBM's words for a token that lasts an hour.
std::string answer(const std::string& token) {
  return R"({"access_token":")" + token +
         R"(","refresh_token":"CANARYrefresh","token_type":"Bearer","expires_in":3600,)"
         R"("expiration":1795490249,"scope":"ibm openid"})";
}

struct Ibm : Machine {
  TempDir dir;
  Ibm() {
    config = empty_config(dir);
    config.ibm_iam_auth = true;
    config.passwd_file = dir.write("passwd", "service-instance:CANARY-key/1\n");
  }
  /// The token that requests would carry now, or "error: ...".
  static std::string token_of(CredentialSource& source) {
    const auto got = source.get();
    return got ? got->bearer.reveal() : "error: " + got.error().text;
  }
};

TEST_CASE("IBM gives a token for an API key, and another before it expires", "[s3]") {
  Ibm ibm;
  ibm.remote.then(reply(200, {}, answer("t1")));
  const auto source = ibm.find(ibm.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto got = (*source)->get();
  REQUIRE(got);
  CHECK(got->bearer.reveal() == "t1");
  CHECK(got->access_key.empty());
  CHECK_FALSE(got->anonymous());
  CHECK(got->source == "IBM IAM, API key in " + ibm.config.passwd_file);
  CHECK(got->expires == ibm.clock.wall() + hours(1));

  const auto asked = ibm.remote.requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].request.method == http::Method::post);
  CHECK(asked[0].request.url == "https://iam.cloud.ibm.com/identity/token");
  CHECK(asked[0].request.headers.find("Authorization") == "Basic Yng6Yng=");
  CHECK(asked[0].body ==
        "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&response_type=cloud_iam"
        "&apikey=CANARY-key%2F1");

  // Another API key counts from the next token on.
  static_cast<void>(ibm.dir.write("passwd", ":second\n"));
  ibm.remote.then(reply(200, {}, answer("t2")));
  ibm.clock.advance(minutes(55) - seconds(1));
  CHECK(Ibm::token_of(**source) == "t1");
  ibm.clock.advance(seconds(1));
  CHECK(Ibm::token_of(**source) == "t2");
  CHECK_THAT(ibm.remote.requests().back().body, Catch::Matchers::EndsWith("&apikey=second"));
}

TEST_CASE("a token outlives a failed renewal until it expires, and comes again", "[s3]") {
  LogLines log;
  Ibm ibm;
  ibm.remote.then(reply(200, {}, answer("t1")));
  const auto source = ibm.find(ibm.config);
  REQUIRE(source);
  ibm.remote.otherwise([](const test::RecordedRequest&) { return reply(500, {}, "CANARY"); });
  ibm.clock.advance(minutes(56));
  CHECK(Ibm::token_of(**source) == "t1");
  ibm.clock.advance(minutes(4));
  CHECK_THAT(Ibm::token_of(**source),
             ContainsSubstring("IBM IAM at https://iam.cloud.ibm.com does not answer: status 500"));
  ibm.remote.otherwise([](const test::RecordedRequest&) { return reply(200, {}, answer("t2")); });
  ibm.clock.advance(seconds(1));
  CHECK(Ibm::token_of(**source) == "t2");
  for (const std::string& line : log.lines) CHECK(line.find("CANARY") == std::string::npos);
}

TEST_CASE("a token that the store refuses is asked for anew", "[s3]") {
  Ibm ibm;
  ibm.remote.then(reply(200, {}, answer("t1"))).then(reply(200, {}, answer("t2")));
  const auto source = ibm.find(ibm.config);
  REQUIRE(source);
  const Credentials old = *(*source)->get();
  ibm.clock.advance(seconds(1));
  CHECK((*source)->refresh(old));
  CHECK(Ibm::token_of(**source) == "t2");
}

TEST_CASE("an API key is looked for where s3fs looks for keys", "[s3]") {
  Ibm ibm;
  ibm.config.passwd_file.clear();
  const auto none = ibm.find(ibm.config);
  REQUIRE_FALSE(none);
  CHECK(none.error().err == ENOKEY);
  CHECK_THAT(none.error().text,
             Catch::Matchers::StartsWith("write SERVICE_INSTANCE_ID:API_KEY into "));
  // No service of Amazon's is asked.
  CHECK(ibm.local.requests().empty());
  ibm.config.environment = {{"AWSACCESSKEYID", "id"}, {"AWSSECRETACCESSKEY", "from-environment"}};
  ibm.remote.then(reply(200, {}, answer("t1")));
  REQUIRE(ibm.find(ibm.config));
  CHECK_THAT(ibm.remote.requests().back().body, ContainsSubstring("apikey=from-environment"));
}

TEST_CASE("what cannot be a token is refused and not shown", "[s3]") {
  struct Row {
    int status;
    std::string body;
    std::string text;
  };
  const Row row = GENERATE(
      Row{400,
          R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})",
          "gives no token for the API key in "},
      Row{400,
          R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})",
          ": BXNIM0415E: Provided API key could not be found."},
      Row{400, R"({"errorCode":"X","errorMessage":"no CANARY-key/1 here"})", ": X"},
      Row{403, "<html>CANARY", ": status 403"}, Row{302, "", ": status 302"},
      Row{503, "CANARY", "does not answer: status 503"}, Row{200, "", "are not a JSON object"},
      Row{200, "<html>CANARY", "are not a JSON object"},
      Row{200, answer("CANARYtoken").substr(0, 60), "are not a JSON object"},
      Row{200, answer(""), "have no usable access_token"},
      Row{200, answer("CANARY token"), "have no usable access_token"},
      Row{200, answer("CANARY\\r\\nX: y"), "have no usable access_token"},
      Row{200, R"({"access_token":17,"expires_in":3600})", "have no usable access_token"},
      Row{200, R"({"access_token":"CANARY","token_type":"MAC","expires_in":3600})",
          "have no usable token_type"},
      Row{200, R"({"access_token":"CANARY"})", "have no usable expires_in"},
      Row{200, R"({"access_token":"CANARY","expires_in":0})", "have no usable expires_in"},
      Row{200, R"({"access_token":"CANARY","expires_in":-1})", "have no usable expires_in"},
      Row{200, R"({"access_token":"CANARY","expires_in":99999999999999999999})",
          "have no usable expires_in"},
      Row{200, R"({"access_token":"CANARY","expiration":1})", "expired at 1970"},
      Row{200, std::string(70'000, ' '), "is too long"});
  CAPTURE(row.status, row.body.substr(0, 200));
  Ibm ibm;
  ibm.remote.otherwise(
      [&](const test::RecordedRequest&) { return reply(row.status, {}, row.body); });
  const auto source = ibm.find(ibm.config);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text, ContainsSubstring(row.text));
  CHECK(source.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("the end of a token by the service's clock is told by ours", "[s3]") {
  Ibm ibm;
  const WallTime truth = ibm.clock.wall();
  ibm.clock.set_wall(truth - hours(24));
  const auto end = std::chrono::duration_cast<seconds>((truth + hours(1)).time_since_epoch());
  ibm.remote.then(
      reply(200, {{"Date", http_date(truth)}},
            R"({"access_token":"t","expiration":)" + std::to_string(end.count()) + "}"));
  const auto source = ibm.find(ibm.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto left = *(*source)->get()->expires - ibm.clock.wall();
  CHECK(left > minutes(59));
  CHECK(left <= minutes(60) + seconds(1));
}

TEST_CASE("the API key goes by https, or stays on this machine", "[s3]") {
  Ibm ibm;
  ibm.config.ibm_iam_endpoint = "http://127.0.0.1:9000";
  ibm.local.then(reply(200, {}, answer("t1")));
  REQUIRE(ibm.find(ibm.config));
  CHECK(ibm.local.requests()[0].request.url == "http://127.0.0.1:9000/identity/token");
  ibm.config.ibm_iam_endpoint = "http://iam.test";
  const auto refused = ibm.find(ibm.config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == EINVAL);
  CHECK_THAT(refused.error().text, ContainsSubstring("use https"));
  CHECK(ibm.remote.requests().empty());
}

TEST_CASE("a bearer token takes the place of every other proof", "[s3]") {
  http::Request request;
  request.headers.add("Authorization", "old");
  Credentials credentials;
  credentials.bearer = Secret("t");
  bear_token(request, credentials);
  CHECK(request.headers.all() == std::vector<http::Header>{{"Authorization", "Bearer t"}});
  CHECK_FALSE(same_keys(credentials, {}));
}

}  // namespace
}  // namespace pailfs::auth
