// SPDX-License-Identifier: Apache-2.0
#include "auth/google_token.h"

#include "auth/json.h"
#include "key_fixture.h"
#include "key_pair.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::RecordedRequest;
using test::reply;

std::string escaped(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n'))
    text.replace(at, 1, "\\n");
  return text;
}

std::string answer(const std::string& token) {
  return R"({"access_token":")" + token + R"(","expires_in":3599,"token_type":"Bearer"})";
}

/// A machine that asks for tokens of Google's.
struct Google : Machine {
  TempDir dir;
  test::KeyPair pair{test::KeyPair::Kind::rsa};
  Google() {
    config = empty_config(dir);
    config.google = GoogleTokens::searched;
  }
  [[nodiscard]] std::string account(const std::string& pem,
                                    const std::string& uri = "https://oauth2.test/token") const {
    return "\n"
           R"({"type":"service_account","project_id":"p","private_key_id":"kid1",)"
           R"("private_key":")" +
           escaped(pem) +
           R"(","client_email":"me@p.iam.gserviceaccount.com","client_id":"1","token_uri":")" +
           uri + "\"}\n";
  }
  [[nodiscard]] std::string account() const { return account(pair.pem()); }
  static std::string user() {
    return R"({"type":"authorized_user","client_id":"id","client_secret":"CANARYclient",)"
           R"("refresh_token":"CANARY/refresh"})";
  }
  static std::string token_of(CredentialSource& source) {
    const auto got = source.get();
    return got ? got->bearer.reveal() : "error: " + got.error().text;
  }
};

TEST_CASE("a service account proves itself by a web token that its key has signed", "[s3]") {
  Google google;
  google.config.passwd_file = google.dir.write("account.json", google.account());
  google.remote.then(reply(200, {}, answer("t1")));
  const auto source = google.find(google.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto got = (*source)->get();
  REQUIRE(got);
  CHECK(got->bearer.reveal() == "t1");
  CHECK(got->google);
  CHECK(got->source ==
        "Google service account me@p.iam.gserviceaccount.com (" + google.config.passwd_file + ")");
  CHECK(got->expires == google.clock.wall() + seconds(3599));

  const auto asked = google.remote.requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].request.url == "https://oauth2.test/token");
  const std::string begin =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  REQUIRE(asked[0].body.starts_with(begin));
  const auto parts = split(asked[0].body.substr(begin.size()), '.');
  REQUIRE(parts.size() == 3);
  CHECK(google.pair.verifies(parts[0] + "." + parts[1], test::from_base64url(parts[2])));
  CHECK(test::from_base64url(parts[0]) == R"({"alg":"RS256","typ":"JWT","kid":"kid1"})");
  const auto claims = parse_json_object(test::from_base64url(parts[1]));
  REQUIRE(claims);
  const auto now = std::chrono::duration_cast<seconds>(google.clock.wall().time_since_epoch());
  CHECK(claims->at("iss").text.reveal() == "me@p.iam.gserviceaccount.com");
  CHECK(claims->at("aud").text.reveal() == "https://oauth2.test/token");
  CHECK(claims->at("scope").text.reveal() ==
        "https://www.googleapis.com/auth/devstorage.full_control");
  CHECK(claims->at("iat").text.reveal() == std::to_string(now.count()));
  CHECK(claims->at("exp").text.reveal() == std::to_string(now.count() + 3600));

  google.remote.then(reply(200, {}, answer("t2")));
  google.clock.advance(minutes(55));
  CHECK(Google::token_of(**source) == "t2");
}

TEST_CASE("a user's account is asked for by its refresh token", "[s3]") {
  Google google;
  google.config.passwd_file = google.dir.write("user.json", Google::user());
  google.remote.then(reply(200, {}, answer("t1")));
  const auto source = google.find(google.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(Google::token_of(**source) == "t1");
  CHECK((*source)->get()->source == "Google user (" + google.config.passwd_file + ")");
  CHECK(google.remote.requests()[0].request.url == "https://oauth2.googleapis.com/token");
  CHECK(google.remote.requests()[0].body ==
        "grant_type=refresh_token&client_id=id&client_secret=CANARYclient"
        "&refresh_token=CANARY%2Frefresh");
}

TEST_CASE("an account is looked for where Google's programs look, and only for Google's hosts",
          "[s3]") {
  Google google;
  const std::string machine =
      "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";
  google.local.otherwise([](const RecordedRequest& asked) {
    return asked.request.headers.find("Metadata-Flavor") == "Google"
               ? reply(200, {}, answer("machine"))
               : reply(403);
  });
  google.remote.otherwise([](const RecordedRequest& asked) {
    return reply(
        200, {},
        answer(asked.body.find("refresh_token") != std::string::npos ? "user" : "account"));
  });
  const auto found = [&] {
    const auto source = google.find(google.config);
    return source ? Google::token_of(**source) : "error: " + source.error().text;
  };
  CHECK(found() == "machine");
  CHECK(google.local.requests().back().request.url == machine);
  CHECK(google.local.requests().size() == 1);

  static_cast<void>(
      google.dir.write("home/.config/gcloud/application_default_credentials.json", Google::user()));
  CHECK(found() == "user");
  static_cast<void>(google.dir.write("home/.passwd-s3fs", "HMAC:S\n"));
  CHECK(found().empty());  // keys, no token
  google.config.environment["GOOGLE_APPLICATION_CREDENTIALS"] =
      google.dir.write("account.json", google.account(), 0644);
  CHECK(found() == "account");

  google.config.google = GENERATE(GoogleTokens::forbidden, GoogleTokens::named);
  CHECK(found().empty());
  std::filesystem::remove(google.dir.path + "/home/.passwd-s3fs");
  CHECK_THAT(found(), ContainsSubstring("could not determine"));
}

TEST_CASE("an account that cannot be used ends the search and is not shown", "[s3]") {
  struct Row {
    std::string document;
    int err;
    std::string text;
  };
  Google google;
  std::string no_email = google.account();
  no_email.replace(no_email.find("client_email"), 1, "x");
  const std::vector<Row> rows = {
      {R"({"type":"external_account","audience":"CANARY"})", ENOTSUP,
       "is of type \"external_account\"; it can be a service_account or an authorized_user"},
      {R"({"a":1})", ENOTSUP, "is of type \"\""},
      {"{\"CANARY", EINVAL, "is not a JSON object"},
      {no_email, EINVAL, "has no usable client_email"},
      {google.account("CANARY"), EINVAL, "is not a private key in PEM, without a pass phrase"},
      {google.account(test::KeyPair(test::KeyPair::Kind::p256).pem()), EINVAL, "is not one of RSA"},
      {google.account(google.pair.pem(), "http://oauth2.test/token"), EINVAL,
       "token_uri is http://oauth2.test: http is allowed for this machine only"},
      {google.account(google.pair.pem(), "https://oauth2.test/a?b"), EINVAL,
       "token_uri has a path that cannot be one"},
      {R"({"type":"authorized_user","client_id":"id","client_secret":"CANARY"})", EINVAL,
       "lacks client_id, client_secret or refresh_token"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    google.config.passwd_file = google.dir.write("account.json", row.document);
    const auto refused = google.find(google.config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().err == row.err);
    CHECK_THAT(refused.error().text, ContainsSubstring(row.text) && !ContainsSubstring("CANARY"));
  }
  CHECK(google.remote.requests().empty());
}

TEST_CASE("a token of Google's is for Google's hosts", "[s3]") {
  Google google;
  google.config.passwd_file = google.dir.write("account.json", google.account());
  google.config.google = GoogleTokens::forbidden;
  const auto refused = google.find(google.config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == EINVAL);
  CHECK_THAT(refused.error().text, ContainsSubstring("add -o url=https://storage.googleapis.com"));
  CHECK(google.remote.requests().empty());
  google.config.google = GoogleTokens::named;
  google.remote.then(reply(200, {}, answer("t")));
  CHECK(google.find(google.config));
}

TEST_CASE("an account's file must be its owner's alone where a password file must", "[s3]") {
  Google google;
  google.config.passwd_file = google.dir.write("account.json", google.account(), 0644);
  const auto refused = google.find(google.config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == EACCES);
  CHECK(google.remote.requests().empty());
}

TEST_CASE("what Google refuses is told in its words, without the proof", "[s3]") {
  Google google;
  google.config.passwd_file = google.dir.write("user.json", Google::user());
  google.remote.then(reply(
      400, {},
      R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})"));
  const auto refused = google.find(google.config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err == ENOKEY);
  CHECK(refused.error().text ==
        "Google at https://oauth2.googleapis.com/token gives no token for Google user (" +
            google.config.passwd_file + "): invalid_grant: Token has been expired or revoked.");
  google.remote.then(
      reply(400, {}, R"({"error":"invalid_grant","error_description":"CANARY/refresh is bad"})"));
  const auto repeats = google.find(google.config);
  REQUIRE_FALSE(repeats);
  CHECK(repeats.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("a machine of Google's without an account is a place without keys", "[s3]") {
  Google google;
  struct Row {
    http::Exchange answer;
    std::string text;
  };
  const Row row = GENERATE(
      Row{reply(404, {}, "CANARY"), "this machine has no service account"},
      Row{reply(403, {}, "CANARY"), "gives no token: status 403"},
      Row{reply(200, {}, "CANARY"), "are not a JSON object"},
      Row{reply(200, {}, answer("a CANARY")), "have no usable access_token"},
      Row{test::failure(http::Failure::timeout, "it stalled"), "does not answer: it stalled"});
  google.local.then(row.answer);
  const auto none = google.find(google.config);
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().text, ContainsSubstring("could not determine") &&
                                    ContainsSubstring(row.text) && !ContainsSubstring("CANARY"));
  CHECK(google.local.requests().size() == 1);
}

}  // namespace
}  // namespace pailfs::auth
