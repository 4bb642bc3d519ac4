// SPDX-License-Identifier: Apache-2.0
#include "cli/run/demand_conditions.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace pailfs::cli {
namespace {

using http::Exchange;
using http::Method;
using test::RecordedRequest;
using test::reply;

class OneKey final : public auth::CredentialSource {
 public:
  Result<auth::Credentials> get() override {
    return auth::Credentials{"AK", auth::Secret("secret"), {}, "test"};
  }
  bool refresh(const auth::Credentials&) override { return false; }
};

Exchange refusal(int status, const std::string& code) {
  return reply(status, {{"Content-Type", "application/xml"}},
               "<Error><Code>" + code + "</Code></Error>");
}

/// A service with room for one object.
struct Scene {
  Scene() {
    options.s3.url = "https://s3.example.com";
    options.s3.bucket = "pail";
    options.s3.path_style = true;
    options.fs.prefix = "dir/";
  }

  Exchange answer(const RecordedRequest& asked) {
    const http::Headers& headers = asked.request.headers;
    const Exchange found = reply(200, {{"ETag", "\"v\""}, {"Content-Length", "13"}});
    if (asked.request.method == Method::head) return there ? found : reply(404);
    if (asked.request.method == Method::del) {
      there = false;
      return reply(204);
    }
    if (denied) return refusal(403, "AccessDenied");
    if (refuses && (headers.find("If-Match") || headers.find("If-None-Match")))
      return refusal(501, "NotImplemented");
    const bool fails = (obeys_absence && there && headers.find("If-None-Match")) ||
                       (obeys_version && headers.find("If-Match").value_or("\"v\"") != "\"v\"");
    if (fails) return refusal(412, "PreconditionFailed");
    there = true;
    return reply(200, {{"ETag", "\"v\""}});
  }

  std::optional<StartFailure> demand() {
    transport.otherwise([this](const RecordedRequest& asked) { return answer(asked); });
    const auto client = s3::make_client(options.s3, transport, keys, clock, random);
    return demand_conditions(options, *client, "conditional=require");
  }

  Options options;
  test::FakeTransport transport;
  test::FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{7}};
  OneKey keys;
  bool obeys_absence = true;
  bool obeys_version = true;
  bool denied = false;
  bool refuses = false;
  bool there = false;
};

Options options_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"pailfs"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return parse_command_line(argv, {}).options;
}

}  // namespace

TEST_CASE("conditional= says whether conditions are used, or demanded") {
  CHECK(options_of({"b", "/m"}).s3.conditions);
  CHECK_FALSE(options_of({"b", "/m"}).conditions_required);
  CHECK_FALSE(options_of({"b", "/m", "-o", "conditional=off"}).s3.conditions);
  CHECK(options_of({"b", "/m", "-o", "conditional=require"}).conditions_required);
  CHECK(options_of({"b", "/m", "-o", "conditional=off,conditional=auto"}).s3.conditions);
  CHECK_FALSE(parse_command_line({"pailfs", "b", "/m", "-o", "conditional=yes"}, {}).error.empty());
  CHECK_FALSE(
      parse_command_line({"pailfs", "b", "/m", "-o", "conditional=require,bg"}, {}).error.empty());
}

TEST_CASE("A service that obeys conditions is found good, and clean again, by six requests") {
  Scene scene;
  CHECK_FALSE(scene.demand());
  CHECK_FALSE(scene.there);
  CHECK(scene.transport.requests().size() == 6);
  for (const auto& sent : scene.transport.requests())
    CHECK(sent.request.url == "https://s3.example.com/pail/dir/.pailfs-check-7");
}

TEST_CASE("A service that does not obey is refused in a sentence, and clean again") {
  using Catch::Matchers::ContainsSubstring;
  Scene scene;
  scene.obeys_version = GENERATE(false, true);
  scene.obeys_absence = !scene.obeys_version && GENERATE(false, true);
  const auto refused = scene.demand();
  REQUIRE(refused);
  CHECK(refused->exit == Exit::bucket);
  CHECK(refused->error.err == ENOTSUP);
  CHECK_THAT(refused->error.text,
             ContainsSubstring("conditional=require: https://s3.example.com replaces"));
  CHECK((refused->error.text.find("(If-Match") == std::string::npos) == scene.obeys_version);
  CHECK_FALSE(scene.there);
}

TEST_CASE("A service that takes no conditions is said to refuse them") {
  Scene scene;
  scene.refuses = true;
  const auto refused = scene.demand();
  REQUIRE(refused);
  CHECK(refused->error.err == ENOTSUP);
  CHECK(refused->error.text ==
        "conditional=require: https://s3.example.com refuses requests with conditions (If-Match, "
        "If-None-Match)");
  CHECK_FALSE(scene.there);
}

TEST_CASE("A bucket that cannot be written to is refused for that") {
  Scene scene;
  scene.denied = true;
  const auto refused = scene.demand();
  REQUIRE(refused);
  CHECK(refused->error.err == EPERM);
  CHECK(refused->error.text.starts_with("conditional=require: "));
  for (const auto& sent : scene.transport.requests()) CHECK(sent.request.method == Method::put);
}

}  // namespace pailfs::cli
