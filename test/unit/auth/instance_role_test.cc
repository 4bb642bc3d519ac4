// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "auth/instance_metadata.h"
#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::FakeClock;
using test::FakeTransport;
using test::RecordedRequest;
using test::reply;

constexpr const char* kBase = "http://169.254.169.254/latest/";
constexpr const char* kSecret = "CANARYsecret/+";
constexpr const char* kToken = "CANARYtoken==";

std::string document(const std::string& key, WallTime expires) {
  return R"({"Code" : "Success", "LastUpdated" : "2026-11-22T00:00:00Z", "Type" : "AWS-HMAC",
             "AccessKeyId" : ")" +
         key + R"(", "SecretAccessKey" : ")" + kSecret + R"(", "Token" : ")" + kToken +
         R"(", "Expiration" : ")" + iso8601_millis(expires) + "\"}";
}

/// A metadata service that is in order, as far as `broken` does not say otherwise.
struct Service : Machine {
  FakeTransport& transport = local;
  std::string key = "KEY1";
  WallTime expires = clock.wall() + hours(6);
  std::function<std::optional<http::Exchange>(const RecordedRequest&)> broken;

  Service() {
    transport.otherwise([this](const RecordedRequest& asked) { return answer(asked); });
  }

  http::Exchange answer(const RecordedRequest& asked) const {
    if (broken) {
      if (const auto other = broken(asked)) return *other;
    }
    const std::string path = asked.request.url.substr(std::string(kBase).size());
    if (path == "api/token") return reply(200, {}, "CANARYsession");
    if (path.ends_with("/security-credentials/")) return reply(200, {}, "web-role\nother\n");
    return reply(200, {}, document(key, expires));
  }

  Result<std::unique_ptr<CredentialSource>> source(const std::string& role = "auto",
                                                   bool version1 = false) {
    config.iam_role = role;
    config.imdsv1only = version1;
    return find(config);
  }

  std::unique_ptr<CredentialSource> working_source() {
    auto made = source();
    CAPTURE(made ? "" : made.error().text);
    REQUIRE(made);
    return std::move(*made);
  }

  /// Questions for a document; each needs three requests.
  [[nodiscard]] std::size_t questions() const {
    std::size_t count = 0;
    for (const auto& asked : transport.requests()) {
      if (asked.request.url.ends_with("/web-role")) ++count;
    }
    return count;
  }
};

bool is_token_request(const RecordedRequest& asked) {
  return asked.request.method == http::Method::put;
}

TEST_CASE("The role of the instance is asked for with a session token", "[s3]") {
  Service service;
  const auto source = service.working_source();
  const auto credentials = source->get();
  REQUIRE(credentials);
  CHECK(credentials->access_key == "KEY1");
  CHECK(credentials->secret_key.reveal() == kSecret);
  CHECK(credentials->session_token.reveal() == kToken);
  CHECK(credentials->source == "instance role web-role");

  const auto requests = service.transport.requests();
  REQUIRE(requests.size() == 3);
  const auto& token = requests[0].request;
  CHECK(token.method == http::Method::put);
  CHECK(token.url == std::string(kBase) + "api/token");
  CHECK(token.headers.all() ==
        std::vector<http::Header>{{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  CHECK(requests[1].request.url == std::string(kBase) + "meta-data/iam/security-credentials/");
  CHECK(requests[2].request.url ==
        std::string(kBase) + "meta-data/iam/security-credentials/web-role");
  for (std::size_t i : {1U, 2U}) {
    CHECK(requests[i].request.method == http::Method::get);
    CHECK(requests[i].request.headers.all() ==
          std::vector<http::Header>{{"X-aws-ec2-metadata-token", "CANARYsession"}});
  }
  for (const auto& asked : requests) CHECK(asked.request.stall_limit == seconds(1));
}

TEST_CASE("A role that was named is asked for at once", "[s3]") {
  Service service;
  const auto source = service.source("my.role+x=1,y@z-_");
  REQUIRE(source);
  CHECK((*source)->get()->source == "instance role my.role+x=1,y@z-_");
  const auto requests = service.transport.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].request.url ==
        std::string(kBase) + "meta-data/iam/security-credentials/my.role+x=1,y@z-_");
}

TEST_CASE("A name that no role can have is not asked for", "[s3]") {
  Service service;
  for (const std::string name : {"a/b", "../x", "a b", "a?b", "a\nb", "r\xC3\xB6le"}) {
    CAPTURE(name);
    CHECK_FALSE(service.source(name));
  }
  CHECK_FALSE(service.source(std::string(65, 'a')));
  CHECK(service.transport.requests().empty());
  CHECK(service.source(std::string(64, 'a')));
}

TEST_CASE("Version 1 is spoken only when told to", "[s3]") {
  Service service;
  REQUIRE(service.source("auto", true));
  const auto requests = service.transport.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& asked : requests) {
    CHECK(asked.request.method == http::Method::get);
    CHECK(asked.request.headers.all().empty());
  }
}

TEST_CASE("The address of the metadata service comes from the environment or is fixed", "[s3]") {
  Service service;
  CredentialConfig config;
  config.iam_role = "web-role";
  config.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:8080/";
  service.broken = [&](const RecordedRequest& asked) {
    return std::optional(is_token_request(asked)
                             ? reply(200, {}, "t")
                             : reply(200, {}, document("KEY1", service.expires)));
  };
  REQUIRE(service.find(config));
  CHECK(service.transport.requests()[0].request.url == "http://127.0.0.1:8080/latest/api/token");

  config.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://u:p@127.0.0.1";
  const auto refused = service.find(config);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, ContainsSubstring("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
  config.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "";
  static_cast<void>(service.find(config));
  CHECK(service.transport.requests().back().request.url.starts_with(kBase));
}

TEST_CASE("A service that refuses is not asked in any other way", "[s3]") {
  struct Row {
    std::string path;  // end of the URL that is answered otherwise
    int status;
    bool version1;
    std::string text;
    std::size_t requests;
  };
  const Row row = GENERATE(
      Row{"/token", 403, false,
          "refuses a session token (status 403); if it only speaks version "
          "1, add the option imdsv1only",
          1},
      Row{"/token", 404, false, "add the option imdsv1only", 1},
      Row{"/token", 405, false, "add the option imdsv1only", 1},
      Row{"/token", 302, false, "refuses a session token (status 302)", 1},
      Row{"/token", 503, false, "does not answer: status 503", 2},
      Row{"/token", 429, false, "does not answer: status 429", 2},
      Row{"credentials/", 404, false, "this instance has no role attached to it", 2},
      Row{"credentials/", 401, true, "it wants version 2, leave out imdsv1only", 1},
      Row{"credentials/", 301, false, "refuses the name of the role (status 301)", 2},
      Row{"/web-role", 404, false, "this instance has no role named web-role", 3},
      Row{"/web-role", 403, false, "refuses the credentials of role web-role (status 403)", 3});
  CAPTURE(row.path, row.status);
  Service service;
  service.broken = [&](const RecordedRequest& asked) {
    return asked.request.url.ends_with(row.path)
               ? std::optional(reply(row.status, {{"Location", "http://127.0.0.1/"}}, "CANARY"))
               : std::nullopt;
  };
  const auto source = service.source("auto", row.version1);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text,
             Catch::Matchers::StartsWith("iam_role: ") && ContainsSubstring(row.text));
  CHECK(source.error().text.find("CANARY") == std::string::npos);
  CHECK(service.transport.requests().size() == row.requests);
}

TEST_CASE("A request without an answer is sent twice in all", "[s3]") {
  Service service;
  int failures = GENERATE(1, 2);
  service.broken = [&failures](const RecordedRequest& asked) {
    return is_token_request(asked) && failures-- > 0
               ? std::optional(test::failure(http::Failure::timeout, "it stalled"))
               : std::nullopt;
  };
  const bool survives = failures == 1;
  const auto source = service.source();
  CHECK(source.has_value() == survives);
  if (source) return;
  CHECK(source.error().err == ENOKEY);
  CHECK_THAT(source.error().text,
             ContainsSubstring("does not answer: it stalled") && ContainsSubstring("hop limit"));
  CHECK(service.transport.requests().size() == 2);
}

TEST_CASE("Answers that cannot be right are refused and not shown", "[s3]") {
  struct Row {
    std::string path;
    std::string body;
    std::string text;
  };
  const std::string good = document("KEY1", WallTime(FakeClock::kStart) + hours(6));
  const auto without = [&](const std::string& name) {
    std::string text = good;
    return text.replace(text.find("\"" + name + "\"") + 1, 1, "x");
  };
  const auto with = [&](const std::string& before, const std::string& after) {
    std::string text = good;
    return text.replace(text.find(before), before.size(), after);
  };
  const std::vector<Row> rows = {
      {"/token", "", "session token that cannot be one"},
      {"/token", "CANARY\r\nX-Other: 1", "session token that cannot be one"},
      {"/token", std::string(70'000, 'x'), "is too long"},
      {"credentials/", "", "no role attached"},
      {"credentials/", "<html>CANARY</html>", "a name that no role can have"},
      {"credentials/", "../CANARY", "a name that no role can have"},
      {"/web-role", "", "are not a JSON object: no object at byte 0"},
      {"/web-role", "<html>CANARY", "are not a JSON object: no object at byte 0"},
      {"/web-role", good.substr(0, good.size() / 2), "are not a JSON object"},
      {"/web-role", good + std::string(70'000, ' '), "is too long"},
      {"/web-role", without("AccessKeyId"), "have no usable AccessKeyId"},
      {"/web-role", without("SecretAccessKey"), "have no usable SecretAccessKey"},
      {"/web-role", without("Token"), "have no usable Token"},
      {"/web-role", without("Expiration"), "have no usable Expiration"},
      {"/web-role", with("\"KEY1\"", "17"), "have no usable AccessKeyId"},
      {"/web-role", with("\"KEY1\"", "null"), "have no usable AccessKeyId"},
      {"/web-role", with("\"KEY1\"", "[\"KEY1\"]"), "have no usable AccessKeyId"},
      {"/web-role", with("KEY1", "KEY 1"), "have no usable AccessKeyId"},
      {"/web-role", with("CANARYtoken", "CANARY\\r\\ntoken"), "have no usable Token"},
      {"/web-role", with(kSecret, ""), "have no usable SecretAccessKey"},
      {"/web-role", with("Z\"}", "\"}"), "have no usable Expiration"},
      {"/web-role", document("KEY1", WallTime(FakeClock::kStart)),
       "the credentials of instance role web-role expired at 2026-11-22T03:17:29.000Z"},
      {"/web-role", R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"CANARY"})",
       "no credentials for role web-role: AssumeRoleUnauthorizedAccess"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path, row.body.substr(0, 400));
    Service service;
    service.broken = [&](const RecordedRequest& asked) {
      return asked.request.url.ends_with(row.path) ? std::optional(reply(200, {}, row.body))
                                                   : std::nullopt;
    };
    const auto source = service.source();
    REQUIRE_FALSE(source);
    CHECK(source.error().err == ENOKEY);
    CHECK_THAT(source.error().text, ContainsSubstring(row.text));
    CHECK(source.error().text.find("CANARY") == std::string::npos);
  }
}

TEST_CASE("Keys of a role are kept until five minutes before they expire", "[s3]") {
  Service service;
  const auto source = service.working_source();
  service.key = "KEY2";
  service.clock.advance(hours(6) - minutes(5) - seconds(1));
  CHECK(key_of(*source) == "KEY1");
  CHECK(service.questions() == 1);
  service.clock.advance(seconds(1));
  service.expires = service.clock.wall() + hours(6);
  CHECK(key_of(*source) == "KEY2");
  CHECK(key_of(*source) == "KEY2");
  CHECK(service.questions() == 2);
}

TEST_CASE("A service that still hands out the old keys is asked once a minute", "[s3]") {
  Service service;
  const auto source = service.working_source();
  service.clock.advance(hours(6) - minutes(4));
  for (int i = 0; i < 60; ++i) {
    CHECK(key_of(*source) == "KEY1");
    service.clock.advance(seconds(1));
  }
  CHECK(service.questions() == 2);
  CHECK(key_of(*source) == "KEY1");
  CHECK(service.questions() == 3);
}

TEST_CASE("Keys of a role outlive a failed renewal until they expire", "[s3]") {
  LogLines log;
  Service service;
  const auto source = service.working_source();
  bool down = true;
  service.broken = [&down](const RecordedRequest&) {
    return down ? std::optional(reply(500, {}, "CANARY")) : std::nullopt;
  };
  service.key = "KEY2";
  service.clock.advance(hours(6) - minutes(1));
  CHECK(key_of(*source) == "KEY1");
  CHECK(log.lines.back().find("those at hand stay in use: iam_role: ") != std::string::npos);
  CHECK_FALSE(source->refresh(*source->get()));
  CHECK(key_of(*source) == "KEY1");

  service.clock.advance(minutes(1));
  const auto expired = source->get();
  REQUIRE_FALSE(expired);
  CHECK(expired.error().err == ENOKEY);
  CHECK_THAT(expired.error().text, ContainsSubstring("does not answer: status 500"));
  // The service is not asked again at once, for no caller.
  const std::size_t asked = service.transport.requests().size();
  CHECK_FALSE(source->get());
  CHECK(service.transport.requests().size() == asked);

  down = false;
  service.clock.advance(seconds(1));
  service.expires = service.clock.wall() + hours(1);
  CHECK(key_of(*source) == "KEY2");
  for (const std::string& line : log.lines) CHECK(line.find("CANARY") == std::string::npos);
}

TEST_CASE("Keys that the store refuses are asked for anew", "[s3]") {
  Service service;
  const auto source = service.working_source();
  const Credentials old = *source->get();
  service.clock.advance(minutes(1));
  CHECK_FALSE(source->refresh(old));
  CHECK(service.questions() == 2);
  service.key = "KEY2";
  // The service has just been asked.
  CHECK_FALSE(source->refresh(old));
  CHECK(service.questions() == 2);
  service.clock.advance(seconds(1));
  CHECK(source->refresh(old));
  CHECK(key_of(*source) == "KEY2");
  // A caller that still holds the old ones is told that there are others, without a question.
  CHECK(source->refresh(old));
  CHECK(service.questions() == 3);
}

TEST_CASE("A wrong clock does not make keys of a role look expired", "[s3]") {
  Service service;
  const WallTime truth = service.clock.wall();
  const auto skew = GENERATE(hours(24), hours(-24));
  service.clock.set_wall(truth + skew);
  service.broken = [&](const RecordedRequest& asked) {
    return asked.request.url.ends_with("/web-role")
               ? std::optional(
                     reply(200, {{"Date", http_date(truth)}}, document("KEY1", truth + hours(6))))
               : std::nullopt;
  };
  const auto source = service.working_source();
  service.clock.advance(hours(5));
  CHECK(key_of(*source) == "KEY1");
  CHECK(service.questions() == 1);
  service.clock.advance(minutes(56));
  CHECK(key_of(*source) == "KEY1");
  CHECK(service.questions() == 2);
}

TEST_CASE("Many threads in need of keys ask once", "[s3]") {
  Service service;
  const auto source = service.working_source();
  const Credentials old = *source->get();
  std::atomic<int> arrived = 0;
  std::atomic<bool> open = false;
  service.broken = [&](const RecordedRequest& asked) -> std::optional<http::Exchange> {
    // The one question stays open until every thread has begun.
    if (is_token_request(asked)) {
      while (!open) std::this_thread::yield();
    }
    return std::nullopt;
  };
  const bool by_refusal = GENERATE(true, false);
  CAPTURE(by_refusal);
  service.clock.advance(by_refusal ? hours(1) : hours(7));
  service.key = "KEY2";
  service.expires = service.clock.wall() + hours(6);
  std::atomic<int> told = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      ++arrived;
      if (by_refusal && !source->refresh(old)) return;
      const auto credentials = source->get();
      if (credentials && credentials->access_key == "KEY2") ++told;
    });
  }
  while (arrived < 8) std::this_thread::yield();
  open = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(told == 8);
  CHECK(service.questions() == 2);
}

TEST_CASE("Who has keys that work does not wait for new ones", "[s3]") {
  Service service;
  const auto source = service.working_source();
  std::atomic<bool> asked_for = false;
  std::atomic<bool> open = false;
  service.broken = [&](const RecordedRequest&) -> std::optional<http::Exchange> {
    asked_for = true;
    while (!open) std::this_thread::yield();
    return std::nullopt;
  };
  service.clock.advance(hours(6) - minutes(1));
  service.key = "KEY2";
  service.expires = service.clock.wall() + hours(6);
  std::string asker;
  std::thread thread([&] { asker = key_of(*source); });
  while (!asked_for) std::this_thread::yield();
  const std::string meanwhile = key_of(*source);
  open = true;
  thread.join();
  CHECK(meanwhile == "KEY1");
  CHECK(asker == "KEY2");
}

}  // namespace
}  // namespace pailfs::auth
