// SPDX-License-Identifier: Apache-2.0
#include "s3d/tokens.h"

#include <memory>
#include <string>

#include "s3d/server.h"
#include "s3d/test_client.h"
#include "support/catch.h"

namespace s3d {
namespace {

constexpr const char* kForm =
    "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=api%2Bkey";

RequestHead form_head() {
  RequestHead head;
  head.method = "POST";
  head.headers.add("content-type", "application/x-www-form-urlencoded");
  return head;
}

TEST_CASE("a token is given for the API key and for nothing else") {
  Tokens tokens;
  CHECK(tokens.give_ibm(form_head(), Body(kForm), 1000).status == 400);
  tokens.set_api_key("api+key");
  tokens.set_lifetime(10);
  CHECK(tokens.give_ibm(form_head(), Body(kForm), 1000).status == 200);
  REQUIRE(tokens.all().size() == 1);
  const std::string bearer = "Bearer " + tokens.all().front();
  CHECK(tokens.accepts(bearer, 1009));
  CHECK_FALSE(tokens.accepts(bearer, 1010));
  CHECK_FALSE(tokens.accepts(bearer + "x", 1009));
  CHECK_FALSE(tokens.accepts(tokens.all().front(), 1009));
  tokens.revoke();
  CHECK_FALSE(tokens.accepts(bearer, 1001));

  RequestHead no_form = form_head();
  no_form.headers.erase("content-type");
  CHECK(tokens.give_ibm(no_form, Body(kForm), 1000).status == 400);
  RequestHead stranger = form_head();
  stranger.headers.add("authorization", "Basic AAAA");
  CHECK(tokens.give_ibm(stranger, Body(kForm), 1000).status == 400);
  for (const char* form : {"", "apikey=api%2Bkey", "grant_type=x&apikey=api%2Bkey",
                           "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=api+key",
                           "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=other"}) {
    INFO(form);
    CHECK(tokens.give_ibm(form_head(), Body(form), 1000).status == 400);
  }
  CHECK(tokens.all().size() == 1);
}

TEST_CASE("keys of a role are given for a token, an account and a role") {
  Tokens tokens;
  tokens.add("good", 1010);
  const Credentials keys{"AK", "S", "T", false};
  const auto ask = [&](const std::string& token, const std::string& query) {
    auto head = parse_head("GET /federation/credentials?" + query +
                           " HTTP/1.1\r\nHost: h\r\nx-amz-sso_bearer_token: " + token + "\r\n\r\n");
    REQUIRE(head);
    return tokens.give_role(*head, keys, 1000);
  };
  const std::string query = "account_id=111122223333&role_name=r";
  CHECK(ask("good", query).status == 200);
  CHECK(ask("good", query).body.to_string().find("\"expiration\":4600000") != std::string::npos);
  CHECK(ask("bad", query).status == 401);
  CHECK(ask("good", "role_name=r").status == 400);
  CHECK(ask("good", "account_id=111122223333").status == 400);
}

TEST_CASE("a bearer token stands for a signature while it is good") {
  ServerOptions options;
  options.buckets = {"pail"};
  std::string reason;
  const auto server = Server::start(options, reason);
  REQUIRE(server);
  TestClient client(server->port());
  const TestHeaders bearer = {{"Authorization", "Bearer good"}};
  CHECK(client.get("/pail/", bearer).code() == "InvalidArgument");
  server->tokens().add("good", server->now() + 100);
  CHECK(client.get("/pail/", bearer).status == 200);
  CHECK(client.put("/pail/k", "x", bearer).status == 200);
  CHECK(client.get("/pail/", {{"Authorization", "Bearer bad"}}).status == 403);
  CHECK(client.get("/pail/").status == 403);
  server->set_clock_offset(100);
  CHECK(client.get("/pail/", bearer).code() == "AccessDenied");
  server->set_rule("token_401");
  CHECK(client.get("/pail/", bearer).status == 401);
}

}  // namespace
}  // namespace s3d
