// SPDX-License-Identifier: Apache-2.0
// What vouches for a body, and what the client learns of a service that does not want it.
#include "client_fixture.h"
#include "s3/body_digest.h"

namespace pailfs::s3 {
namespace {

using test::reply;

const std::string kCrc = "mnG7TA==";  // of "hello"
const http::Exchange kStored = reply(200, {{"ETag", "\"new\""}});
const http::Exchange kConfirmed =
    reply(200, {{"ETag", "\"new\""}, {"x-amz-checksum-crc32c", kCrc}});

Result<ETag> put_hello(Bench& bench) {
  StringSource body("hello");
  return bench.client->put({"k", {}}, body);
}

TEST_CASE("over TLS a body is unsigned and has a checksum, in the open it is signed") {
  for (const bool tls : {true, false}) {
    Config config = Bench::path_config();
    if (!tls) config.url = "http://s3.example.com";
    Bench bench(config);
    bench.transport.then(kStored).then(kStored);
    REQUIRE(put_hello(bench));
    const std::string hash = hex(digest(Digest::sha256, "hello"));
    CHECK(bench.sent_header(0, "x-amz-content-sha256") == (tls ? "UNSIGNED-PAYLOAD" : hash));
    CHECK(bench.sent_header(0, "x-amz-checksum-crc32c") == (tls ? kCrc : "(none)"));
    CHECK(bench.sent_header(0, "x-amz-sdk-checksum-algorithm") == (tls ? "CRC32C" : "(none)"));
    CHECK(bench.sent_header(0, "Content-MD5") == "(none)");
  }
}

TEST_CASE("signed_payload signs over TLS too") {
  Config config = Bench::path_config();
  config.signed_payload = true;
  Bench bench(config);
  bench.transport.then(kStored);
  REQUIRE(put_hello(bench));
  CHECK(bench.sent_header(0, "x-amz-content-sha256") == hex(digest(Digest::sha256, "hello")));
  CHECK(bench.sent_header(0, "x-amz-checksum-crc32c") == "(none)");
}

TEST_CASE("a checksum that is refused is left out from then on, and nothing is lost") {
  for (const auto& [status, code] : std::vector<std::pair<int, std::string>>{
           {501, "NotImplemented"}, {400, "InvalidArgument"}, {400, "InvalidRequest"}}) {
    Config config = Bench::path_config();
    config.retries = 1;  // a correction is no retry
    Bench bench(config);
    bench.transport.then(s3_error(status, code)).then(kStored).then(kStored);
    const Result<ETag> etag = put_hello(bench);
    REQUIRE(etag);
    CHECK(etag->value == "\"new\"");
    CHECK(bench.sent_header(0, "x-amz-checksum-crc32c") == kCrc);
    CHECK(bench.sent_header(1, "x-amz-checksum-crc32c") == "(none)");
    CHECK(bench.sent_header(1, "x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
    CHECK(bench.transport.requests()[1].body == "hello");
    REQUIRE(put_hello(bench));
    CHECK(bench.count() == 3);
    CHECK(bench.sent_header(2, "x-amz-checksum-crc32c") == "(none)");
    REQUIRE(bench.client->notices().size() == 1);
    CHECK_THAT(bench.client->notices()[0], Catch::Matchers::ContainsSubstring("checksum"));
  }
}

TEST_CASE("a refusal for another reason teaches nothing and stays a refusal") {
  Bench bench;
  bench.transport.otherwise([](const auto&) { return s3_error(400, "InvalidRequest"); });
  const Result<ETag> etag = put_hello(bench);
  REQUIRE_FALSE(etag);
  CHECK(etag.error().s3_code == "InvalidRequest");
  CHECK(bench.count() == 3);  // as it is, without a checksum, signed
  CHECK(bench.client->notices().empty());
  bench.transport.then(kConfirmed);
  REQUIRE(put_hello(bench));
  CHECK(bench.sent_header(3, "x-amz-checksum-crc32c") == kCrc);
}

TEST_CASE("a service that has confirmed a checksum is not asked without one") {
  Bench bench;
  bench.transport.then(kConfirmed).then(s3_error(501, "NotImplemented"));
  REQUIRE(put_hello(bench));
  CHECK_FALSE(put_hello(bench));
  CHECK(bench.count() == 2);
  CHECK(bench.client->notices().empty());
}

TEST_CASE("a body is signed where a policy forbids the unsigned one") {
  Bench bench;
  bench.transport.then(s3_error(403, "AccessDenied")).then(kStored).then(kStored);
  REQUIRE(put_hello(bench));
  REQUIRE(put_hello(bench));
  CHECK(bench.count() == 3);
  for (const std::size_t index : {1U, 2U})
    CHECK(bench.sent_header(index, "x-amz-content-sha256") == hex(digest(Digest::sha256, "hello")));
  REQUIRE(bench.client->notices().size() == 1);
  CHECK_THAT(bench.client->notices()[0], Catch::Matchers::ContainsSubstring("signed_payload"));
}

TEST_CASE("whoever may not write is told so, after one look") {
  Bench bench;
  bench.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
  CHECK(put_hello(bench).error().err == EPERM);
  CHECK(bench.count() == 2);
  bench.transport.then(kStored);
  REQUIRE(put_hello(bench));
  CHECK(put_hello(bench).error().err == EPERM);
  CHECK(bench.count() == 4);  // unsigned bodies are known to be taken
}

TEST_CASE("another checksum in the reply means that something else was stored") {
  Bench bench;
  const http::Exchange damaged =
      reply(200, {{"ETag", "\"new\""}, {"x-amz-checksum-crc32c", "AAAAAA=="}});
  bench.transport.then(damaged).then(kConfirmed).then(damaged).then(damaged);
  REQUIRE(put_hello(bench));
  CHECK(bench.count() == 2);
  CHECK(put_hello(bench).error().err == EIO);
  CHECK(bench.count() == 4);
}

TEST_CASE("with enable_content_md5 an ETag that is an MD5 must be the right one") {
  Config config = Bench::path_config();
  config.content_md5 = true;
  const std::string right = "\"5d41402abc4b2a76b9719d911017c592\"";
  const std::string wrong = "\"00000000000000000000000000000000\"";
  struct Row {
    std::vector<http::Header> headers;
    bool ok;
  };
  const std::vector<Row> rows{
      {{{"ETag", right}}, true},
      {{{"ETag", wrong}}, false},
      {{{"ETag", "\"opaque\""}}, true},
      {{{"ETag", wrong}, {"x-amz-server-side-encryption", "aws:kms"}}, true},
      {{{"ETag", wrong}, {"x-amz-server-side-encryption", "AES256"}}, false},
  };
  for (const Row& row : rows) {
    Bench bench(config);
    bench.transport.otherwise([&](const auto&) { return reply(200, row.headers); });
    CHECK(put_hello(bench).has_value() == row.ok);
    CHECK(bench.sent_header(0, "Content-MD5") == base64(digest(Digest::md5, "hello")));
    CHECK(bench.sent_header(0, "x-amz-checksum-crc32c") == "(none)");
  }
}

http::Exchange created() {
  return reply(200, {},
               "<InitiateMultipartUploadResult><UploadId>U</UploadId>"
               "</InitiateMultipartUploadResult>");
}

http::Exchange completed() {
  return reply(200, {},
               "<CompleteMultipartUploadResult><ETag>\"e-1\"</ETag>"
               "</CompleteMultipartUploadResult>");
}

TEST_CASE("an upload begins with its algorithm and ends with the confirmed checksums") {
  Bench bench;
  bench.transport.then(created()).then(kConfirmed).then(completed());
  const Result<UploadId> id = bench.client->create_upload("k", {}, PartOrigin::sent);
  REQUIRE(id);
  StringSource body("hello");
  REQUIRE(bench.client->upload_part("k", *id, 1, body));
  REQUIRE(bench.client->complete_upload("k", *id, {{1, {"\"new\""}, 5}}, {}));
  CHECK(bench.sent_header(0, "x-amz-checksum-algorithm") == "CRC32C");
  CHECK(bench.sent_header(1, "x-amz-checksum-crc32c") == kCrc);
  CHECK_THAT(
      bench.transport.requests()[2].body,
      Catch::Matchers::ContainsSubstring("<ChecksumCRC32C>" + kCrc + "</ChecksumCRC32C></Part>"));
}

TEST_CASE("an upload that a part may be copied into has no checksums at all") {
  Bench bench;
  bench.transport.then(created()).then(kStored);
  const Result<UploadId> id = bench.client->create_upload("k", {}, PartOrigin::mixed);
  REQUIRE(id);
  StringSource body("hello");
  REQUIRE(bench.client->upload_part("k", *id, 1, body));
  CHECK(bench.sent_header(0, "x-amz-checksum-algorithm") == "(none)");
  CHECK(bench.sent_header(1, "x-amz-checksum-crc32c") == "(none)");
}

TEST_CASE("a service that ignores checksums gets a plain completion") {
  Bench bench;
  bench.transport.then(created()).then(kStored).then(completed());
  const Result<UploadId> id = bench.client->create_upload("k", {}, PartOrigin::sent);
  StringSource body("hello");
  REQUIRE(bench.client->upload_part("k", *id, 1, body));
  REQUIRE(bench.client->complete_upload("k", *id, {{1, {"\"new\""}, 5}}, {}));
  CHECK_THAT(bench.transport.requests()[2].body, !Catch::Matchers::ContainsSubstring("Checksum"));
}

TEST_CASE("a service may refuse checksums at any step of an upload") {
  for (const std::size_t refused : {0U, 1U, 2U}) {
    INFO("refused at request " << refused);
    Bench bench;
    const std::vector<http::Exchange> replies{created(), refused == 2 ? kConfirmed : kStored,
                                              completed()};
    for (std::size_t i = 0; i < replies.size(); ++i) {
      // After it has confirmed one it cannot be the header.
      if (i == refused && i < 2) bench.transport.then(s3_error(501, "NotImplemented"));
      bench.transport.then(replies[i]);
    }
    const Result<UploadId> id = bench.client->create_upload("k", {}, PartOrigin::sent);
    REQUIRE(id);
    StringSource body("hello");
    REQUIRE(bench.client->upload_part("k", *id, 1, body));
    REQUIRE(bench.client->complete_upload("k", *id, {{1, {"\"new\""}, 5}}, {}));
    CHECK(bench.client->notices().size() == (refused < 2 ? 1U : 0U));
  }
}

}  // namespace
}  // namespace pailfs::s3
