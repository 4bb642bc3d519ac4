// SPDX-License-Identifier: Apache-2.0
// The client against a server that misbehaves: it tells the truth or fails, whatever comes back.
#include <algorithm>

#include "pailfs/util/log.h"

#include "bench.h"
#include "client_bench.h"
#include "faulty_calls.h"
#include "s3d_service.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

/// A server, a client that meets its faults without waiting, and one that never does.
class Scene final {
 public:
  explicit Scene(int retries, std::chrono::seconds stall = std::chrono::seconds(30))
      : faulty_(server_.service(), style(retries, stall)),
        clean_(server_.service(), style(5, std::chrono::seconds(30))) {
    log::set_sink([](LogLevel, std::string_view) {});  // the failures are made on purpose
  }

  CallOutcome run(const FaultyCall& call, const std::string& action) {
    const std::string line = std::string("op=") + call.operation + " " + action;
    const auto begin = [&] {
      if (!server_.add_faults(line)) refused_ = line;
    };
    const auto end = [&] {
      fired_ = server_.faults_fired();
      server_.clear_faults();
    };
    return call.run(clean_.client(), faulty_.client(), unique_prefix(), begin, end);
  }

  [[nodiscard]] const std::string& refused() const { return refused_; }
  [[nodiscard]] std::uint64_t fired() const { return fired_; }
  S3dService& server() { return server_; }
  store::ObjectStore& client() { return faulty_.client(); }

 private:
  static ClientStyle style(int retries, std::chrono::seconds stall) {
    return {true, false, retries, stall, true};
  }

  S3dService server_;
  WiredClient faulty_;
  WiredClient clean_;
  std::string refused_;
  std::uint64_t fired_ = 0;
};

struct FaultRow {
  const char* action;
  bool missing = false;  // may the client conclude that the key does not exist?
};

// Every way in which the server can falsify, cut, replace or withhold an answer at once.
const std::vector<FaultRow> kFaults{
    {"action=status:500:InternalError"},
    {"action=status:503:SlowDown"},
    {"action=status:502"},
    {"action=status:403:AccessDenied"},
    {"action=status:400:RequestTimeout"},
    {"action=status:404:NoSuchBucket"},
    {"action=status:404:NoSuchKey", true},
    {"action=status:412:PreconditionFailed"},
    {"action=status:416:InvalidRange"},
    {"action=status:204"},
    {"action=error200:InternalError"},
    {"action=error200:SlowDown:ws"},
    {"action=foreign:html"},
    {"action=foreign:xml"},
    {"action=foreign:json"},
    {"action=foreign:empty"},
    {"action=region_redirect:eu-nowhere-1"},
    {"action=drop"},
    {"action=apply_then_drop"},
    {"action=reset_upload_after:100"},
    {"action=reset_after:0"},
    {"action=reset_after:10"},
    {"action=truncate:7"},
    {"action=longer_body:9"},
    {"action=dup_content_length"},
    {"action=short206:7"},
    {"action=wrong_range:13"},
    {"action=wrong_total:5"},
    {"action=wrong_etag"},
    {"action=no_etag"},
    {"action=truncated_list"},
    {"action=truncated_list:xml"},
    {"action=list_loop"},
    {"action=no_header:Content-Length"},
    {"action=header:Content-Encoding=gzip"},
    {"action=close_idle"},
};

/// Lies that are the very words of the truth: "it is gone" is all that a service says to a DELETE.
bool believable(std::string_view call, std::string_view action) {
  const bool deletes = call == "remove" || call == "abort_upload";
  return deletes && (action == "action=status:204" || action == "action=status:404:NoSuchKey" ||
                     action == "action=foreign:empty");
}

TEST_CASE("whatever the server answers, a call tells the truth or fails") {
  const FaultRow row = GENERATE(from_range(kFaults));
  Scene scene(2);
  for (const FaultyCall& call : faulty_calls()) {
    for (const bool always : {true, false}) {
      CAPTURE(call.name, row.action, always);
      const auto outcome =
          scene.run(call, std::string(always ? "" : "nth=1 times=1 ") + row.action);
      CHECK(scene.refused() == "");
      if (!believable(call.name, row.action)) CHECK(outcome.wrong == "");
      // ENOENT makes programs create and overwrite: only the store may say it. A head has no body
      // that could tell a missing bucket from a missing key.
      const bool plain_404 = std::string_view(row.action).find(":404") != std::string_view::npos &&
                             std::string_view(call.name) == "head";
      if (!row.missing && !plain_404) CHECK(outcome.err != ENOENT);
    }
  }
}

TEST_CASE("a change that took effect before it was refused is told as what it is") {
  const char* refusal = GENERATE("status:403:AccessDenied", "status:400:InvalidRequest",
                                 "redirect:307:http://127.0.0.1:1/elsewhere");
  Scene scene(3);
  for (const FaultyCall& call : faulty_calls()) {
    const std::string_view name = call.name;
    if (name != "put" && name != "remove" && name != "complete_upload") continue;
    CAPTURE(call.name, refusal);
    const auto outcome =
        scene.run(call, "nth=1 times=1 action=apply_then_drop\nop=" + std::string(call.operation) +
                            " nth=2 times=20 action=" + refusal);
    CHECK(scene.refused() == "");
    CHECK(scene.fired() >= 2);
    CHECK(outcome.err == 0);
    CHECK(outcome.wrong == "");
  }
}

TEST_CASE("a fault that passes is survived by trying again") {
  const char* action = GENERATE("status:500:InternalError", "status:503:SlowDown", "status:502",
                                "drop", "reset_after:0", "error200:InternalError", "foreign:html");
  Scene scene(4);
  for (const FaultyCall& call : faulty_calls()) {
    CAPTURE(call.name, action);
    // A reply to HEAD has no body that could be replaced.
    const bool replaces_body = std::string_view(action).starts_with("error200") ||
                               std::string_view(action).starts_with("foreign");
    if (replaces_body && std::string_view(call.name) == "head") continue;
    const auto outcome = scene.run(call, std::string("nth=1 times=1 action=") + action);
    CHECK(scene.fired() == 1);
    CHECK(outcome.wrong == "");
    // A 200 where a part was asked for says that ranges are not known here: no use in asking again.
    const bool ignores_range =
        replaces_body && std::string_view(call.name) == "get of a range" && outcome.err == EIO;
    if (!ignores_range) CHECK(outcome.err == 0);
  }
}

TEST_CASE("a redirect is never followed to another place") {
  S3dService elsewhere;
  const int status = GENERATE(301, 302, 303, 307, 308);
  Scene scene(3);
  for (const FaultyCall& call : faulty_calls()) {
    CAPTURE(call.name, status);
    const auto outcome = scene.run(call, "action=redirect:" + std::to_string(status) + ":" +
                                             elsewhere.service().url + "/data/stolen");
    CHECK(outcome.wrong == "");
    CHECK(outcome.err != 0);
    CHECK(outcome.err != ENOENT);
  }
  CHECK(elsewhere.requests() == 0);
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a server that stalls is given up, not waited for") {
  const char* action =
      GENERATE("action=stall_before", "action=stall:10", "action=stall_upload:100");
  Scene scene(1, std::chrono::seconds(1));
  for (const FaultyCall& call : faulty_calls()) {
    const std::string_view name = call.name;
    // A completion or a copy may rightly be silent for minutes.
    if (name != "get" && name != "put" && name != "list") continue;
    CAPTURE(call.name, action);
    const auto outcome = scene.run(call, action);
    CHECK(outcome.wrong == "");
    CHECK(outcome.err != ENOENT);
    if (std::string_view(action) == "action=stall_before") CHECK(outcome.err != 0);
  }
}

TEST_CASE("a thousand small requests from one thread use one connection") {
  Scene scene(1);
  REQUIRE(err(put_text(scene.client(), "k", "x")) == 0);
  scene.server().reset_counters();
  const auto before = scene.server().connections();
  int failed = 0;
  for (int i = 0; i < 1'000; ++i) failed += scene.client().head("k") ? 0 : 1;
  CHECK(failed == 0);
  CHECK(scene.server().requests() == 1'000);
  CHECK(scene.server().connections() - before == 0);
}

TEST_CASE("temporary credentials send their token, and no other one is taken") {
  S3dService server;
  server.demand_token("ASIATEST", "session/secret+key", "token/with+odd=bytes");
  const auto client_with = [&](const std::string& token) {
    ClientChange change;
    change.access_key = "ASIATEST";
    change.secret_key = "session/secret+key";
    change.session_token = token;
    return std::make_unique<WiredClient>(
        server.service(), ClientStyle{true, false, 1, std::chrono::seconds(30), true}, change);
  };
  const auto right = client_with("token/with+odd=bytes");
  const auto wrong = client_with("token/with+odd=byteZ");
  const auto none = client_with("");
  CHECK(err(put_text(right->client(), "k", "x")) == 0);
  CHECK(get_text(right->client(), "k")->bytes == "x");
  CHECK(err(put_text(wrong->client(), "k", "y")) != 0);
  CHECK(err(put_text(none->client(), "k", "y")) != 0);
  CHECK(get_text(right->client(), "k")->bytes == "x");
}

}  // namespace
}  // namespace pailfs::test
