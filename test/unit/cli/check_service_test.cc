// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/check_service.h"

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/text.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace pailfs::cli {
namespace {

using http::Exchange;
using http::Failure;
using http::Method;
using test::FakeClock;
using test::RecordedRequest;
using test::reply;
using Lines = std::vector<std::string>;

class Keys final : public auth::CredentialSource {
 public:
  Result<auth::Credentials> get() override {
    if (none) return Error(ENOKEY, "no keys anywhere");
    return auth::Credentials{"AK", auth::Secret("secret"), {}, "/keys"};
  }
  bool refresh(const auth::Credentials&) override { return false; }
  bool none = false;
};

Exchange refusal(int status, const std::string& code) {
  return reply(status, {{"Content-Type", "application/xml"}},
               "<Error><Code>" + code + "</Code><Message>m</Message></Error>");
}

std::string listed(const std::string& key, int size) {
  return "<Contents><Key>" + key + "</Key><Size>" + std::to_string(size) +
         "</Size><ETag>\"e\"</ETag><LastModified>2026-11-22T03:17:29.000Z</LastModified></"
         "Contents>";
}

/// A service that answers each kind of request as told, and a check of it.
struct Scene {
  Scene() {
    options.s3.url = "https://s3.example.com";
    options.s3.bucket = "pail";
    options.s3.path_style = true;
    options.fs.prefix = "dir/";
    hello = reply(403, {{"Date", http_date(WallTime(FakeClock::kStart))}});
    hello.timing.resolve = std::chrono::microseconds(1500);
    hello.timing.connect = std::chrono::microseconds(2500);
    hello.timing.tls = std::chrono::microseconds(3500);
    hello.timing.peer = "192.0.2.1:443";
  }

  Exchange answer(const RecordedRequest& asked) {
    const std::string& url = asked.request.url;
    if (asked.request.method == Method::head) return hello;
    if (asked.request.method == Method::put) return put;
    if (asked.request.method == Method::del) return del;
    if (url.find("max-keys=1&") != std::string::npos || url.ends_with("max-keys=1")) return probe;
    if (url.find("prefix=") != std::string::npos) return list;
    return get;
  }

  /// The first two words of each line; then "= STATUS".
  Lines run(bool write = false) {
    transport.otherwise([this](const RecordedRequest& asked) { return answer(asked); });
    const auto client = s3::make_client(options.s3, transport, keys, clock, random);
    std::ostringstream out;
    const int status = check_service(options, write, {transport, keys, *client, clock, random},
                                     [&](const CheckStep& step) { out << check_line(step); });
    text = out.str();
    Lines lines;
    for (const std::string& line : split(text, '\n')) {
      std::istringstream words(line);
      std::string verdict;
      std::string title;
      if (words >> verdict >> title) lines.push_back(verdict + " " + title);
    }
    lines.push_back("= " + std::to_string(status));
    return lines;
  }

  Options options;
  test::FakeTransport transport;
  FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{7}};
  Keys keys;
  const std::string empty_list =
      "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  Exchange hello;
  Exchange probe = reply(200, {}, empty_list);
  Exchange list = reply(200, {},
                        "<ListBucketResult><IsTruncated>false</IsTruncated>" + listed("dir/", 0) +
                            listed("dir/a", 5) + "</ListBucketResult>");
  Exchange get = reply(206,
                       {{"Content-Length", "1"},
                        {"Content-Range", "bytes 0-0/5"},
                        {"ETag", "\"e\""},
                        {"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}},
                       "x");
  Exchange put = reply(200, {{"ETag", "\"f\""}});
  Exchange del = reply(204);
  std::string text;
};

const Lines kReached = {"ok dns", "ok tcp", "ok tls", "ok clock"};

Lines after_reached(Lines more) {
  Lines all = kReached;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("each step of a check that goes well is a line with its time", "[check]") {
  Scene scene;
  CHECK(scene.run() == after_reached({"ok credentials", "ok auth", "ok list", "ok get", "= 0"}));
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(scene.text, ContainsSubstring("ok      dns         1.5 ms\n"));
  CHECK_THAT(scene.text, ContainsSubstring("ok      tcp         2.5 ms, 192.0.2.1:443\n"));
  CHECK_THAT(scene.text, ContainsSubstring("ok      clock       in step with the service\n"));
  CHECK_THAT(scene.text, ContainsSubstring("ok      credentials /keys\n"));
  CHECK_THAT(scene.text, ContainsSubstring(", region us-east-1\n"));
  CHECK_THAT(scene.text, ContainsSubstring(", 2 objects\n"));
  CHECK_THAT(scene.text, ContainsSubstring(", first byte of dir/a\n"));
}

TEST_CASE("a check ends at the first step that fails, with the status of a mount", "[check]") {
  Scene scene;
  SECTION("dns") {
    scene.hello = test::failure(Failure::resolve);
    CHECK(scene.run() == Lines{"FAILED dns", "= 6"});
  }
  SECTION("tcp") {
    Exchange head;
    scene.hello = test::failure(Failure::connect, "Connection refused", head);
    CHECK(scene.run() == Lines{"ok dns", "FAILED tcp", "= 6"});
  }
  SECTION("tls") {
    Exchange head;
    head.timing.connect = std::chrono::microseconds(1);
    scene.hello = test::failure(Failure::tls, "certificate", head);
    CHECK(scene.run() == Lines{"ok dns", "ok tcp", "FAILED tls", "= 6"});
  }
  SECTION("http") {
    Exchange head;
    head.timing.connect = std::chrono::microseconds(1);
    scene.hello = test::failure(Failure::protocol, "not HTTP", head);
    CHECK(scene.run() == Lines{"ok dns", "ok tcp", "ok tls", "FAILED http", "= 6"});
  }
  SECTION("keys") {
    scene.keys.none = true;
    CHECK(scene.run() == after_reached({"FAILED credentials", "= 4"}));
  }
  SECTION("what the keys may") {
    scene.probe = refusal(403, "InvalidAccessKeyId");
    CHECK(scene.run() == after_reached({"ok credentials", "FAILED auth", "= 4"}));
  }
  SECTION("the bucket") {
    scene.probe = refusal(404, "NoSuchBucket");
    CHECK(scene.run() == after_reached({"ok credentials", "FAILED auth", "= 5"}));
  }
  SECTION("the listing") {
    scene.list = refusal(403, "AccessDenied");
    CHECK(scene.run() == after_reached({"ok credentials", "ok auth", "FAILED list", "= 5"}));
  }
  SECTION("reading") {
    scene.get = refusal(403, "AccessDenied");
    CHECK(scene.run() ==
          after_reached({"ok credentials", "ok auth", "ok list", "FAILED get", "= 5"}));
  }
}

TEST_CASE("a check tells of a clock that is wrong and goes on", "[check]") {
  Scene scene;
  const auto seconds = GENERATE(1200, -1200);
  scene.clock.set_wall(WallTime(FakeClock::kStart + std::chrono::seconds(seconds)));
  CHECK(scene.run() == Lines{"ok dns", "ok tcp", "ok tls", "WARNING clock", "ok credentials",
                             "ok auth", "ok list", "ok get", "= 0"});
  CHECK_THAT(scene.text, Catch::Matchers::ContainsSubstring(
                             seconds > 0 ? "1200 s ahead of the service; set this machine's clock"
                                         : "1200 s behind the service; set this machine's clock"));
}

TEST_CASE("a check can do without objects, a date and encryption on the way", "[check]") {
  Scene scene;
  scene.list = scene.probe;
  scene.hello.headers = {};
  scene.options.s3.url = "http://s3.example.com";
  CHECK(scene.run() == Lines{"ok dns", "ok tcp", "ok clock", "ok credentials", "ok auth", "ok list",
                             "ok get", "= 0"});
  for (const auto& sent : scene.transport.requests()) CHECK(sent.request.method != Method::put);
}

TEST_CASE("a check that writes removes what it wrote", "[check]") {
  Scene scene;
  scene.options.s3.conditions = false;
  SECTION("both go well") {
    const Lines lines = scene.run(true);
    CHECK(Lines(lines.end() - 3, lines.end()) == Lines{"ok put", "ok delete", "= 0"});
    const auto sent = scene.transport.requests();
    CHECK(sent.at(sent.size() - 2).request.url.find("/pail/dir/.pailfs-check-7") !=
          std::string::npos);
    CHECK(sent.back().request.url == sent.at(sent.size() - 2).request.url);
  }
  SECTION("writing is denied") {
    scene.put = refusal(403, "AccessDenied");
    const Lines lines = scene.run(true);
    CHECK(Lines(lines.end() - 2, lines.end()) == Lines{"FAILED put", "= 5"});
  }
  SECTION("removing is denied") {
    scene.del = refusal(403, "AccessDenied");
    const Lines lines = scene.run(true);
    CHECK(Lines(lines.end() - 3, lines.end()) == Lines{"ok put", "FAILED delete", "= 5"});
  }
  SECTION("a service that obeys no conditions is a warning, or fails") {
    scene.options.s3.conditions = true;
    scene.options.s3.retries = 1;
    Lines lines = scene.run(true);
    CHECK(Lines(lines.end() - 6, lines.end() - 1) == Lines(5, "WARNING if"));
    CHECK(lines.back() == "= 0");
    using Catch::Matchers::ContainsSubstring;
    CHECK_THAT(scene.text, ContainsSubstring("if PUT      the service replaces objects whatever"));
    CHECK_THAT(scene.text, ContainsSubstring("if complete cannot be tried: "));
    CHECK_THAT(scene.text, ContainsSubstring("if DELETE   cannot be tried: "));
    scene.options.conditions_required = true;
    lines = scene.run(true);
    CHECK(Lines(lines.end() - 6, lines.end() - 4) == Lines{"FAILED if", "WARNING if"});
    CHECK(lines.back() == "= 5");
  }
  SECTION("not when reading failed") {
    scene.get = refusal(403, "AccessDenied");
    (void)scene.run(true);
    for (const auto& sent : scene.transport.requests()) CHECK(sent.request.method != Method::put);
  }
}

}  // namespace pailfs::cli
