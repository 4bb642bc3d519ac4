// SPDX-License-Identifier: Apache-2.0
#include "auth/login.h"

#include "auth/credentials_file.h"
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

constexpr const char* kUrl = "https://eu-west-3.signin.aws.amazon.com/v1/token";

std::string escaped(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n'))
    text.replace(at, 1, "\\n");
  return text;
}

/// A machine with a profile that "aws login" has made, and an imitation of the sign-in service.
struct Desk : Machine {
  TempDir dir;
  test::KeyPair pair{test::KeyPair::Kind::p256};
  std::string refresh = "CANARYrefresh1";
  int given = 0;
  std::optional<http::Exchange> broken;

  Desk() {
    config = empty_config(dir);
    config.profile = "desk";
    config.profile_given = true;
    static_cast<void>(
        dir.write("home/.aws/config",
                  "[profile desk]\nlogin_session = arn:aws:iam::1:user/me\nregion = eu-west-3\n"));
    remote.otherwise([this](const RecordedRequest& asked) { return answer(asked); });
  }
  [[nodiscard]] std::string path() const {
    return login_token_file(config, {"desk", "arn:aws:iam::1:user/me"});
  }
  [[nodiscard]] static std::string when(WallTime time) {
    const std::string text = iso8601_millis(time);
    return text.substr(0, text.find('.')) + "Z";
  }
  void sign_in(WallTime ends, const std::string& pem) const {
    static_cast<void>(dir.write(
        path().substr(dir.path.size() + 1),
        R"({"accessToken":{"accessKeyId":"K0","secretAccessKey":"CANARYsecret",)"
        R"("sessionToken":"CANARYtoken","accountId":"111122223333","expiresAt":")" +
            when(ends) + R"("},"tokenType":"aws_sigv4","clientId":"client","refreshToken":")" +
            refresh + R"(","idToken":"CANARYid","dpopKey":")" + escaped(pem) + "\"}"));
  }
  void sign_in(WallTime ends) const { sign_in(ends, pair.pem()); }

  /// Whether the request was made by a client that has the private key, just now and for this URL.
  [[nodiscard]] bool is_proven(const http::Request& request) const {
    const auto parts = split(request.headers.find("DPoP").value_or(""), '.');
    if (parts.size() != 3) return false;
    const auto header = parse_json_object(test::from_base64url(parts[0]), Nested::flattened);
    const auto payload = parse_json_object(test::from_base64url(parts[1]));
    if (!header || !payload) return false;
    const auto says = [](const JsonObject& in, const char* name, const std::string& value) {
      const auto found = in.find(name);
      return found != in.end() && found->second.text.reveal() == value;
    };
    const auto now = std::chrono::duration_cast<seconds>(clock.wall().time_since_epoch()).count();
    return says(*header, "typ", "dpop+jwt") && says(*header, "alg", "ES256") &&
           says(*header, "jwk.kty", "EC") && says(*header, "jwk.crv", "P-256") &&
           header->at("jwk.x").text.reveal().size() == 43 && says(*payload, "htm", "POST") &&
           says(*payload, "htu", request.url) && says(*payload, "iat", std::to_string(now)) &&
           payload->at("jti").text.reveal().size() == 32 &&
           pair.verifies(parts[0] + "." + parts[1], test::from_base64url(parts[2]));
  }
  http::Exchange answer(const RecordedRequest& asked) {
    if (broken) return *broken;
    const auto body = parse_json_object(asked.body);
    const auto sent = body ? body->find("refreshToken") : JsonObject::const_iterator();
    const std::string told = body && sent != body->end() ? sent->second.text.reveal() : "";
    const bool right = asked.request.url == kUrl && is_proven(asked.request) && body &&
                       body->at("grantType").text.reveal() == "refresh_token" &&
                       body->at("clientId").text.reveal() == "client" &&
                       body->at("refreshToken").text.reveal() == refresh;
    if (!right)
      return reply(401, {}, R"({"error":"TOKEN_EXPIRED","message":"over: )" + told + "\"}");
    refresh = "CANARYrefresh" + std::to_string(++given + 1);
    return reply(200, {},
                 R"({"accessToken":{"accessKeyId":"K)" + std::to_string(given) +
                     R"(","secretAccessKey":"CANARYsecret","sessionToken":"CANARYtoken"},)"
                     R"("tokenType":"aws_sigv4","expiresIn":900,"refreshToken":")" +
                     refresh + "\"}");
  }
};

TEST_CASE("a sign-in of aws login is used, renewed and kept for other programs", "[s3]") {
  LogLines log;
  Desk desk;
  desk.sign_in(desk.clock.wall() + minutes(15));
  const auto source = desk.find(desk.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(key_of(**source) == "K0");
  CHECK((*source)->get()->source == "aws login, profile desk");
  CHECK(desk.remote.requests().empty());
  for (const char* key : {"K1", "K2"}) {
    desk.clock.advance(minutes(10));
    CHECK(key_of(**source) == key);
  }
  const auto file = SecretFile::read(desk.path());
  REQUIRE(file);
  const auto kept = parse_json_object(file->text(), Nested::flattened);
  REQUIRE(kept);
  CHECK(kept->at("accessToken.accessKeyId").text.reveal() == "K2");
  CHECK(kept->at("accessToken.accountId").text.reveal() == "111122223333");
  CHECK(kept->at("accessToken.expiresAt").text.reveal() ==
        Desk::when(desk.clock.wall() + minutes(15)));
  CHECK(kept->at("refreshToken").text.reveal() == "CANARYrefresh3");
  CHECK(kept->at("idToken").text.reveal() == "CANARYid");
  CHECK(kept->at("dpopKey").text.reveal() == desk.pair.pem());
  for (const std::string& line : log.lines) CHECK(line.find("CANARY") == std::string::npos);
}

TEST_CASE("a sign-in of aws login that is over says the one command to run", "[s3]") {
  Desk desk;
  const auto error = [&] {
    const auto source = desk.find(desk.config);
    REQUIRE_FALSE(source);
    CHECK(source.error().err == ENOKEY);
    CHECK(source.error().text.find("CANARY") == std::string::npos);
    CHECK_THAT(source.error().text, Catch::Matchers::EndsWith(": run aws login --profile desk"));
    return source.error().text;
  };
  CHECK(error() == "profile desk is not signed in: run aws login --profile desk");
  desk.sign_in(desk.clock.wall());
  desk.refresh = "CANARYother";
  CHECK_THAT(error(), ContainsSubstring("is not renewed by AWS Sign-In at "
                                        "https://eu-west-3.signin.aws.amazon.com, TOKEN_EXPIRED"));
  desk.sign_in(desk.clock.wall(), "CANARY");
  CHECK_THAT(error(), ContainsSubstring("the dpopKey of the sign-in is not a private key"));
  desk.sign_in(desk.clock.wall(), test::KeyPair(test::KeyPair::Kind::rsa).pem());
  CHECK_THAT(error(), ContainsSubstring("the private key is not of P-256"));
  for (const char* content : {"", "CANARY", "{}", R"({"accessToken":{"accessKeyId":"CANARY"}})"}) {
    static_cast<void>(desk.dir.write(desk.path().substr(desk.dir.path.size() + 1), content));
    CHECK_THAT(error(), ContainsSubstring("that cannot be read"));
  }
}

TEST_CASE("keys of aws login that still last are used when they cannot be renewed", "[s3]") {
  Desk desk;
  desk.sign_in(desk.clock.wall() + minutes(4));
  const std::string keys =
      R"("accessToken":{"accessKeyId":"K","secretAccessKey":"S","sessionToken":"T"})";
  desk.broken =
      GENERATE_COPY(reply(500, {}, ""), reply(403, {}, R"({"error":"INSUFFICIENT_PERMISSIONS"})"),
                    reply(200, {}, "<html>"), reply(200, {}, "{" + keys + "}"),
                    reply(200, {}, "{" + keys + R"(,"expiresIn":0,"refreshToken":"r"})"),
                    reply(200, {}, "{" + keys + R"(,"expiresIn":900,"refreshToken":"r r"})"),
                    reply(200, {}, R"({"accessToken":"K","expiresIn":900,"refreshToken":"r"})"));
  const auto source = desk.find(desk.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(key_of(**source) == "K0");
  CHECK(SecretFile::read(desk.path())->text().find("K0") != std::string::npos);
}

TEST_CASE("aws login is asked in the region and partition of the profile", "[s3]") {
  struct Row {
    std::map<std::string, std::string> environment;
    std::string url;  // empty: none is asked
  };
  const Row row = GENERATE(
      Row{{}, kUrl},
      Row{{{"AWS_REGION", "cn-north-1"}}, "https://cn-north-1.signin.amazonaws.cn/v1/token"},
      Row{{{"AWS_REGION", "us-gov-west-1"}},
          "https://us-gov-west-1.signin.amazonaws-us-gov.com/v1/token"},
      Row{{{"AWS_ENDPOINT_URL_SIGNIN", "https://signin.test"}}, "https://signin.test/v1/token"},
      Row{{{"AWS_REGION", "x.evil/"}}, ""});
  Desk desk;
  desk.config.environment = row.environment;
  desk.sign_in(desk.clock.wall());
  static_cast<void>(desk.find(desk.config));
  const auto asked = desk.remote.requests();
  CHECK(asked.empty() == row.url.empty());
  if (!asked.empty()) CHECK(asked[0].request.url == row.url);
}

TEST_CASE("the cache of aws login may stand elsewhere", "[s3]") {
  Desk desk;
  CHECK_THAT(desk.path(), Catch::Matchers::StartsWith(desk.dir.path + "/home/.aws/login/cache/"));
  desk.config.environment["AWS_LOGIN_CACHE_DIRECTORY"] = desk.dir.path + "/other";
  CHECK(desk.path().starts_with(desk.dir.path + "/other/"));
  desk.sign_in(desk.clock.wall() + hours(1));
  CHECK(desk.find(desk.config).has_value());
}

}  // namespace
}  // namespace pailfs::auth
