// SPDX-License-Identifier: Apache-2.0
// The attempt loop: what is sent again, how, and what never is.
#include "client_fixture.h"
#include "s3/body_digest.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const http::Exchange kStored = reply(200, {{"ETag", "\"new\""}});

/// The list of one key, or of none.
http::Exchange list_of(const std::string& key) {
  const std::string entry = "<Contents><Key>" + key +
                            "</Key><LastModified>2026-11-22T03:17:29.000Z</LastModified>"
                            "<ETag>\"e\"</ETag><Size>1</Size></Contents>";
  return reply(200, {},
               "<ListBucketResult><IsTruncated>false</IsTruncated>" + (key.empty() ? "" : entry) +
                   "</ListBucketResult>");
}

TEST_CASE("a request is signed, sent once and its answer returned") {
  Bench bench;
  bench.transport.then(kStored);
  StringSource body("hello");
  const Result<ETag> etag = bench.client->put({"a b", {}}, body);
  REQUIRE(etag);
  CHECK(etag->value == "\"new\"");
  REQUIRE(bench.count() == 1);
  CHECK(bench.sent(0).url == "https://s3.example.com/bkt/a%20b");
  CHECK(bench.transport.requests()[0].body == "hello");
  CHECK(bench.sent_header(0, "x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  CHECK(bench.sent_header(0, "x-amz-date") == "20261122T031729Z");
  CHECK_THAT(bench.sent_header(0, "Authorization"),
             Catch::Matchers::StartsWith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE7Q/20261122/"));
}

TEST_CASE("content_md5 sends the digest of the body with objects and parts") {
  Config config = Bench::path_config();
  config.content_md5 = true;
  Bench bench(config);
  bench.transport.then(kStored).then(kStored);
  StringSource body("hello");
  REQUIRE(bench.client->put({"k", {}}, body));
  REQUIRE(bench.client->upload_part("k", {"id"}, 1, body));
  for (const std::size_t index : {0U, 1U})
    CHECK(bench.sent_header(index, "Content-MD5") == base64(digest(Digest::md5, "hello")));
}

TEST_CASE("version 2 signatures and public buckets go out as such") {
  Config config = Bench::path_config();
  config.signature = Signature::v2;
  Bench v2(config);
  v2.transport.then(kStored);
  StringSource body("x");
  REQUIRE(v2.client->put({"k", {}}, body));
  CHECK_THAT(v2.sent_header(0, "Authorization"), Catch::Matchers::StartsWith("AWS AKIAEXAMPLE7Q:"));
  CHECK(v2.sent_header(0, "x-amz-content-sha256") == "(none)");

  Bench open(Bench::path_config(), {""});
  open.transport.then(reply(204));
  REQUIRE(open.client->remove("k"));
  CHECK(open.sent_header(0, "Authorization") == "(none)");
}

TEST_CASE("transient failures are tried again, each time freshly signed, with the whole body") {
  Bench bench;
  bench.transport
      .then([&](const test::RecordedRequest&) {
        bench.clock.advance(std::chrono::seconds(3));
        return failure(Failure::broken);
      })
      .then(s3_error(500, "InternalError"))
      .then(kStored);
  StringSource body("hello");
  REQUIRE(bench.client->put({"k", {}}, body));
  REQUIRE(bench.count() == 3);
  CHECK(bench.sent_header(0, "x-amz-date") == "20261122T031729Z");
  CHECK(bench.sent_header(1, "x-amz-date") == "20261122T031732Z");
  for (const test::RecordedRequest& request : bench.transport.requests())
    CHECK(request.body == "hello");
}

TEST_CASE("no more attempts are made than were configured") {
  for (const int retries : {1, 2, 5}) {
    Config config = Bench::path_config();
    config.retries = retries;
    Bench bench(config);
    bench.transport.otherwise([](const auto&) { return s3_error(503, "SlowDown"); });
    const Status status = bench.client->remove("k");
    REQUIRE_FALSE(status);
    CHECK(status.error().err == EIO);
    CHECK(status.error().s3_code == "SlowDown");
    CHECK(bench.count() == static_cast<std::size_t>(retries));
  }
}

TEST_CASE("no attempt is started after the operation's limit") {
  Bench bench;
  bench.transport.otherwise([&](const auto&) {
    bench.clock.advance(std::chrono::seconds(70));
    return failure(Failure::timeout);
  });
  const Status status = bench.client->remove("k");
  REQUIRE_FALSE(status);
  CHECK(status.error().err == ETIMEDOUT);
  CHECK(bench.count() == 2);
}

TEST_CASE("no attempt stays silent beyond the operation's limit") {
  Config config = Bench::path_config();
  config.stall_limit = std::chrono::seconds(30);
  config.operation_limit = std::chrono::seconds(100);
  Bench bench(config);
  bench.transport.otherwise([&](const auto&) {
    bench.clock.advance(std::chrono::seconds(45));
    return failure(Failure::timeout);
  });
  CHECK_FALSE(bench.client->remove("k"));
  REQUIRE(bench.count() == 3);
  CHECK(bench.sent(0).stall_limit == std::chrono::seconds(30));
  CHECK(bench.sent(1).stall_limit == std::chrono::seconds(30));
  CHECK(bench.sent(2).stall_limit <= std::chrono::seconds(10));
  CHECK(bench.sent(2).stall_limit >= std::chrono::seconds(1));
}

TEST_CASE("what the service works on has the limit that was given for it") {
  Config config = Bench::path_config();
  config.work_limit = std::chrono::seconds(3);
  Bench bench(config);
  bench.transport.otherwise([&](const auto&) { return failure(Failure::timeout); });
  CHECK_FALSE(bench.client->copy({"from", "to", {"\"e\""}, {}}));
  CHECK(bench.sent(0).stall_limit == std::chrono::seconds(3));
  CHECK_FALSE(bench.client->complete_upload("k", {"id"}, {{1, {"\"e\""}}}, {}));
  CHECK(bench.transport.requests().back().request.stall_limit <= std::chrono::seconds(3));
  const auto removed = bench.client->remove_many({"a", "b"});
  CHECK(bench.transport.requests().back().request.stall_limit <= std::chrono::seconds(3));
}

TEST_CASE("an empty budget ends retrying for everyone") {
  Bench bench;
  bench.transport.otherwise([](const auto&) { return s3_error(500, "InternalError"); });
  for (int i = 0; i < 30; ++i) CHECK_FALSE(bench.client->remove("k"));
  const std::size_t before = bench.count();
  CHECK_FALSE(bench.client->remove("k"));
  CHECK(bench.count() == before + 1);
}

TEST_CASE("what was refused for good is not sent again") {
  for (const char* code : {"AccessDenied", "NoSuchBucket", "EntityTooLarge", "InvalidArgument"}) {
    Bench bench;
    bench.transport.otherwise([&](const auto&) { return s3_error(400, code); });
    CHECK_FALSE(bench.client->remove("k"));
    CHECK(bench.count() == 1);
  }
}

TEST_CASE("a connection that had been closed idle costs no attempt, once") {
  Config config = Bench::path_config();
  config.retries = 1;
  Bench bench(config);
  bench.transport.then(failure(Failure::idle_closed)).then(reply(204));
  CHECK(bench.client->remove("k"));
  CHECK(bench.count() == 2);
  CHECK(bench.clock.sleeps().empty());
  bench.transport.then(failure(Failure::idle_closed)).then(failure(Failure::idle_closed));
  CHECK_FALSE(bench.client->remove("k"));
  CHECK(bench.count() == 4);
}

TEST_CASE("Retry-After is waited for") {
  Bench bench;
  http::Exchange busy = s3_error(503, "SlowDown");
  busy.headers.add("Retry-After", "4");
  bench.transport.then(busy).then(reply(204));
  CHECK(bench.client->remove("k"));
  REQUIRE(bench.clock.sleeps().size() == 1);
  CHECK(bench.clock.sleeps()[0] == std::chrono::seconds(4));
}

TEST_CASE("refused credentials are looked up once more") {
  for (const char* code :
       {"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}) {
    INFO(code);
    Bench bench(Bench::path_config(), {"OLDKEY", "NEWKEY"});
    bench.transport.then(s3_error(403, code)).then(reply(204));
    CHECK(bench.client->remove("k"));
    CHECK_THAT(bench.sent_header(1, "Authorization"),
               Catch::Matchers::ContainsSubstring("Credential=NEWKEY/"));
    bench.clock.advance(std::chrono::seconds(11));
    bench.transport.otherwise([&](const auto&) { return s3_error(403, code); });
    CHECK_FALSE(bench.client->remove("k"));
    CHECK(bench.count() == 3);
  }
}

TEST_CASE("keys that the store took a moment ago are waited for when it refuses them") {
  using std::chrono::milliseconds;
  Bench bench(Bench::path_config(), {"KEY"});
  bench.transport.then(reply(204));
  CHECK(bench.client->remove("k"));
  for (int i = 0; i < 3; ++i) bench.transport.then(s3_error(403, "InvalidAccessKeyId"));
  bench.transport.then(reply(204));
  CHECK(bench.client->remove("k"));
  CHECK(bench.count() == 5);
  CHECK(bench.clock.sleeps() == std::vector<std::chrono::nanoseconds>{
                                    milliseconds(50), milliseconds(100), milliseconds(200)});
  // Two looks for each refusal: before the pause and after it.
  CHECK(bench.credentials.refreshes == 6);

  SECTION("but not for ever") {
    bench.transport.otherwise([](const auto&) { return s3_error(403, "InvalidAccessKeyId"); });
    CHECK_FALSE(bench.client->remove("k"));
    CHECK(bench.count() == 16);
    bench.clock.advance(std::chrono::seconds(10));
    CHECK_FALSE(bench.client->remove("k"));
    CHECK(bench.count() == 17);
  }
  SECTION("and not for a HEAD that may be about a permission") {
    bench.clock.advance(std::chrono::seconds(10));
    bench.transport.then(reply(204)).then(reply(403)).then(list_of("k"));
    CHECK(bench.client->remove("k"));
    CHECK_FALSE(bench.client->head("k"));
    CHECK(bench.count() == 8);
  }
}

/// A page without names that is not the last one (law L4).
http::Exchange unfinished_list() {
  return reply(200, {},
               "<ListBucketResult><Prefix>k</Prefix><IsTruncated>true</IsTruncated>"
               "<NextMarker>k0</NextMarker></ListBucketResult>");
}

TEST_CASE("a HEAD that is refused is about an absent object only if a list says so") {
  struct Row {
    std::string name;
    http::Exchange answer;
    int err;
  };
  for (const Row& row : {
           Row{"it is there", list_of("k"), EPERM},
           Row{"nothing begins so", list_of(""), ENOENT},
           Row{"a longer name does", list_of("kk"), ENOENT},
           Row{"the list goes on elsewhere", unfinished_list(), EPERM},
           Row{"the list is refused", s3_error(403, "AccessDenied"), EPERM},
           Row{"the list is none", reply(404, {}, "<html/>"), EPERM},
       }) {
    INFO(row.name);
    Bench bench;
    bench.transport.then(reply(403)).otherwise([&](const auto&) { return row.answer; });
    const auto found = bench.client->head("k");
    REQUIRE_FALSE(found);
    CHECK(found.error().err == row.err);
    CHECK_THAT(bench.sent(1).url, Catch::Matchers::EndsWith("max-keys=1&prefix=k"));
  }
}

TEST_CASE("a HEAD refused while keys change is sent again") {
  Bench bench(Bench::path_config(), {"OLDKEY", "NEWKEY"});
  bench.transport.then(s3_error(403, "InvalidAccessKeyId")).then(reply(204));
  CHECK(bench.client->remove("k"));
  bench.transport.then(reply(403)).then(reply(403)).then(reply(404));
  const auto found = bench.client->head("k");
  REQUIRE_FALSE(found);
  CHECK(found.error().err == ENOENT);
  CHECK(bench.count() == 5);
}

TEST_CASE("a wrong clock is set by the service's once") {
  Bench bench;
  http::Exchange skewed = s3_error(403, "RequestTimeTooSkewed");
  skewed.headers.add("Date", "Sun, 22 Nov 2026 05:17:29 GMT");
  bench.transport.then(skewed).then(reply(204)).then(reply(204));
  CHECK(bench.client->remove("k"));
  CHECK(bench.sent_header(1, "x-amz-date") == "20261122T051729Z");
  CHECK(bench.client->remove("k"));
  CHECK(bench.sent_header(2, "x-amz-date") == "20261122T051729Z");
  bench.transport.then(skewed).then(skewed);
  CHECK_FALSE(bench.client->remove("k"));
  CHECK(bench.count() == 5);
}

TEST_CASE("the region is learned from the refusal and kept") {
  Config config;
  config.bucket = "bkt";
  Bench bench(config);
  http::Exchange elsewhere =
      reply(301, {{"x-amz-bucket-region", "eu-west-1"}, {"Location", "https://evil.example/bkt"}});
  bench.transport.then(elsewhere).then(reply(204)).then(reply(204));
  CHECK(bench.client->remove("k"));
  CHECK(bench.sent(0).url == "https://bkt.s3.amazonaws.com/k");
  CHECK(bench.sent(1).url == "https://bkt.s3.eu-west-1.amazonaws.com/k");
  CHECK_THAT(bench.sent_header(1, "Authorization"),
             Catch::Matchers::ContainsSubstring("/eu-west-1/s3/"));
  CHECK(bench.client->region() == "eu-west-1");
  CHECK(bench.client->remove("k"));
  CHECK(bench.sent(2).url == "https://bkt.s3.eu-west-1.amazonaws.com/k");
}

TEST_CASE("another service's host stays, only the signature's region changes") {
  Bench bench;
  bench.transport.then(s3_error(400, "AuthorizationHeaderMalformed", "<Region>cn-east-1</Region>"))
      .then(reply(204));
  CHECK(bench.client->remove("k"));
  CHECK(bench.sent(1).url == "https://s3.example.com/bkt/k");
  CHECK(bench.client->region() == "cn-east-1");
}

TEST_CASE("a region that was given is never replaced, but both are named") {
  Config config = Bench::path_config();
  config.region = "us-west-2";
  config.region_given = true;
  Bench bench(config);
  bench.transport.then(s3_error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  const Status status = bench.client->remove("k");
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().text, Catch::Matchers::ContainsSubstring("us-west-2") &&
                                      Catch::Matchers::ContainsSubstring("eu-west-1"));
  CHECK(bench.count() == 1);
}

TEST_CASE("regions that lead in a circle end") {
  Bench bench;
  bench.transport.otherwise([](const test::RecordedRequest& request) {
    const bool one =
        request.request.headers.find("Authorization")->find("/aa-1/") != std::string_view::npos;
    return reply(301, {{"x-amz-bucket-region", one ? "bb-1" : "aa-1"}});
  });
  CHECK_FALSE(bench.client->remove("k"));
  CHECK(bench.count() == 3);
}

TEST_CASE("damaged data are read and hashed again, once") {
  Bench bench;
  bench.transport.then(s3_error(400, "BadDigest")).then(s3_error(400, "BadDigest"));
  StringSource body("hello");
  const Result<ETag> etag = bench.client->put({"k", {}}, body);
  REQUIRE_FALSE(etag);
  CHECK(etag.error().s3_code == "BadDigest");
  CHECK(bench.count() == 2);
}

TEST_CASE("the error of the caller's own data comes back as it was") {
  Config config = Bench::path_config();
  config.signed_payload = true;
  Bench bench(config);
  StringSource body("hello");
  body.broken = true;
  CHECK(bench.client->put({"k", {}}, body).error().err == ENODATA);
  CHECK(bench.client->upload_part("k", {"id"}, 1, body).error().err == ENODATA);
  CHECK(bench.count() == 0);
  Bench late;
  CHECK(late.client->upload_part("k", {"id"}, 1, body).error().err == ENODATA);
}

TEST_CASE("a create that met its own earlier attempt succeeded") {
  const std::string etag = "\"" + hex(digest(Digest::md5, "hello")) + "\"";
  struct Row {
    std::string etag;
    std::string size;
    bool ok;
  };
  for (const Row& row :
       {Row{etag, "5", true}, Row{etag, "6", false}, Row{"\"other\"", "5", false}}) {
    Bench bench;
    bench.transport.then(failure(Failure::broken))
        .then(s3_error(412, "PreconditionFailed"))
        .then(reply(200, {{"ETag", row.etag}, {"Content-Length", row.size}}));
    StringSource body("hello");
    const Result<ETag> put = bench.client->put({"k", {}, {.absent = true}}, body);
    CHECK(put.has_value() == row.ok);
    if (!put) CHECK(put.error().err == EEXIST);
  }
}

TEST_CASE("a lost condition without doubt is a lost condition") {
  Bench bench;
  bench.transport.then(s3_error(412, "PreconditionFailed"))
      .then(reply(200, {{"ETag", "\"" + hex(digest(Digest::md5, "hello")) + "\""},
                        {"Content-Length", "5"}}));
  StringSource body("hello");
  CHECK(bench.client->put({"k", {}, {.absent = true}}, body).error().err == EEXIST);
}

TEST_CASE("a service that compares If-Match without quotes is understood") {
  Bench bench;
  const http::Exchange head = reply(200, {{"ETag", "\"v1\""}, {"Content-Length", "5"}});
  bench.transport.then(s3_error(412, "PreconditionFailed")).then(head).then(kStored);
  StringSource body("hello");
  REQUIRE(bench.client->put({"k", {}, {.version = {"\"v1\""}}}, body));
  CHECK(bench.sent_header(0, "If-Match") == "\"v1\"");
  CHECK(bench.sent_header(2, "If-Match") == "v1");
  bench.transport.then(s3_error(412, "PreconditionFailed")).then(head);
  CHECK(bench.client->put({"k", {}, {.version = {"\"v0\""}}}, body).error().err == ESTALE);
}

TEST_CASE("requests are counted by verb") {
  Bench bench;
  bench.transport.then(s3_error(500, "InternalError")).then(reply(204));
  REQUIRE(bench.client->remove("k"));
  for (const RequestCount& count : bench.client->counts()) {
    INFO(count.verb);
    CHECK(count.requests == (count.verb == "DELETE" ? 2U : 0U));
    CHECK(count.retries == (count.verb == "DELETE" ? 1U : 0U));
    CHECK(count.failures == (count.verb == "DELETE" ? 1U : 0U));
  }
}

TEST_CASE("a HEAD of what is absent is no failure") {
  Bench bench;
  bench.transport.then(reply(404)).then(reply(403));
  CHECK(bench.client->head("k").error().err == ENOENT);
  CHECK_FALSE(bench.client->head("k"));
  const auto counts = bench.client->counts();
  CHECK(counts.front().verb == "HEAD");
  CHECK(counts.front().requests == 2);
  CHECK(counts.front().failures == 1);
}

TEST_CASE("copies return the new version and replace attributes when asked") {
  Bench bench;
  bench.transport.then(reply(200, {}, "<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>"));
  const Result<ETag> etag = bench.client->copy({"a", "b", {}, ObjectAttributes{}});
  REQUIRE(etag);
  CHECK(etag->value == "\"c\"");
  CHECK(bench.sent_header(0, "x-amz-copy-source") == "/bkt/a");
  CHECK(bench.sent_header(0, "x-amz-metadata-directive") == "REPLACE");
}

}  // namespace
}  // namespace pailfs::s3
