// SPDX-License-Identifier: Apache-2.0
#include "auth/container_keys.h"

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using test::RecordedRequest;
using test::reply;

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

std::string document(const std::string& key, WallTime expires) {
  return R"({"RoleArn":"arn:x","AccessKeyId":")" + key +
         R"(","SecretAccessKey":"CANARYsecret","Token":"CANARYtoken","Expiration":")" +
         iso8601_millis(expires) + "\"}";
}

TEST_CASE("the address of a container's keys is one that may hear of them", "[s3]") {
  struct Row {
    std::string relative;
    std::string full;
    std::string url;    // empty: refused
    std::string error;  // part of it
    bool local = true;
  };
  const Row row = GENERATE(
      Row{"/v2/credentials/x?id=1", "", "http://169.254.170.2/v2/credentials/x?id=1", ""},
      Row{"/r", "https://ignored.example", "http://169.254.170.2/r", ""},
      Row{"@evil.example/", "", "", "must be a path"}, Row{"/a\r\nb", "", "", "must be a path"},
      Row{"", "", "", "neither"},
      Row{"", "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials", ""},
      Row{"", "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials", ""},
      Row{"", "http://169.254.170.2:80/x", "http://169.254.170.2/x", ""},
      Row{"", "http://127.0.0.9:8080/x", "http://127.0.0.9:8080/x", ""},
      Row{"", "http://localhost:8080", "http://localhost:8080/", ""},
      Row{"", "http://[::1]:8080?a=b", "http://[::1]:8080/?a=b", ""},
      Row{"", "https://keys.example/a/b?c=d", "https://keys.example/a/b?c=d", "", false},
      Row{"", "http://keys.example/a", "", "http is allowed for this machine and"},
      Row{"", "http://169.254.169.254/a", "", "http is allowed for this machine and"},
      Row{"", "http://127.0.0.1.evil.example/a", "", "http is allowed for this machine and"},
      Row{"", "http://localhost@evil.example/a", "", "is no address"},
      Row{"", "ftp://localhost/", "", "is no address"}, Row{"", "localhost/x", "", "has no https"},
      Row{"", "https://keys.example/a b", "", "a path that cannot be one"});
  CAPTURE(row.relative, row.full);
  Machine machine;
  machine.config.environment = {{kRelative, row.relative}, {kFull, row.full}};
  const auto endpoint = container_endpoint(machine.world());
  CHECK(endpoint.has_value() == !row.url.empty());
  if (endpoint) {
    CHECK(endpoint->url == row.url);
    CHECK(endpoint->local == row.local);
  } else {
    CHECK_THAT(endpoint.error().text, ContainsSubstring(row.error));
  }
}

TEST_CASE("a container's keys come with its token, which is read each time", "[s3]") {
  const TempDir dir;
  Machine machine;
  CredentialConfig config = empty_config(dir);
  const WallTime expires = machine.clock.wall() + hours(1);
  config.environment = {{kFull, "http://169.254.170.23/v1/credentials"},
                        {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "unused"},
                        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", dir.write("token", "T1\n")}};
  config.ecs = GENERATE(true, false);
  machine.local.then(reply(200, {}, document("K1", expires)));
  auto source = machine.find(config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  const auto keys = (*source)->get();
  REQUIRE(keys);
  CHECK(keys->access_key == "K1");
  CHECK(keys->session_token.reveal() == "CANARYtoken");
  CHECK(keys->expires == expires);
  static_cast<void>(dir.write("token", "T2"));
  machine.clock.advance(minutes(56));
  machine.local.then(reply(200, {}, document("K2", expires + hours(1))));
  CHECK(key_of(**source) == "K2");
  const auto asked = machine.local.requests();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].request.headers.find("Authorization") == "T1");
  CHECK(asked[1].request.headers.find("Authorization") == "T2");
  CHECK(machine.remote.requests().empty());
}

TEST_CASE("an address under https is asked through the other network", "[s3]") {
  Machine machine;
  machine.config.environment = {{kFull, "https://keys.example/a"},
                                {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer xyz"}};
  machine.remote.then(reply(200, {}, R"({"AccessKeyId":"K","SecretAccessKey":"S"})"));
  const auto keys = fetch_container_keys(machine.world());
  REQUIRE(keys);
  CHECK(keys->session_token.empty());
  CHECK_FALSE(keys->expires);
  CHECK(machine.remote.requests()[0].request.headers.find("Authorization") == "Bearer xyz");
}

TEST_CASE("a container endpoint that was named and fails ends the search", "[s3]") {
  const TempDir dir;
  Machine machine;
  CredentialConfig config = empty_config(dir);
  config.environment = {{kRelative, "/CANARY"}};
  std::string expected;
  SECTION("it refuses") {
    machine.local.then(reply(403, {}, "CANARY"));
    expected = "refuses (status 403)";
  }
  SECTION("it does not answer, twice") {
    expected = "the container endpoint http://169.254.170.2 does not answer: no answer scripted";
  }
  SECTION("it sends no keys") {
    machine.local.then(reply(200, {}, R"({"message":"CANARY"})"));
    expected = "have no usable AccessKeyId";
  }
  SECTION("the token cannot be read") {
    config.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = dir.path + "/none";
    expected = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ";
  }
  SECTION("the token would make another header") {
    config.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "CANARY\r\nX: y";
    expected = "token of the container cannot be one";
  }
  const auto source = machine.find(config);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text, ContainsSubstring(expected));
  CHECK(source.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("ecs without an address says which variable is missing", "[s3]") {
  const TempDir dir;
  Machine machine;
  CredentialConfig config = empty_config(dir);
  config.ecs = true;
  config.passwd_file = dir.write("pw", "AK:SK\n");
  const auto source = machine.find(config);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text,
             ContainsSubstring("ecs: neither ") && ContainsSubstring(kRelative));
}

}  // namespace
}  // namespace pailfs::auth
