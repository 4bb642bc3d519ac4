// SPDX-License-Identifier: Apache-2.0
// The catalogue of faults on the wire, a row each, against the one judgement.
#include "s3/judge.h"

#include <string>
#include <vector>

#include "pailfs/util/text.h"

#include "support/catch.h"
#include "support/fake_transport.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const WallTime kSentAt = *parse_iso8601("2026-11-22T03:17:29Z");

Expectation asked(Op op) {
  Expectation out;
  out.op = op;
  out.key = "some/key";
  out.region = "us-east-1";
  out.sent_at = kSentAt;
  return out;
}

Expectation ranged(std::uint64_t begin, std::uint64_t length, std::string pinned = "") {
  Expectation out = asked(Op::get);
  out.range = ByteRange{begin, length};
  out.pinned = {std::move(pinned)};
  return out;
}

Expectation listing(const std::string& prefix, const std::string& start = "", bool v2 = false) {
  Expectation out = asked(Op::list);
  out.key = prefix;
  out.start = start;
  out.list_v2 = v2;
  out.delimited = true;
  return out;
}

/// ... of a service that has told an ETag before.
Expectation etags(Expectation out) {
  out.expects_etag = true;
  return out;
}

Expectation of_bucket(const std::string& name) {
  Expectation out = listing("");
  out.bucket = name;
  return out;
}

std::string error_body(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>m</Message>" + more +
         "</Error>";
}

std::string list_body(const std::string& inner) {
  return "<ListBucketResult>" + inner + "</ListBucketResult>";
}

std::string listed(const std::string& key) {
  return "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
}

http::Exchange got(http::Exchange exchange, std::uint64_t received) {
  exchange.received = received;
  return exchange;
}

struct Row {
  std::string name;
  Expectation asked;
  http::Exchange exchange;
  bool ok;
  int err = 0;
  Retry retry = Retry::never;
};

std::vector<Row> body_rows() {
  const std::string html = "<html><body>Please sign in</body></html>";
  const std::string slow = "   \n" + error_body("SlowDown");
  return {
      {"F-200ERR copy", asked(Op::copy), reply(200, {}, error_body("InternalError")), false, EIO,
       Retry::transient},
      {"F-200ERR complete, blanks first", asked(Op::complete_upload), reply(200, {}, slow), false,
       EIO, Retry::throttle},
      {"F-200ERR part copy", asked(Op::copy_part), reply(200, {}, error_body("AccessDenied")),
       false, EPERM, Retry::never},
      {"F-200ERR list", listing(""), reply(200, {}, error_body("NoSuchBucket")), false, ENXIO,
       Retry::never},
      {"F-200ERR put", asked(Op::put), reply(200, {{"ETag", "\"e\""}}, error_body("InternalError")),
       false, EIO, Retry::transient},
      {"F-200FOREIGN list", listing(""), reply(200, {}, html), false, EIO, Retry::transient},
      {"F-200FOREIGN list empty", listing(""), reply(200, {}, ""), false, EIO, Retry::transient},
      {"F-200FOREIGN list blank", listing(""), reply(200, {}, "  \n"), false, EIO,
       Retry::transient},
      {"F-200FOREIGN list, other XML", listing(""), reply(200, {}, "<feed/>"), false, EIO,
       Retry::transient},
      {"F-200FOREIGN put", asked(Op::put), reply(200, {}, html), false, EIO, Retry::transient},
      {"F-200FOREIGN put with ETag", asked(Op::put), reply(200, {{"ETag", "\"p\""}}, html), false,
       EIO, Retry::transient},
      {"F-200FOREIGN delete", asked(Op::remove), reply(200, {}, html), false, EIO,
       Retry::transient},
      {"F-200FOREIGN head", asked(Op::head), reply(200, {{"Content-Length", "5"}}), false, EIO,
       Retry::transient},
      {"F-200FOREIGN create", asked(Op::create_upload), reply(200, {}, html), false, EIO,
       Retry::transient},
      {"F-200FOREIGN complete empty", asked(Op::complete_upload), reply(200), false, EIO,
       Retry::transient},
      {"404 of a proxy is not a missing key", asked(Op::get), reply(404, {}, html), false, EIO,
       Retry::transient},
      {"404 of a proxy is not a successful delete", asked(Op::remove), reply(404, {}, html), false,
       EIO, Retry::transient},
      {"403 of a proxy", asked(Op::get), reply(403, {}, html), false, EIO, Retry::transient},
      {"F-PROXY", asked(Op::get), reply(407, {}, html), false, EIO, Retry::never},
      {"PUT without ETag", asked(Op::put), reply(200), false, EIO, Retry::transient},
      {"part without ETag", asked(Op::upload_part), reply(200), false, EIO, Retry::transient},
      {"HEAD without Content-Length (F-CLEN)", asked(Op::head), reply(200, {{"ETag", "\"e\""}}),
       false, EIO, Retry::transient},
      {"two lengths (F-CLEN)", asked(Op::head),
       reply(200, {{"ETag", "\"e\""}, {"Content-Length", "5"}, {"Content-Length", "6"}}), false,
       EIO, Retry::transient},
      {"length and chunks (F-CLEN)", asked(Op::head),
       reply(200, {{"ETag", "\"e\""}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}),
       false, EIO, Retry::transient},
      {"copy without ETag is asked about, not made again (rclone)", asked(Op::copy),
       reply(200, {}, "<CopyObjectResult/>"), false, EIO, Retry::never},
      {"part copy without ETag", asked(Op::copy_part), reply(200, {}, "<CopyPartResult/>"), false,
       EIO, Retry::never},
      {"copy without ETag, of somebody else", asked(Op::copy), reply(200, {}, "<status/>"), false,
       EIO, Retry::transient},
      {"part copy that calls itself a copy (S3Proxy)", asked(Op::copy_part),
       reply(200, {}, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"), true},
      {"new upload under another root (rclone)", asked(Op::create_upload),
       reply(200, {}, "<InitiateMultipartUpload><UploadId>u</UploadId></InitiateMultipartUpload>"),
       true},
      {"an error with an upload id", asked(Op::create_upload),
       reply(200, {}, "<Error><Code>InternalError</Code><UploadId>u</UploadId></Error>"), false,
       EIO, Retry::transient},
      {"HEAD without ETag where all had one", etags(asked(Op::head)),
       reply(200, {{"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}, {"Content-Length", "5"}}),
       false, EIO, Retry::transient},
      {"HEAD without ETag where none was seen", asked(Op::head),
       reply(200, {{"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}, {"Content-Length", "5"}}),
       true},
      {"HEAD with a weak ETag", etags(asked(Op::head)),
       reply(200, {{"ETag", "W/\"e\""}, {"Content-Length", "5"}}), true},
      {"HEAD of 2^64-1 bytes", asked(Op::head),
       reply(200, {{"ETag", "\"e\""}, {"Content-Length", "18446744073709551615"}}), false, EIO,
       Retry::transient},
      {"no final status", asked(Op::put), reply(100), false, EIO, Retry::transient},
      {"good head", asked(Op::head), reply(200, {{"ETag", "\"e\""}, {"Content-Length", "0"}}),
       true},
      {"good put", asked(Op::put), reply(200, {{"ETag", "\"e\""}}), true},
      {"good delete", asked(Op::remove), reply(204), true},
      {"delete of nothing", asked(Op::remove), reply(404, {}, error_body("NoSuchKey")), true},
      {"delete in no bucket", asked(Op::remove), reply(404, {}, error_body("NoSuchBucket")), false,
       ENXIO, Retry::never},
      {"abort of nothing", asked(Op::abort_upload), reply(404, {}, error_body("NoSuchUpload")),
       true},
      {"abort of nothing, as Ceph says it", asked(Op::abort_upload),
       reply(404, {}, error_body("NoSuchKey")), true},
      {"list parts of nothing", asked(Op::list_parts), reply(404, {}, error_body("NoSuchUpload")),
       false, EIO, Retry::never},
  };
}

std::vector<Row> refusal_rows() {
  const auto status = [](int code, const std::string& word) {
    return reply(code, {}, error_body(word));
  };
  Expectation absent = asked(Op::put);
  absent.if_absent = true;
  return {
      {"F-404KEY", asked(Op::get), status(404, "NoSuchKey"), false, ENOENT, Retry::never},
      {"F-404BKT", asked(Op::get), status(404, "NoSuchBucket"), false, ENXIO, Retry::never},
      {"F-404UP", asked(Op::upload_part), status(404, "NoSuchUpload"), false, EIO, Retry::never},
      {"F-404HEAD", asked(Op::head), reply(404), false, ENOENT, Retry::never},
      {"F-400HEAD", asked(Op::head), reply(400), false, EPERM, Retry::refresh_credentials},
      {"F-403", asked(Op::put), status(403, "AccessDenied"), false, EPERM, Retry::never},
      {"F-403SIG", asked(Op::put), status(403, "SignatureDoesNotMatch"), false, EPERM,
       Retry::refresh_credentials},
      {"F-403KEY", asked(Op::put), status(403, "InvalidAccessKeyId"), false, EPERM,
       Retry::refresh_credentials},
      {"F-403SKEW", asked(Op::get),
       reply(403, {{"Date", "Sun, 22 Nov 2026 04:17:29 GMT"}}, error_body("RequestTimeTooSkewed")),
       false, EIO, Retry::clock},
      {"F-403SKEW without a date", asked(Op::get), status(403, "RequestTimeTooSkewed"), false, EIO,
       Retry::never},
      {"F-403SKEW head", asked(Op::head), reply(403, {{"Date", "Sun, 22 Nov 2026 04:17:29 GMT"}}),
       false, EPERM, Retry::clock},
      {"403 head, clock right", asked(Op::head),
       reply(403, {{"Date", "Sun, 22 Nov 2026 03:17:30 GMT"}}), false, EPERM,
       Retry::refresh_credentials},
      {"F-403STATE", asked(Op::get), status(403, "InvalidObjectState"), false, EREMOTE,
       Retry::never},
      {"F-400EXP", asked(Op::get), status(400, "ExpiredToken"), false, EACCES,
       Retry::refresh_credentials},
      {"F-400RT", asked(Op::put), status(400, "RequestTimeout"), false, EIO, Retry::transient},
      {"F-400DIGEST", asked(Op::put), status(400, "BadDigest"), false, EIO, Retry::once},
      {"F-400IPART", asked(Op::complete_upload), status(400, "InvalidPart"), false, EIO,
       Retry::never},
      {"F-400INC", asked(Op::put), status(400, "IncompleteBody"), false, EIO, Retry::once},
      {"F-400KEY", asked(Op::get), status(400, "KeyTooLongError"), false, ENAMETOOLONG,
       Retry::never},
      {"F-400META", asked(Op::put), status(400, "MetadataTooLarge"), false, E2BIG, Retry::never},
      {"F-400BIG", asked(Op::put), status(400, "EntityTooLarge"), false, EFBIG, Retry::never},
      {"F-409", asked(Op::put), status(409, "OperationAborted"), false, ESTALE, Retry::once},
      {"F-412", asked(Op::put), status(412, "PreconditionFailed"), false, ESTALE, Retry::never},
      {"F-412 create", absent, status(412, "PreconditionFailed"), false, EEXIST, Retry::never},
      {"F-412MID", ranged(0, 5, "\"v\""), status(412, "PreconditionFailed"), false, ESTALE,
       Retry::never},
      {"F-416", ranged(9, 5), status(416, "InvalidRange"), false, ERANGE, Retry::never},
      {"F-429", asked(Op::get), status(429, "TooManyRequests"), false, EIO, Retry::throttle},
      {"F-503", asked(Op::get), status(503, "SlowDown"), false, EIO, Retry::throttle},
      {"F-500", asked(Op::get), status(500, "InternalError"), false, EIO, Retry::transient},
      {"F-502 HTML", asked(Op::get), reply(502, {}, "<html>Bad Gateway</html>"), false, EIO,
       Retry::transient},
      {"F-504", asked(Op::get), reply(504, {}, "<html/>"), false, ETIMEDOUT, Retry::transient},
      {"F-501", asked(Op::put), status(501, "NotImplemented"), false, ENOTSUP, Retry::never},
      {"F-507", asked(Op::put), status(507, "InsufficientCapacity"), false, ENOSPC,
       Retry::throttle},
      {"unknown code", asked(Op::get), status(403, "Whatever"), false, EPERM, Retry::never},
      {"unknown code of 404 is no absence", asked(Op::get), status(404, "Whatever"), false, EIO,
       Retry::never},
      {"... nor a deletion", asked(Op::remove), status(404, "Whatever"), false, EIO, Retry::never},
      {"404 without a code", asked(Op::get), status(404, ""), false, EIO, Retry::transient},
      {"404 of an unknown access key (Versity)", asked(Op::get), status(404, "XAdminUserNotFound"),
       false, EPERM, Retry::refresh_credentials},
      {"... where a deletion was asked for", asked(Op::remove), status(404, "XAdminUserNotFound"),
       false, EPERM, Retry::refresh_credentials},
  };
}

std::vector<Row> transport_rows() {
  return {
      {"F-DNS", asked(Op::get), failure(Failure::resolve), false, EIO, Retry::transient},
      {"F-CONN", asked(Op::get), failure(Failure::connect), false, EIO, Retry::transient},
      {"F-TLS", asked(Op::get), failure(Failure::tls), false, EIO, Retry::never},
      {"F-STALL", asked(Op::get), failure(Failure::timeout), false, ETIMEDOUT, Retry::transient},
      {"F-IDLE", asked(Op::put), failure(Failure::idle_closed), false, EIO, Retry::transient},
      {"F-RST", asked(Op::put), failure(Failure::broken), false, EIO, Retry::transient},
      {"F-TRUNC list", listing(""),
       failure(Failure::broken, "cut",
               reply(200, {}, list_body("<IsTruncated>false</IsTruncated>"))),
       false, EIO, Retry::transient},
      {"F-LONG", asked(Op::get), failure(Failure::protocol), false, EIO, Retry::once},
      {"cancelled", asked(Op::get), failure(Failure::cancelled), false, ECANCELED, Retry::never},
      {"own body", asked(Op::put), failure(Failure::body), false, EIO, Retry::never},
  };
}

std::vector<Row> get_rows() {
  const auto part = [](const std::string& range, const std::string& etag = "\"v\"") {
    return reply(206, {{"ETag", etag}, {"Content-Range", range}});
  };
  Expectation pinned_size = ranged(0, 5);
  pinned_size.pinned_size = 20;
  return {
      {"good range", ranged(5, 10, "\"v\""), got(part("bytes 5-14/20"), 10), true},
      {"range ends with the object", ranged(15, 10), got(part("bytes 15-19/20"), 5), true},
      {"F-206SHORT is good for what it says", ranged(0, 10), got(part("bytes 0-3/20"), 4), true},
      {"F-206WRONG start", ranged(5, 10), got(part("bytes 4-13/20"), 10), false, EIO, Retry::once},
      {"F-206WRONG longer", ranged(5, 10), got(part("bytes 5-15/20"), 11), false, EIO, Retry::once},
      {"F-206WRONG total", pinned_size, got(part("bytes 0-4/21"), 5), false, ESTALE, Retry::never},
      {"F-206WRONG many", ranged(0, 5),
       got(reply(206, {{"Content-Type", "multipart/byteranges; boundary=x"}}), 99), false, EIO,
       Retry::once},
      {"206 without Content-Range", ranged(0, 5), got(reply(206, {{"ETag", "\"v\""}}), 5), false,
       EIO, Retry::transient},
      {"206 with a broken Content-Range", ranged(0, 5), got(part("bytes 4-0/20"), 5), false, EIO,
       Retry::transient},
      {"206 beyond its own total", ranged(0, 5), got(part("bytes 0-4/4"), 5), false, EIO,
       Retry::transient},
      {"206 of unknown total", ranged(0, 5), got(part("bytes 0-4/*"), 5), false, EIO,
       Retry::transient},
      {"lengths disagree", ranged(0, 5),
       got(reply(206, {{"Content-Range", "bytes 0-4/20"}, {"Content-Length", "6"}}), 5), false, EIO,
       Retry::transient},
      {"F-200RANGE", ranged(0, 5),
       got(reply(200, {{"ETag", "\"v\""}, {"Content-Length", "20"}}), 20), false, EIO,
       Retry::never},
      {"206 to a whole get", asked(Op::get), got(part("bytes 0-4/20"), 5), false, EIO,
       Retry::transient},
      {"F-TRUNC", asked(Op::get),
       got(reply(200, {{"ETag", "\"v\""}, {"Content-Length", "20"}}), 19), false, EIO,
       Retry::transient},
      {"F-LONG", asked(Op::get), got(reply(200, {{"ETag", "\"v\""}, {"Content-Length", "20"}}), 21),
       false, EIO, Retry::once},
      {"whole get without length", asked(Op::get), got(reply(200, {{"ETag", "\"v\""}}), 20), false,
       EIO, Retry::transient},
      {"another version", ranged(0, 5, "\"old\""), got(part("bytes 0-4/20"), 5), false, ESTALE,
       Retry::never},
      {"same version, spelled otherwise", ranged(0, 5, "v"),
       got(part("bytes 0-4/20", "W/\"v\""), 5), true},
      {"F-NOETAG of a pinned get is no other version", ranged(0, 5, "\"v\""),
       got(reply(206, {{"Content-Range", "bytes 0-4/20"},
                       {"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}}),
           5),
       false, EIO, Retry::transient},
      {"F-NOETAG where all had one", etags(ranged(0, 5)),
       got(reply(206, {{"Content-Range", "bytes 0-4/20"},
                       {"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"}}),
           5),
       false, EIO, Retry::transient},
      {"206 of 2^64-1 bytes", ranged(0, 5), got(part("bytes 0-4/18446744073709551615"), 5), false,
       EIO, Retry::transient},
      {"F-GZIP is not decoded", asked(Op::get),
       got(reply(200, {{"ETag", "\"v\""}, {"Content-Length", "3"}, {"Content-Encoding", "gzip"}}),
           3),
       true},
  };
}

std::vector<Row> list_rows() {
  const std::string no = "<IsTruncated>false</IsTruncated>";
  const std::string yes = "<IsTruncated>true</IsTruncated>";
  const auto list = [](const std::string& inner) { return reply(200, {}, list_body(inner)); };
  return {
      {"empty", listing("a/"), list("<Prefix>a/</Prefix>" + no), true},
      {"truncated with marker", listing("a/"),
       list(yes + listed("a/b") + "<NextMarker>a/b</NextMarker>"), true},
      {"truncated, marker from the last name", listing("a/"), list(yes + listed("a/b")), true},
      {"F-LIST-LOOP empty, no marker", listing("a/"), list(yes), false, EIO, Retry::never},
      {"F-LIST-LOOP marker repeats, no names", listing("a/", "a/b"),
       list(yes + "<NextMarker>a/b</NextMarker>"), false, EIO, Retry::never},
      {"F-LIST-LOOP same page again", listing("a/", "a/b"),
       list(yes + "<NextMarker>a/z</NextMarker>" + listed("a/b")), false, EIO, Retry::never},
      {"a marker that lags behind the names is not needed", listing("a/", "a/b"),
       list(yes + "<NextMarker>a/b</NextMarker>" + listed("a/c")), true},
      {"F-LIST-LOOP marker goes back", listing("a/", "a/m"), list(yes + listed("a/b")), false, EIO,
       Retry::never},
      {"F-LIST-LOOP v2 without token", listing("a/", "", true), list(yes + listed("a/b")), false,
       EIO, Retry::never},
      {"F-LIST-LOOP v2 token repeats", listing("a/", "t", true),
       list(yes + "<NextContinuationToken>t</NextContinuationToken>"), false, EIO, Retry::never},
      {"v2 empty page with token", listing("a/", "t", true),
       list(yes + "<NextContinuationToken>u</NextContinuationToken>"), true},
      {"F-LIST-ORDER another prefix", listing("a/"), list("<Prefix>b/</Prefix>" + no), false, EIO,
       Retry::transient},
      {"prefix echoed encoded", listing("a b/"),
       list("<EncodingType>url</EncodingType><Prefix>a+b%2F</Prefix>" + no), true},
      {"prefix echoed raw although encoded (Ceph)", listing("a\x01/"),
       list("<EncodingType>url</EncodingType><Prefix>a&#x01;/</Prefix>" + no), true},
      {"F-XML cut short", listing("a/"), reply(200, {}, "<ListBucketResult>" + no), false, EIO,
       Retry::transient},
      {"F-XML doctype", listing("a/"), reply(200, {}, "<!DOCTYPE x>" + list_body(no)), false, EIO,
       Retry::transient},
      {"of the bucket that it was before", of_bucket("b"), list("<Name>b</Name>" + no), true},
      {"of another bucket", of_bucket("b"), list("<Name>c</Name>" + no), false, EIO,
       Retry::transient},
      {"of a bucket without name", of_bucket("b"), list("<Name/>" + no), true},
      {"an object of 2^64-1 bytes", listing("a/"),
       list(no + "<Contents><Key>a/b</Key><Size>18446744073709551615</Size></Contents>"), false,
       EIO, Retry::transient},
      {"version 1 answered as version 2", listing("a/"),
       list(yes + "<NextContinuationToken>t</NextContinuationToken>" + listed("a/b")), true},
      {"nothing said about truncation", listing("a/"), list(listed("a/b")), false, EIO,
       Retry::transient},
  };
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.name);
    const Verdict verdict = judge(row.asked, row.exchange);
    INFO(verdict.error.text);
    CHECK(verdict.ok == row.ok);
    if (row.ok) continue;
    CHECK(verdict.error.err == row.err);
    CHECK(static_cast<int>(verdict.retry) == static_cast<int>(row.retry));
    CHECK_FALSE(verdict.error.text.empty());
  }
}

TEST_CASE("bodies and shapes are judged as the catalogue says") {
  check(body_rows());
}
TEST_CASE("refusals are judged as the catalogue says") {
  check(refusal_rows());
}
TEST_CASE("broken exchanges are judged as the catalogue says") {
  check(transport_rows());
}
TEST_CASE("reads are judged against the range and version asked for") {
  check(get_rows());
}
TEST_CASE("listings are judged against prefix and progress") {
  check(list_rows());
}

TEST_CASE("no reply cut off anywhere in its body is taken for success") {
  const std::string body =
      "<CompleteMultipartUploadResult><ETag>\"e\"</ETag>"
      "</CompleteMultipartUploadResult>";
  CHECK(judge(asked(Op::complete_upload), reply(200, {}, body)).ok);
  for (std::size_t length = 0; length < body.size(); ++length)
    CHECK_FALSE(judge(asked(Op::complete_upload), reply(200, {}, body.substr(0, length))).ok);
}

TEST_CASE("names outside the prefix are left out and counted") {
  const Verdict verdict =
      judge(listing("a/"),
            reply(200, {},
                  list_body("<IsTruncated>false</IsTruncated>" + listed("a/b") + listed("b/x") +
                            "<CommonPrefixes><Prefix>a/</Prefix>"
                            "</CommonPrefixes>")));
  REQUIRE(verdict.ok);
  const auto& list = std::get<JudgedList>(verdict.reply);
  CHECK(list.page.objects.size() == 1);
  CHECK(list.page.prefixes.empty());
  CHECK(list.foreign_names == 2);
}

TEST_CASE("a region is taken from the service only if it looks like one") {
  struct RegionRow {
    std::string name;
    http::Exchange exchange;
    std::string region;
    Retry retry;
  };
  const auto body = [](const std::string& code, const std::string& more) {
    return error_body(code, more);
  };
  const std::vector<RegionRow> rows{
      {"F-301 header", reply(301, {{"x-amz-bucket-region", "eu-west-1"}}), "eu-west-1",
       Retry::region},
      {"F-400BADREGION",
       reply(400, {}, body("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
       "eu-west-1", Retry::region},
      {"F-301 endpoint",
       reply(301, {},
             body("PermanentRedirect", "<Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint>")),
       "eu-west-1", Retry::region},
      {"F-307 endpoint, dotted",
       reply(307, {},
             body("TemporaryRedirect", "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>")),
       "eu-west-1", Retry::region},
      {"in words only",
       reply(400, {},
             "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is "
             "malformed; the region is wrong; expecting 'eu-west-1'.</Message></Error>"),
       "eu-west-1", Retry::region},
      {"words that name no region",
       reply(400, {},
             "<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'x y', "
             "expecting 'eu</Message></Error>"),
       "", Retry::never},
      {"words of another refusal",
       reply(400, {},
             "<Error><Code>InvalidArgument</Code><Message>expecting 'eu-west-1'</Message></Error>"),
       "", Retry::never},
      {"denied from afar",
       reply(403, {{"x-amz-bucket-region", "eu-west-1"}}, body("AccessDenied", "")), "eu-west-1",
       Retry::region},
      {"denied in its region",
       reply(403, {{"x-amz-bucket-region", "us-east-1"}}, body("AccessDenied", "")), "us-east-1",
       Retry::never},
      {"a wrong key is no matter of region",
       reply(403, {{"x-amz-bucket-region", "eu-west-1"}}, body("InvalidAccessKeyId", "")),
       "eu-west-1", Retry::refresh_credentials},
      {"China's domain",
       reply(
           301, {},
           body("PermanentRedirect", "<Endpoint>b.s3.cn-northwest-1.amazonaws.com.cn</Endpoint>")),
       "cn-northwest-1", Retry::region},
      {"foreign endpoint",
       reply(307, {{"Location", "https://evil.example/"}},
             body("TemporaryRedirect", "<Endpoint>evil.example</Endpoint>")),
       "", Retry::never},
      {"location alone", reply(302, {{"Location", "https://evil.example/"}}), "", Retry::never},
      {"not a region", reply(301, {{"x-amz-bucket-region", "evil.example/#"}}), "", Retry::never},
      {"too long", reply(301, {{"x-amz-bucket-region", std::string(33, 'a')}}), "", Retry::never},
      {"the same region", reply(301, {{"x-amz-bucket-region", "us-east-1"}}), "us-east-1",
       Retry::never},
  };
  for (const RegionRow& row : rows) {
    INFO(row.name);
    const Verdict verdict = judge(asked(Op::get), row.exchange);
    CHECK_FALSE(verdict.ok);
    CHECK(verdict.region == row.region);
    CHECK(static_cast<int>(verdict.retry) == static_cast<int>(row.retry));
  }
  const Verdict head = judge(asked(Op::head), reply(400, {{"x-amz-bucket-region", "eu-west-1"}}));
  CHECK(static_cast<int>(head.retry) == static_cast<int>(Retry::region));
}

TEST_CASE("only what may have happened is in doubt") {
  CHECK(judge(asked(Op::put), failure(Failure::broken)).outcome_unknown);
  CHECK(judge(asked(Op::complete_upload), failure(Failure::timeout)).outcome_unknown);
  CHECK(judge(asked(Op::put), reply(500)).outcome_unknown);
  CHECK(judge(asked(Op::copy), reply(200, {}, error_body("InternalError"))).outcome_unknown);
  CHECK_FALSE(judge(asked(Op::put), failure(Failure::connect)).outcome_unknown);
  CHECK(judge(asked(Op::put), failure(Failure::idle_closed)).outcome_unknown);
  CHECK_FALSE(judge(asked(Op::head), failure(Failure::idle_closed)).outcome_unknown);
  CHECK_FALSE(judge(asked(Op::put), reply(403, {}, error_body("AccessDenied"))).outcome_unknown);
  CHECK_FALSE(judge(asked(Op::get), failure(Failure::broken)).outcome_unknown);
  CHECK(judge(asked(Op::put), failure(Failure::idle_closed)).at_once);
}

TEST_CASE("an error keeps the store's own words, safe to print") {
  const Verdict verdict = judge(
      asked(Op::get), reply(403, {{"x-amz-request-id", "ID\n1"}, {"Retry-After", "7"}},
                            "<Error><Code>AccessDenied</Code><Message>a&#10;b</Message></Error>"));
  CHECK(verdict.error.s3_code == "AccessDenied");
  CHECK(verdict.error.http_status == 403);
  CHECK(verdict.error.request_id.find('\n') == std::string::npos);
  CHECK(verdict.error.text.find('\n') == std::string::npos);
  CHECK(verdict.retry_after == std::chrono::seconds(7));
}

TEST_CASE("attributes are read from headers as they stand") {
  const Verdict verdict =
      judge(asked(Op::head), reply(200, {{"ETag", "\"e\""},
                                         {"Content-Length", "12"},
                                         {"Last-Modified", "Sun, 22 Nov 2026 03:17:29 GMT"},
                                         {"Content-Type", "text/plain"},
                                         {"X-Amz-Meta-Mode", "33188"},
                                         {"Cache-Control", "no-cache"}}));
  REQUIRE(verdict.ok);
  const auto& info = std::get<ObjectInfo>(verdict.reply);
  CHECK(info.size == 12);
  CHECK(info.last_modified == kSentAt);
  CHECK(info.attributes.content_type == "text/plain");
  REQUIRE(info.attributes.metadata.size() == 1);
  CHECK(info.attributes.metadata[0] == std::pair<std::string, std::string>{"mode", "33188"});
  CHECK(info.attributes.standard.size() == 1);
}

}  // namespace
}  // namespace pailfs::s3
