// SPDX-License-Identifier: Apache-2.0
// Requests that carry a bearer token instead of a signature.
#include "client_fixture.h"

namespace pailfs::s3 {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Hands out tokens from a list; each refresh moves on to the next.
class ListedTokens final : public auth::CredentialSource {
 public:
  explicit ListedTokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  Result<auth::Credentials> get() override {
    auth::Credentials credentials;
    credentials.bearer = auth::Secret(tokens_[at_]);
    credentials.source = "the token service";
    return credentials;
  }
  bool refresh(const auth::Credentials& /*used*/) override {
    if (at_ + 1 >= tokens_.size()) return false;
    ++at_;
    return true;
  }

 private:
  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

struct Bearer {
  explicit Bearer(const std::string& url = "https://s3.example.com") {
    Config config = Bench::path_config();
    config.url = url;
    client = make_client(config, transport, tokens, clock, random);
  }
  [[nodiscard]] std::string sent_header(std::size_t index, std::string_view name) const {
    const http::Request request = transport.requests().at(index).request;
    return std::string(request.headers.find(name).value_or("(none)"));
  }

  test::FakeTransport transport;
  test::FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{0}};
  ListedTokens tokens{{"CANARY1", "CANARY2"}};
  std::unique_ptr<Client> client;
};

http::Exchange stored() {
  return test::reply(200, {{"ETag", "\"e\""}}, "");
}

TEST_CASE("A token stands where a signature would, and the body is vouched for all the same") {
  Bearer bearer;
  bearer.transport.then(stored());
  StringSource body("abc");
  PutRequest put;
  put.key = "k";
  REQUIRE(bearer.client->put(put, body));
  CHECK(bearer.sent_header(0, "Authorization") == "Bearer CANARY1");
  for (const char* name : {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "Date"}) {
    CHECK(bearer.sent_header(0, name) == "(none)");
  }
  CHECK(bearer.sent_header(0, "x-amz-checksum-crc32c") == "Nks/tw==");
}

TEST_CASE("A token that is refused with 401 is replaced, of a HEAD too") {
  Bearer bearer;
  const bool named = GENERATE(true, false);
  bearer.transport.then(named ? s3_error(401, "AuthenticationRequired") : test::reply(401));
  bearer.transport.then(test::reply(200, {{"ETag", "\"e\""}, {"Content-Length", "0"}}, ""));
  if (named) {
    StringSink sink;
    GetRequest get;
    get.key = "k";
    REQUIRE(bearer.client->get(get, sink));
  } else {
    REQUIRE(bearer.client->head("k"));
  }
  CHECK(bearer.sent_header(1, "Authorization") == "Bearer CANARY2");
}

TEST_CASE("A token that may not do something is no other one's business") {
  Bearer bearer;
  bearer.transport.then(s3_error(403, "AccessDenied"));
  StringSink sink;
  GetRequest get;
  get.key = "k";
  const auto got = bearer.client->get(get, sink);
  REQUIRE_FALSE(got);
  CHECK(got.error().err == EPERM);
  CHECK(bearer.transport.requests().size() == 1);
}

TEST_CASE("A token is not sent where others can read it") {
  Bearer open("http://s3.example.com");
  const Status refused = open.client->probe("");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text,
             ContainsSubstring("the token of the token service is not sent by "
                               "http://s3.example.com") &&
                 ContainsSubstring("https://") && !ContainsSubstring("CANARY"));
  CHECK(open.transport.requests().empty());

  Bearer here("http://127.0.0.1:9000");
  here.transport.then(s3_error(403, "AccessDenied"));
  const Status denied = here.client->probe("");
  REQUIRE_FALSE(denied);
  CHECK_THAT(denied.error().text, ContainsSubstring("the token of the token service may not list"));
  CHECK(here.sent_header(0, "Authorization") == "Bearer CANARY1");
}

}  // namespace
}  // namespace pailfs::s3
