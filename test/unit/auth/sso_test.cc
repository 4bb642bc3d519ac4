// SPDX-License-Identifier: Apache-2.0
#include "auth/sso.h"

#include "auth/credentials_file.h"
#include "auth/json.h"
#include "auth/sso_token.h"
#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::RecordedRequest;
using test::reply;

// The SHA-1 of "corp" and of "https://old.test/start".
constexpr const char* kSessionFile =
    "home/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
constexpr const char* kLegacyFile =
    "home/.aws/sso/cache/a02fe920932556accebfc49a5a2c4ca7b7edfad4.json";

/// A machine with a profile that signs in, and imitations of the portal and of the OIDC service.
struct Office : Machine {
  TempDir dir;
  int keys_given = 0;
  std::string access = "CANARYaccess1";    // what the portal takes
  std::string refresh = "CANARYrefresh1";  // what the OIDC service takes
  WallTime keys_end = clock.wall() + hours(1);
  std::optional<http::Exchange> broken_oidc;
  std::optional<http::Exchange> broken_portal;

  Office() {
    config = empty_config(dir);
    config.profile = "work";
    config.profile_given = true;
    static_cast<void>(
        dir.write("home/.aws/config",
                  "[profile work]\nsso_session = corp\nsso_account_id = 111122223333\n"
                  "sso_role_name = read+er\nregion = eu-west-3\n"
                  "[sso-session corp]\nsso_start_url = https://corp.test/start\n"
                  "sso_region = eu-west-1\n"
                  "[profile old]\nsso_start_url = https://old.test/start\n"
                  "sso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n"));
    remote.otherwise([this](const RecordedRequest& asked) { return answer(asked); });
  }
  [[nodiscard]] std::string when(WallTime time) const {
    const std::string text = iso8601_millis(time);
    return text.substr(0, text.find('.')) + "Z";
  }
  /// As "aws sso login" leaves it behind.
  void sign_in(WallTime ends, const std::string& file = kSessionFile) const {
    static_cast<void>(dir.write(
        file, R"({"startUrl": "https://corp.test/start", "region": "eu-west-1", "accessToken": ")" +
                  access + R"(", "expiresAt": ")" + when(ends) +
                  R"(", "clientId": "client", "clientSecret": "CANARYclient",)"
                  R"("registrationExpiresAt": ")" +
                  when(clock.wall() + hours(24 * 60)) + R"(", "refreshToken": ")" + refresh +
                  "\"}"));
  }
  http::Exchange answer(const RecordedRequest& asked) {
    const http::Request& request = asked.request;
    if (request.url == "https://oidc.eu-west-1.amazonaws.com/token") return renew(asked);
    if (broken_portal) return *broken_portal;
    const bool known = request.url ==
                       "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?"
                       "account_id=111122223333&role_name=read%2Ber";
    if (!known) return reply(404, {}, R"({"message":"No access","__type":"X"})");
    if (request.headers.find("x-amz-sso_bearer_token") != access)
      return reply(401, {}, R"({"message":"Session token not found or invalid"})");
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(keys_end.time_since_epoch());
    return reply(200, {},
                 R"({"roleCredentials":{"accessKeyId":"K)" + std::to_string(++keys_given) +
                     R"(","secretAccessKey":"CANARYsecret","sessionToken":"CANARYtoken",)"
                     R"("expiration":)" +
                     std::to_string(ms.count()) + "}}");
  }
  http::Exchange renew(const RecordedRequest& asked) {
    if (broken_oidc) return *broken_oidc;
    const auto body = parse_json_object(asked.body);
    const auto is = [&](const char* name, const std::string& value) {
      const auto found = body->find(name);
      return found != body->end() && found->second.text.reveal() == value;
    };
    if (!body || asked.request.headers.find("Content-Type") != "application/json" ||
        !is("clientId", "client") || !is("clientSecret", "CANARYclient") ||
        !is("grantType", "refresh_token") || !is("refreshToken", refresh)) {
      return reply(400, {},
                   R"({"error":"invalid_grant","error_description":"no )" + refresh + "\"}");
    }
    access = "CANARYaccess2";
    refresh = "CANARYrefresh2";
    return reply(200, {},
                 R"({"accessToken":")" + access + R"(","refreshToken":")" + refresh +
                     R"(","expiresIn":28800,"tokenType":"Bearer"})");
  }
  [[nodiscard]] std::size_t renewals() const {
    std::size_t count = 0;
    for (const auto& asked : remote.requests())
      count += asked.request.url.ends_with("/token") ? 1U : 0U;
    return count;
  }
};

TEST_CASE("a sign-in of the AWS CLI gives the keys of the role, again and again", "[s3]") {
  Office office;
  office.sign_in(office.clock.wall() + hours(8));
  const auto source = office.find(office.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto keys = (*source)->get();
  REQUIRE(keys);
  CHECK(keys->access_key == "K1");
  CHECK(keys->secret_key.reveal() == "CANARYsecret");
  CHECK(keys->session_token.reveal() == "CANARYtoken");
  CHECK(keys->source == "IAM Identity Center, role read+er in account 111122223333");
  CHECK(keys->expires == office.clock.wall() + hours(1));
  office.clock.advance(minutes(55));
  office.keys_end = office.clock.wall() + hours(1);
  CHECK(key_of(**source) == "K2");
  CHECK(office.renewals() == 0);
}

TEST_CASE("a sign-in is renewed before it ends, and kept for other programs", "[s3]") {
  Office office;
  office.sign_in(office.clock.wall() + minutes(14));
  const auto source = office.find(office.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(key_of(**source) == "K1");
  CHECK(office.renewals() == 1);
  const auto file = SecretFile::read(office.dir.path + "/" + kSessionFile);
  REQUIRE(file);
  const auto kept = parse_json_object(file->text());
  REQUIRE(kept);
  CHECK(kept->at("accessToken").text.reveal() == "CANARYaccess2");
  CHECK(kept->at("refreshToken").text.reveal() == "CANARYrefresh2");
  CHECK(kept->at("clientSecret").text.reveal() == "CANARYclient");
  CHECK(kept->at("startUrl").text.reveal() == "https://corp.test/start");
  CHECK(kept->at("region").text.reveal() == "eu-west-1");
  CHECK(kept->at("expiresAt").text.reveal() == office.when(office.clock.wall() + hours(8)));
}

TEST_CASE("a sign-in that is over says the one command to run, and goes on after it", "[s3]") {
  LogLines log;
  Office office;
  office.config.profile = GENERATE("work", "old");
  CAPTURE(office.config.profile);
  const bool legacy = office.config.profile == "old";
  const std::string command = "run aws sso login --profile " + office.config.profile;
  const auto none = office.find(office.config);
  REQUIRE_FALSE(none);
  CHECK(none.error().err == ENOKEY);
  CHECK(none.error().text == "profile " + office.config.profile + " is not signed in: " + command);
  CHECK(office.remote.requests().empty());

  office.broken_oidc = reply(400, {}, R"({"error":"invalid_grant","error_description":"x"})");
  office.sign_in(office.clock.wall() - seconds(1), legacy ? kLegacyFile : kSessionFile);
  const auto over = office.find(office.config);
  REQUIRE_FALSE(over);
  CHECK(over.error().err == ENOKEY);
  CHECK_THAT(over.error().text, Catch::Matchers::EndsWith(command));
  CHECK_THAT(over.error().text, ContainsSubstring(legacy ? "has a sign-in that is over"
                                                         : "does not renew the sign-in"));
  CHECK(over.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("a mount goes on with a new sign-in", "[s3]") {
  LogLines log;
  Office office;
  office.sign_in(office.clock.wall() + hours(1));
  const auto source = office.find(office.config);
  REQUIRE(source);
  office.broken_oidc = reply(400, {}, R"({"error":"invalid_grant","error_description":"x"})");
  office.access = "CANARYother";
  office.clock.advance(hours(1));
  CHECK_THAT(key_of(**source), ContainsSubstring("run aws sso login --profile work"));
  office.clock.advance(seconds(1));
  office.sign_in(office.clock.wall() + hours(8));
  office.keys_end = office.clock.wall() + hours(1);
  CHECK(key_of(**source) == "K2");
  for (const std::string& line : log.lines) CHECK(line.find("CANARY") == std::string::npos);
}

TEST_CASE("a sign-in that still lasts is used when it cannot be renewed", "[s3]") {
  Office office;
  office.sign_in(office.clock.wall() + minutes(10));
  office.broken_oidc = GENERATE(reply(500, {}, ""), reply(400, {}, "<html>"), reply(200, {}, "{}"),
                                reply(200, {}, R"({"accessToken":"a b","expiresIn":1})"),
                                reply(200, {}, R"({"accessToken":"a","expiresIn":0})"));
  const auto source = office.find(office.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(key_of(**source) == "K1");
}

TEST_CASE("a token that the portal does not take is a matter for the user", "[s3]") {
  Office office;
  office.sign_in(office.clock.wall() + hours(8));
  office.access = "CANARYother";
  const auto refused = office.find(office.config);
  REQUIRE_FALSE(refused);
  CHECK(
      refused.error().text ==
      "profile work has a sign-in that is not accepted any more: run aws sso login --profile work");
}

TEST_CASE("an answer of the portal that cannot be right is refused and not shown", "[s3]") {
  struct Row {
    int status;
    std::string body;
    std::string text;
  };
  const std::string good =
      R"({"roleCredentials":{"accessKeyId":"K","secretAccessKey":"CANARY","sessionToken":"T",)"
      R"("expiration":1895317449000}})";
  const auto with = [&](const std::string& before, const std::string& after) {
    std::string text = good;
    return text.replace(text.find(before), before.size(), after);
  };
  const std::vector<Row> rows = {
      {403, R"({"message":"No access"})",
       "does not give the keys of role read+er in account "
       "111122223333: No access"},
      {404, "<html>CANARY", "status 404"},
      {302, "", "status 302"},
      {503, "CANARY", "does not answer: status 503"},
      {200, "", "are not a JSON object"},
      {200, good.substr(0, 60), "are not a JSON object"},
      {200, R"({"accessKeyId":"K"})", "have no usable accessKeyId"},
      {200, R"({"roleCredentials":["CANARY"]})", "have no usable accessKeyId"},
      {200, with("\"K\"", "\"K CANARY\""), "have no usable accessKeyId"},
      {200, with("CANARY", ""), "have no usable secretAccessKey"},
      {200, with("\"T\"", "null"), "have no usable sessionToken"},
      {200, with("1895317449000", "\"soon\""), "have no usable expiration"},
      {200, with("1895317449000", "99999999999999999999"), "have no usable expiration"},
      {200, with("1895317449000", "1"), "expired at 1970"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status, row.body);
    Office office;
    office.sign_in(office.clock.wall() + hours(8));
    office.broken_portal = reply(row.status, {}, row.body);
    const auto refused = office.find(office.config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().err == ENOKEY);
    CHECK_THAT(refused.error().text, ContainsSubstring(row.text));
    CHECK(refused.error().text.find("CANARY") == std::string::npos);
  }
}

TEST_CASE("a file that is no sign-in is named with the command that makes one", "[s3]") {
  Office office;
  struct Row {
    std::string content;
    std::string text;
  };
  const Row row = GENERATE(
      Row{"", "that is not a JSON object"}, Row{"CANARY", "that is not a JSON object"},
      Row{R"({"expiresAt":"2030-01-01T00:00:00Z"})", "that has no usable accessToken"},
      Row{R"({"accessToken":"CANARY"})", "that has no usable expiresAt"},
      Row{R"({"accessToken":"CANARY","expiresAt":"never"})", "that has no usable expiresAt"});
  static_cast<void>(office.dir.write(kSessionFile, row.content));
  const auto refused = office.find(office.config);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, ContainsSubstring(row.text) &&
                                       ContainsSubstring(": run aws sso login --profile work") &&
                                       !ContainsSubstring("CANARY"));
}

TEST_CASE("the services of a sign-in may stand elsewhere", "[s3]") {
  Office office;
  office.sign_in(office.clock.wall() + minutes(1));
  office.config.environment["AWS_ENDPOINT_URL_SSO"] = "http://127.0.0.1:1";
  office.config.environment["AWS_ENDPOINT_URL_SSO_OIDC"] = "https://oidc.test";
  static_cast<void>(office.find(office.config));
  REQUIRE(office.remote.requests().size() == 1);
  CHECK(office.remote.requests()[0].request.url == "https://oidc.test/token");
  REQUIRE(office.local.requests().size() == 2);  // tried twice
  CHECK(office.local.requests()[0].request.url.starts_with(
      "http://127.0.0.1:1/federation/credentials?"));
}

TEST_CASE("the time in a sign-in of an old AWS CLI is understood", "[s3]") {
  const auto token = parse_sso_token(R"({"accessToken":"a","expiresAt":"2026-11-22T03:17:29UTC"})");
  REQUIRE(token);
  CHECK(token->expires == WallTime(test::FakeClock::kStart));
  CHECK_FALSE(token->renewable(token->expires));
}

}  // namespace
}  // namespace pailfs::auth
