// SPDX-License-Identifier: Apache-2.0
#include "s3d/server.h"

#include <memory>
#include <string>
#include <vector>

#include "s3d/digest.h"
#include "s3d/test_client.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

struct Fixture {
  ServerOptions options;
  std::unique_ptr<Server> server;
  std::unique_ptr<TestClient> client;

  explicit Fixture(std::vector<std::string> rules = {}) {
    options.buckets = {"data"};
    options.rules = std::move(rules);
    std::string reason;
    server = Server::start(options, reason);
    client = std::make_unique<TestClient>(server->port());
    client->sign_as(options.credentials);
  }
  TestClient* operator->() { return client.get(); }
};

std::string md5_header(const std::string& body) {
  return base64(md5(body));
}

}  // namespace

TEST_CASE("an object comes back with its bytes, headers and metadata") {
  Fixture s3;
  auto put = s3->put("/data/a%20b/%C3%BC", "hello",
                     {{"Content-Type", "text/x"},
                      {"Cache-Control", "max-age=1"},
                      {"x-amz-meta-Mode", "33188"},
                      {"x-amz-storage-class", "STANDARD_IA"},
                      {"x-amz-server-side-encryption", "AES256"}});
  CHECK(put.status == 200);
  CHECK(put.header("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"");
  CHECK(put.header("x-amz-server-side-encryption") == "AES256");
  for (std::string method : {"GET", "HEAD"}) {
    auto got = s3->send(method, "/data/a%20b/%C3%BC");
    CHECK(got.status == 200);
    CHECK(got.body == (method == "GET" ? "hello" : ""));
    CHECK(got.header("Content-Length") == "5");
    CHECK(got.header("Content-Type") == "text/x");
    CHECK(got.header("Cache-Control") == "max-age=1");
    CHECK(got.header("x-amz-meta-mode") == "33188");
    CHECK(got.header("x-amz-storage-class") == "STANDARD_IA");
    CHECK(got.header("ETag") == put.header("ETag"));
    CHECK_FALSE(got.header("x-amz-request-id").empty());
  }
  CHECK(s3->put("/data/plain", "").status == 200);
  CHECK(s3->get("/data/plain").header("Content-Type") == "binary/octet-stream");
  CHECK(s3->connections_opened() == 1);
}

TEST_CASE("missing things have their code, and HEAD has no body") {
  Fixture s3;
  CHECK(s3->get("/data/nope").code() == "NoSuchKey");
  CHECK(s3->get("/data/nope").tag("Key") == "nope");
  CHECK(s3->get("/nobucket/k").code() == "NoSuchBucket");
  CHECK(s3->send("DELETE", "/data/nope").status == 204);
  auto head = s3->send("HEAD", "/data/nope");
  CHECK(head.status == 404);
  CHECK(head.body.empty());
  CHECK(s3->send("HEAD", "/nobucket").status == 404);
  CHECK(s3->get("/data?versioning").status == 501);
  CHECK(s3->send("PATCH", "/data/k").code() == "MethodNotAllowed");
}

TEST_CASE("buckets are made, listed, located and only removed when empty") {
  Fixture s3;
  CHECK(s3->put("/fresh", "").status == 200);
  CHECK(s3->put("/Bad_Name", "").code() == "InvalidBucketName");
  CHECK(s3->get("/").tags("Name") == std::vector<std::string>{"data", "fresh"});
  CHECK(s3->get("/fresh?location")
            .body.find("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/"
                       "2006-03-01/\"></LocationConstraint>") != std::string::npos);
  s3->put("/fresh/k", "x");
  CHECK(s3->send("DELETE", "/fresh").code() == "BucketNotEmpty");
  s3->send("DELETE", "/fresh/k");
  CHECK(s3->send("DELETE", "/fresh").status == 204);
  CHECK(s3->send("HEAD", "/fresh").status == 404);
}

TEST_CASE("ranges and preconditions answer 206, 416, 412 and 304") {
  Fixture s3;
  std::string etag = s3->put("/data/k", "0123456789").header("ETag");
  auto part = s3->get("/data/k", {{"Range", "bytes=2-4"}});
  CHECK(part.status == 206);
  CHECK(part.body == "234");
  CHECK(part.header("Content-Range") == "bytes 2-4/10");
  auto past = s3->get("/data/k", {{"Range", "bytes=10-"}});
  CHECK(past.status == 416);
  CHECK(past.code() == "InvalidRange");
  s3->put("/data/empty", "");
  CHECK(s3->get("/data/empty", {{"Range", "bytes=0-0"}}).status == 416);
  CHECK(s3->get("/data/k", {{"If-Match", etag}}).status == 200);
  CHECK(s3->get("/data/k", {{"If-Match", "\"x\""}}).code() == "PreconditionFailed");
  auto same = s3->get("/data/k", {{"If-None-Match", etag}});
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(same.header("Content-Length").empty());
  CHECK(s3.server->set_rule("no_range"));
  CHECK(s3->get("/data/k", {{"Range", "bytes=2-4"}}).status == 200);
}

TEST_CASE("conditional writes never write when they fail") {
  Fixture s3;
  CHECK(s3->put("/data/k", "1", {{"If-None-Match", "*"}}).status == 200);
  CHECK(s3->put("/data/k", "2", {{"If-None-Match", "*"}}).code() == "PreconditionFailed");
  CHECK(s3->put("/data/k", "2", {{"If-Match", "\"bad\""}}).status == 412);
  CHECK(s3->put("/data/new", "2", {{"If-Match", "\"bad\""}}).code() == "NoSuchKey");
  CHECK(s3.server->get_object("data", "k")->body.to_string() == "1");
  CHECK(s3->put("/data/k", "2", {{"If-Match", "\"" + hex(md5("1")) + "\""}}).status == 200);
  s3.server->set_rule("conditional_501");
  CHECK(s3->put("/data/k", "3", {{"If-None-Match", "*"}}).status == 501);
  s3.server->set_rule("conditional_501", false);
  s3.server->set_rule("no_conditional");
  CHECK(s3->put("/data/k", "3", {{"If-None-Match", "*"}}).status == 200);
}

TEST_CASE("a service may have a header of its own by which an object stays") {
  Fixture s3;
  s3.server->set_rule("forbid_overwrite=x-oss-forbid-overwrite");
  const TestHeaders keep{{"x-oss-forbid-overwrite", "true"}};
  CHECK(s3->put("/data/k", "1", keep).status == 200);
  const auto refused = s3->put("/data/k", "2", keep);
  CHECK(refused.status == 409);
  CHECK(refused.code() == "FileAlreadyExists");
  CHECK(s3->put("/data/k", "2", {{"x-oss-forbid-overwrite", "false"}}).status == 200);
  CHECK(s3->put("/data/k", "3", {{"If-None-Match", "*"}}).status == 200);
}

TEST_CASE("versions decide what DeleteObjects removes") {
  Fixture s3;
  const auto remove = [&](const std::string& etag) {
    s3->put("/data/k", "1");
    const std::string body = "<Delete><Object><Key>k</Key><ETag>" + etag +
                             "</ETag></Object><Object><Key>n</Key><ETag>x</ETag></Object></Delete>";
    return s3->send("POST", "/data?delete", {{"Content-MD5", md5_header(body)}}, body);
  };
  const std::string right = hex(md5("1"));
  CHECK(remove("&quot;bad&quot;").tags("Code") ==
        std::vector<std::string>{"PreconditionFailed", "NoSuchKey"});
  CHECK(s3.server->get_object("data", "k") != nullptr);
  CHECK(remove("&quot;" + right + "&quot;").tags("Code") == std::vector<std::string>{"NoSuchKey"});
  CHECK(s3.server->get_object("data", "k") == nullptr);
  s3.server->set_rule("absent_delete_ok");
  CHECK(remove(right).tags("Code").empty());
  s3.server->set_rule("refuse=DeleteObjects/etag:400:MalformedXML");
  CHECK(remove(right).code() == "MalformedXML");
  s3.server->set_rule("refuse=DeleteObjects/etag:400:MalformedXML", false);
  s3.server->set_rule("ignore=DeleteObjects/etag");
  CHECK(remove("bad").tags("Code").empty());
  CHECK(s3.server->get_object("data", "k") == nullptr);
}

TEST_CASE("wrong digests and checksums are refused and store nothing") {
  Fixture s3;
  struct Row {
    const char* name;
    std::string value;
    const char* code;
  };
  const Row rows[] = {
      {"Content-MD5", md5_header("hello"), ""},
      {"Content-MD5", md5_header("hallo"), "BadDigest"},
      {"Content-MD5", "short", "InvalidDigest"},
      {"x-amz-checksum-crc32", base64(hash_of(HashKind::kCrc32, "hello")), ""},
      {"x-amz-checksum-crc32", "AAAAAA==", "BadDigest"},
      {"x-amz-checksum-crc32c", base64(hash_of(HashKind::kCrc32c, "hello")), ""},
      {"x-amz-checksum-crc64nvme", base64(hash_of(HashKind::kCrc64Nvme, "hello")), ""},
      {"x-amz-checksum-sha256", base64(sha256("hello")), ""},
      {"x-amz-checksum-sha256", base64(sha256("hallo")), "BadDigest"},
      {"x-amz-checksum-sha1", "AAAA", "InvalidRequest"},
      {"x-amz-content-sha256", hex(sha256("hallo")), "XAmzContentSHA256Mismatch"},
      {"x-amz-content-sha256", "UNSIGNED-PAYLOAD", ""},
      {"x-amz-content-sha256", "nonsense", "InvalidArgument"},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.value);
    s3.server->delete_object("data", "k");
    CHECK(s3->put("/data/k", "hello", {{row.name, row.value}}).code() == row.code);
    CHECK((s3.server->get_object("data", "k") != nullptr) == std::string(row.code).empty());
  }
  s3->put("/data/k", "hello", {{"x-amz-checksum-crc32", rows[3].value}});
  CHECK(s3->get("/data/k", {{"x-amz-checksum-mode", "ENABLED"}}).header("x-amz-checksum-crc32") ==
        rows[3].value);
}

TEST_CASE("limits of keys, metadata and lengths are enforced and can be lifted") {
  Fixture s3;
  CHECK(s3->put("/data/" + std::string(1024, 'k'), "").status == 200);
  CHECK(s3->put("/data/" + std::string(1025, 'k'), "").code() == "KeyTooLongError");
  s3.server->set_rule("key_limit_off");
  CHECK(s3->put("/data/" + std::string(1025, 'k'), "").status == 200);
  CHECK(s3->put("/data/m", "", {{"x-amz-meta-a", std::string(2047, 'v')}}).status == 200);
  CHECK(s3->put("/data/m", "", {{"x-amz-meta-a", std::string(2048, 'v')}}).code() ==
        "MetadataTooLarge");
  CHECK(s3->put("/data/%ff", "").code() == "InvalidURI");
  CHECK(s3->raw("PUT /data/k HTTP/1.1\r\nHost: h\r\n\r\n").code() == "AccessDenied");
  s3.server->set_rule("no_signature_check");
  CHECK(s3->raw("PUT /data/k HTTP/1.1\r\nHost: h\r\n\r\n").code() == "MissingContentLength");
  CHECK(s3->raw("GET /data/%zz HTTP/1.1\r\nHost: h\r\n\r\n").code() == "InvalidURI");
  CHECK(s3->raw("nonsense\r\n\r\n").status == 400);
}

TEST_CASE("an expected 100 Continue comes at once, and not before a refusal") {
  Fixture s3({"no_signature_check"});
  std::string head =
      "PUT /data/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  auto put = s3->raw(head + "hello");
  CHECK(put.continued);
  CHECK(put.status == 200);
  auto refused = s3->raw(
      "PUT /nobucket/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  CHECK_FALSE(refused.continued);
  CHECK(refused.code() == "NoSuchBucket");
  CHECK(refused.header("Connection") == "close");
}

TEST_CASE("chunked and aws-chunked bodies are unwrapped, trailers verified") {
  Fixture s3({"no_signature_check", "length_check_off"});
  auto plain = s3->raw(
      "PUT /data/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n");
  CHECK(plain.status == 200);
  CHECK(s3->get("/data/a").body == "abcde");
  std::string head =
      "PUT /data/b HTTP/1.1\r\nHost: h\r\nContent-Encoding: aws-chunked\r\n"
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: 5"
      "\r\nx-amz-trailer: x-amz-checksum-crc32\r\nContent-Length: ";
  auto send = [&](const std::string& checksum) {
    std::string body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + checksum + "\r\n\r\n";
    return s3->raw(head + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  auto framed = send(base64(hash_of(HashKind::kCrc32, "hello")));
  CHECK(framed.status == 200);
  auto got = s3->get("/data/b");
  CHECK(got.body == "hello");
  CHECK(got.header("Content-Encoding").empty());
  CHECK(send("AAAAAA==").code() == "BadDigest");
}

TEST_CASE("copies keep or replace metadata and refuse to change nothing") {
  Fixture s3;
  s3->put("/data/a%20b", "hello", {{"x-amz-meta-x", "1"}, {"Content-Type", "text/a"}});
  auto copy = s3->put("/data/c", "", {{"x-amz-copy-source", "/data/a%20b"}});
  CHECK(copy.status == 200);
  CHECK(copy.tag("ETag") == "&quot;" + hex(md5("hello")) + "&quot;");
  CHECK(s3->get("/data/c").header("x-amz-meta-x") == "1");
  auto replaced = s3->put("/data/c", "",
                          {{"x-amz-copy-source", "data/c"},
                           {"x-amz-metadata-directive", "REPLACE"},
                           {"x-amz-meta-y", "2"},
                           {"Content-Type", "text/b"}});
  CHECK(replaced.status == 200);
  auto got = s3->get("/data/c");
  CHECK(got.body == "hello");
  CHECK(got.header("x-amz-meta-x").empty());
  CHECK(got.header("x-amz-meta-y") == "2");
  CHECK(got.header("Content-Type") == "text/b");
  CHECK(s3->put("/data/c", "", {{"x-amz-copy-source", "data/c"}}).code() == "InvalidRequest");
  CHECK(s3->put("/data/d", "", {{"x-amz-copy-source", "data/nope"}}).code() == "NoSuchKey");
  CHECK(s3->put("/data/d", "", {{"x-amz-copy-source", "data"}}).code() == "InvalidArgument");
  CHECK(s3->put("/data/d", "",
                {{"x-amz-copy-source", "data/c"}, {"x-amz-copy-source-if-match", "\"no\""}})
            .code() == "PreconditionFailed");
}

TEST_CASE("listings of both versions page through everything") {
  Fixture s3;
  for (std::string key : {"a", "b c", "d/1", "d/2", "e"})
    s3.server->put_object("data", key, Body("x"));
  auto v1 = s3->get("/data?delimiter=%2F&max-keys=3");
  CHECK(v1.tag("IsTruncated") == "true");
  CHECK(v1.tag("NextMarker") == "d/");
  CHECK(s3->get("/data?max-keys=3").tag("NextMarker").empty());
  CHECK(s3->get("/data?delimiter=%2F&marker=d%2F").tags("Key") == std::vector<std::string>{"e"});
  auto encoded = s3->get("/data?encoding-type=url");
  CHECK(encoded.tags("Key")[1] == "b+c");
  CHECK(encoded.tag("EncodingType") == "url");

  std::vector<std::string> keys;
  std::string token;
  do {
    auto page =
        s3->get("/data?list-type=2&max-keys=2" +
                (token.empty() ? "" : "&continuation-token=" + percent_encode(token, false)));
    for (const std::string& key : page.tags("Key")) keys.push_back(key);
    token = page.tag("NextContinuationToken");
  } while (!token.empty());
  CHECK(keys == std::vector<std::string>{"a", "b c", "d/1", "d/2", "e"});
  auto v2 = s3->get("/data?list-type=2&delimiter=%2F&start-after=a");
  CHECK(v2.tag("KeyCount") == "3");
  CHECK(v2.tags("Prefix") == std::vector<std::string>{"d/"});
  CHECK(s3->get("/data?list-type=2&continuation-token=x").code() == "InvalidArgument");
  CHECK(s3->get("/data?max-keys=x").code() == "InvalidArgument");
  CHECK(s3->get("/data?max-keys=0").tag("IsTruncated") == "false");
  CHECK(s3.server->set_rule("no_list_v2"));
  CHECK(s3->get("/data?list-type=2").status == 501);
}

TEST_CASE("DeleteObjects needs a digest, reports each key and can be quiet") {
  Fixture s3;
  s3->put("/data/a", "x");
  s3->put("/data/b", "x");
  auto body = [](std::string_view quiet) {
    return "<Delete>" + std::string(quiet) +
           "<Object><Key>a</Key></Object><Object><Key>nope</Key></Object></Delete>";
  };
  CHECK(s3->send("POST", "/data?delete", {}, body("")).code() == "InvalidRequest");
  auto told = s3->send("POST", "/data?delete", {{"Content-MD5", md5_header(body(""))}}, body(""));
  CHECK(told.tags("Key") == std::vector<std::string>{"a", "nope"});
  std::string quiet = body("<Quiet>true</Quiet>");
  auto silent = s3->send("POST", "/data?delete", {{"Content-MD5", md5_header(quiet)}}, quiet);
  CHECK(silent.status == 200);
  CHECK(silent.tags("Key").empty());
  CHECK(s3.server->keys("data") == std::vector<std::string>{"b"});
}

TEST_CASE("a multipart upload goes from create to complete") {
  Fixture s3;
  std::string id = s3->send("POST", "/data/big?uploads", {{"x-amz-meta-m", "7"}}).tag("UploadId");
  REQUIRE_FALSE(id.empty());
  std::string at = "/data/big?uploadId=" + id;
  std::string first(5 << 20, 'a');
  std::string one = s3->put(at + "&partNumber=1", first).header("ETag");
  s3->put("/data/source", "0123456789");
  auto copied =
      s3->put(at + "&partNumber=2", "",
              {{"x-amz-copy-source", "data/source"}, {"x-amz-copy-source-range", "bytes=2-4"}});
  CHECK(copied.tag("ETag") == "&quot;" + hex(md5("234")) + "&quot;");
  CHECK(s3->put(at + "&partNumber=0", "x").code() == "InvalidArgument");
  CHECK(s3->put("/data/big?uploadId=no&partNumber=1", "x").code() == "NoSuchUpload");
  CHECK(s3->get(at + "&max-parts=1").tag("NextPartNumberMarker") == "1");
  CHECK(s3->get(at + "&part-number-marker=1").tag("Size") == "3");
  CHECK(s3->get("/data?uploads").tag("UploadId") == id);
  CHECK(s3.server->open_uploads() == 1);
  std::string body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + one +
                     "</ETag></Part><Part><PartNumber>2</PartNumber><ETag>" + hex(md5("234")) +
                     "</ETag></Part></CompleteMultipartUpload>";
  auto complete = s3->send("POST", at, {}, body);
  CHECK(complete.status == 200);
  std::string etag = "&quot;" + hex(md5(md5(first) + md5("234"))) + "-2&quot;";
  CHECK(complete.tag("ETag") == etag);
  CHECK(s3->send("POST", at, {}, body).tag("ETag") == etag);
  s3.server->set_rule("complete_once");
  CHECK(s3->send("POST", at, {}, body).code() == "NoSuchUpload");
  auto got = s3->get("/data/big", {{"Range", "bytes=-4"}});
  CHECK(got.body == "a234");
  CHECK(got.header("x-amz-meta-m") == "7");
  CHECK(s3->get("/data/big?partNumber=2").body == "234");
  CHECK(s3.server->open_uploads() == 0);

  std::string other = s3->send("POST", "/data/big?uploads").tag("UploadId");
  CHECK(s3->send("DELETE", "/data/big?uploadId=" + other).status == 204);
  CHECK(s3->send("DELETE", "/data/big?uploadId=" + other).code() == "NoSuchUpload");
}

TEST_CASE("virtual-hosted and path style name the same object") {
  Fixture s3;
  CHECK(s3->put("/k", "v", {{"Host", "data.s3.localhost:" + std::to_string(s3.server->port())}})
            .status == 200);
  CHECK(s3->get("/data/k").body == "v");
}

TEST_CASE("anonymous requests and denied operations are refused") {
  Fixture s3;
  s3->put("/data/k", "v");
  TestClient anonymous(s3.server->port());
  CHECK(anonymous.get("/data/k").code() == "AccessDenied");
  s3.server->set_public("data", true, false);
  CHECK(anonymous.get("/data/k").status == 200);
  CHECK(anonymous.put("/data/k", "x").code() == "AccessDenied");
  s3.server->set_rule("deny=DeleteObject");
  CHECK(s3->send("DELETE", "/data/k").code() == "AccessDenied");
  s3.server->set_clock_offset(3600);
  auto skewed = s3->get("/data/k");
  CHECK(skewed.code() == "RequestTimeTooSkewed");
  CHECK_FALSE(skewed.tag("ServerTime").empty());
}

TEST_CASE("requests, bytes, connections, log and history are counted before the reply is seen") {
  Fixture s3;
  s3.server->reset_stats();
  s3->put("/data/k", "hello", {{"User-Agent", "t"}});
  s3->get("/data/k", {{"Range", "bytes=0-1"}});
  s3->get("/data/nope");
  StatsView stats = s3.server->stats();
  CHECK(stats.requests == std::map<std::string, std::uint64_t>{{"GetObject", 2}, {"PutObject", 1}});
  CHECK(stats.errors == std::map<std::string, std::uint64_t>{{"NoSuchKey", 1}});
  CHECK(stats.bytes_in == 5);
  CHECK(stats.connections_opened == 1);
  CHECK(stats.peak_concurrent_requests >= 1);
  auto log = s3.server->log();
  REQUIRE(log.size() == 3);
  CHECK(log[0].bytes_in == 5);
  CHECK(log[0].user_agent == "t");
  CHECK(log[1].range == "bytes=0-1");
  CHECK(log[1].content_range == "bytes 0-1/5");
  CHECK(log[2].code == "NoSuchKey");
  auto history = s3.server->history();
  REQUIRE(history.size() == 2);
  CHECK(history[1].op == "PutObject");
  CHECK(history[1].md5 == hex(md5("hello")));
}

TEST_CASE("the server refuses to listen beyond loopback and to obey unknown rules") {
  ServerOptions options;
  std::string reason;
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "example.org"}) {
    options.listen = address;
    CHECK(Server::start(options, reason) == nullptr);
    CHECK(reason.find("loopback") != std::string::npos);
  }
  options.listen = "127.0.0.1";
  options.rules = {"no_such_rule"};
  CHECK(Server::start(options, reason) == nullptr);
  CHECK(reason.find("no_such_rule") != std::string::npos);
}

}  // namespace s3d
