// SPDX-License-Identifier: Apache-2.0
// Which keys the client signs with when their file and the store disagree.
#include <functional>
#include <set>

#include "auth/renewing_source.h"
#include "client_fixture.h"
#include "unit/auth/key_fixture.h"

namespace pailfs::s3 {
namespace {

using std::chrono::seconds;

/// A store that takes some keys, forbids a path to some of them, and tells nothing to a HEAD.
struct Trial {
  auth::TempDir dir;
  test::FakeTransport transport;
  test::FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{0}};
  std::string path = dir.write("keys", "K1");
  std::set<std::string> known = {"K1"};
  std::set<std::string> may_not_read;     ///< may list, and read nothing
  std::set<std::string> of_other_bucket;  ///< known, and may do nothing
  std::string unknown = "InvalidAccessKeyId";
  auth::RenewingSource source{{[this] { return fetch(); }, {path}, false}, clock};
  std::unique_ptr<Client> client;

  Trial() {
    transport.otherwise([this](const test::RecordedRequest& sent) { return answer(sent.request); });
    client = make_client(Bench::path_config(), transport, source, clock, random);
    REQUIRE(client->first_page("").has_value());
  }
  Result<auth::Credentials> fetch() {
    std::ifstream file(path);
    std::string key;
    std::getline(file, key);
    if (key.empty()) return Error{EINVAL, "nothing there"};
    return auth::Credentials{key, auth::Secret("secret"), auth::Secret(), path};
  }
  static std::string key_of_request(const http::Request& request) {
    const std::string text(request.headers.find("Authorization").value_or(""));
    const std::size_t begin = text.find("Credential=") + std::string("Credential=").size();
    return text.substr(begin, text.find('/', begin) - begin);
  }
  [[nodiscard]] http::Exchange answer(const http::Request& request) const {
    const std::string key = key_of_request(request);
    const bool list = request.url.find('?') != std::string::npos;
    std::string refusal;
    if (known.count(key) == 0) {
      refusal = unknown;
    } else if (of_other_bucket.count(key) != 0 || (!list && may_not_read.count(key) != 0)) {
      refusal = "AccessDenied";
    }
    if (!refusal.empty())
      return request.method == http::Method::head ? test::reply(403) : s3_error(403, refusal);
    if (list)
      return test::reply(200, {{"Content-Type", "application/xml"}},
                         "<ListBucketResult><Name>bkt</Name><Prefix></Prefix><MaxKeys>1</MaxKeys>"
                         "<IsTruncated>false</IsTruncated></ListBucketResult>");
    return test::reply(200, {{"ETag", "\"e\""}, {"Content-Length", "0"}}, "");
  }
  /// errno of a HEAD, 0 when it went well.
  int head() {
    const auto got = client->head("a");
    return got ? 0 : got.error().err;
  }
  int get() {
    StringSink sink;
    GetRequest request;
    request.key = "a";
    const auto got = client->get(request, sink);
    return got ? 0 : got.error().err;
  }
  [[nodiscard]] std::string last_key() const {
    return key_of_request(transport.requests().back().request);
  }
  /// Requests signed with `key`.
  [[nodiscard]] std::size_t signed_with(const std::string& key) const {
    std::size_t count = 0;
    for (const auto& sent : transport.requests())
      if (key_of_request(sent.request) == key) ++count;
    return count;
  }
};

TEST_CASE("the keys of another volume in the file are never used while ours work", "[s3]") {
  Trial trial;
  trial.known = {"K1", "K2"};
  static_cast<void>(trial.dir.write("keys", "K2"));
  for (int i = 0; i < 3; ++i) {
    trial.clock.advance(seconds(2));
    CHECK(trial.head() == 0);
    CHECK(trial.get() == 0);
  }
  CHECK(trial.signed_with("K2") == 0);
}

TEST_CASE("a denial is no reason to use other keys while the store takes ours", "[s3]") {
  Trial trial;
  trial.known = {"K1", "K2"};
  trial.may_not_read = {"K1"};
  static_cast<void>(trial.dir.write("keys", "K2"));
  CHECK(trial.head() == EPERM);
  CHECK(trial.get() == EPERM);
  CHECK(trial.signed_with("K2") == 0);
  // No request waits for keys that are on their way.
  CHECK(trial.clock.sleeps().empty());
}

TEST_CASE("a denial costs no request more when the file holds the keys in use", "[s3]") {
  Trial trial;
  trial.may_not_read = {"K1"};
  const std::size_t before = trial.transport.requests().size();
  CHECK(trial.get() == EPERM);
  CHECK(trial.transport.requests().size() == before + 1);
}

TEST_CASE("keys that the store no longer takes give way to those of the file at once", "[s3]") {
  Trial trial;
  trial.unknown = GENERATE(std::string("InvalidAccessKeyId"), std::string("SignatureDoesNotMatch"),
                           std::string("ExpiredToken"), std::string("AccessDenied"));
  const bool head = GENERATE(true, false);
  CAPTURE(trial.unknown, head);
  static_cast<void>(trial.dir.write("keys", "K2"));
  trial.known = {"K2"};
  CHECK((head ? trial.head() : trial.get()) == 0);
  CHECK(trial.last_key() == "K2");
  CHECK(trial.clock.sleeps().empty());
  CHECK((head ? trial.get() : trial.head()) == 0);
  CHECK(trial.signed_with("K1") <= 3);
}

TEST_CASE("keys of the file that the store refuses too change nothing", "[s3]") {
  Trial trial;
  const bool known = GENERATE(true, false);
  trial.known = {};
  if (known) trial.known = {"K2"};
  trial.of_other_bucket = {"K2"};
  static_cast<void>(trial.dir.write("keys", "K2"));
  CHECK(trial.get() == EPERM);
  // Ours are known again, as after a hiccup of the service.
  trial.known.insert("K1");
  CHECK(trial.get() == 0);
  CHECK(trial.last_key() == "K1");
  const std::size_t tried = trial.signed_with("K2");
  trial.clock.advance(seconds(60));
  CHECK(trial.head() == 0);
  CHECK(trial.signed_with("K2") == tried);
}

TEST_CASE("the store may change its mind before the file does, or after", "[s3]") {
  Trial trial;
  for (int i = 2; i < 20; ++i) {
    const std::string next = "K" + std::to_string(i);
    if (i % 2 == 0) {
      static_cast<void>(trial.dir.write("keys", next));
      CHECK(trial.get() == 0);
      trial.known = {next};
    } else {
      trial.known = {next, "K" + std::to_string(i - 1)};
      static_cast<void>(trial.dir.write("keys", next));
      trial.known = {next};
    }
    trial.clock.advance(seconds(1));
    CHECK((i % 3 == 0 ? trial.head() : trial.get()) == 0);
  }
}

}  // namespace
}  // namespace pailfs::s3
