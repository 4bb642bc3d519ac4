// SPDX-License-Identifier: Apache-2.0
// Each habit of the servers written by others, as they were seen to answer the same requests.
#include <memory>
#include <string>

#include "s3d/digest.h"
#include "s3d/imitate.h"
#include "s3d/server.h"
#include "s3d/test_client.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

const std::string kWrong = "\"0123456789abcdef0123456789abcdef\"";
const std::string kPart(5 << 20, 'a');

/// A server that imitates, and a client that knows the bucket "data".
struct Imitated {
  std::unique_ptr<Server> server;
  std::unique_ptr<TestClient> client;
  Credentials credentials;

  explicit Imitated(const std::string& service) {
    ServerOptions options;
    options.buckets = {"data"};
    options.rules = rules_of_service(service).value();
    credentials = options.credentials;
    std::string reason;
    server = Server::start(options, reason);
    REQUIRE(server);
    client = std::make_unique<TestClient>(server->port());
    client->sign_as(credentials);
  }
  TestReply put(const std::string& key, const std::string& body, TestHeaders headers = {}) {
    return client->put("/data/" + key, body, std::move(headers));
  }
  TestReply get(const std::string& key, TestHeaders headers = {}) {
    return client->get("/data/" + key, std::move(headers));
  }
  TestReply head(const std::string& key) { return client->send("HEAD", "/data/" + key); }
  TestReply remove(const std::string& target, TestHeaders headers = {}) {
    return client->send("DELETE", "/data/" + target, std::move(headers));
  }
  TestReply copy(const std::string& from, const std::string& to, TestHeaders headers = {}) {
    headers.emplace_back("x-amz-copy-source", "/data/" + from);
    return client->put("/data/" + to, "", std::move(headers));
  }
  TestReply create(const std::string& key) {
    return client->send("POST", "/data/" + key + "?uploads=");
  }
  std::string part(const std::string& key, const std::string& id, int number,
                   const std::string& body) {
    return put(key + "?partNumber=" + std::to_string(number) + "&uploadId=" + id, body)
        .header("etag");
  }
  TestReply copy_part(const std::string& from, const std::string& to, const std::string& id,
                      TestHeaders headers = {}) {
    return copy(from, to + "?partNumber=1&uploadId=" + id, std::move(headers));
  }
  TestReply complete(const std::string& key, const std::string& id,
                     const std::vector<std::string>& etags, TestHeaders headers = {}) {
    std::string body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < etags.size(); ++i)
      body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] +
              "</ETag></Part>";
    body += "</CompleteMultipartUpload>";
    return client->send("POST", "/data/" + key + "?uploadId=" + id, std::move(headers), body);
  }
  /// An object of two parts; the reply of Complete.
  TestReply upload(const std::string& key) {
    const std::string id = create(key).tag("UploadId");
    const std::string first = part(key, id, 1, kPart);
    return complete(key, id, {first, part(key, id, 2, "tail")});
  }
  TestReply batch(const std::string& keys, bool quiet, bool protect) {
    const std::string body =
        "<Delete><Quiet>" + std::string(quiet ? "true" : "false") + "</Quiet>" + keys + "</Delete>";
    TestHeaders headers;
    if (protect) headers.emplace_back("Content-MD5", base64(md5(body)));
    return client->send("POST", "/data/?delete=", headers, body);
  }
};

std::string etag_of(const std::string& content) {
  return "\"" + hex(md5(content)) + "\"";
}

bool says(const TestReply& reply, const std::string& text) {
  return reply.body.find(text) != std::string::npos;
}

std::string no_such_key_id(const Imitated& s3) {
  TestClient stranger(s3.server->port());
  stranger.sign_as({"AKIDUNKNOWN", s3.credentials.secret_key, "", false});
  const TestReply reply = stranger.get("/data/");
  return std::to_string(reply.status) + " " + reply.code();
}

int with_wrong_secret(const Imitated& s3) {
  TestClient wrong(s3.server->port());
  wrong.sign_as({s3.credentials.access_key, "wrong", "", false});
  return wrong.get("/data/").status;
}

}  // namespace

TEST_CASE("imitated rclone writes other roots and tells no ETag of a copy onto itself") {
  Imitated s3("rclone");
  CHECK(says(s3.create("m"), "<InitiateMultipartUpload><Bucket>"));
  s3.put("k", "hello");
  const auto self = s3.copy("k", "k", {{"x-amz-metadata-directive", "REPLACE"}});
  CHECK(self.status == 200);
  CHECK(says(self, "<CopyObjectResult></CopyObjectResult>"));
  CHECK(s3.copy("k", "l").tag("ETag") == "&quot;" + hex(md5("hello")) + "&quot;");
  const auto done = s3.upload("m");
  CHECK(says(done, hex(md5(kPart + "tail")) + "&quot;"));
  CHECK(s3.head("m").header("etag") == etag_of(kPart + "tail"));
}

TEST_CASE("imitated rclone has a file system below it, whose directories have no attributes") {
  Imitated s3("rclone");
  s3.put("f", "1");
  CHECK(s3.put("f/x", "2").code() == "InvalidRequest");
  CHECK(s3.put("d/", "", {{"x-amz-meta-mode", "16877"}}).status == 200);
  CHECK(s3.head("d/").header("x-amz-meta-mode").empty());
  CHECK(s3.put("d", "1").code() == "InvalidRequest");
  s3.put("g/x", "1");
  CHECK(s3.put("g", "2").code() == "InvalidRequest");
  CHECK(s3.head("g/").status == 200);
  CHECK(s3.head("g").status == 404);
  CHECK_FALSE(says(s3.get("?prefix=g"), "<Key>g/</Key>"));
  s3.remove("g/x");
  CHECK(s3.head("g/").status == 404);
  CHECK(s3.put("a//b", "1").code() == "InvalidArgument");
  CHECK(s3.put(std::string(256, 'n'), "1").status == 500);
}

TEST_CASE("imitated rclone answers one PUT of five with 500 although it has taken effect") {
  Imitated s3("rclone");
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (s3.put(key, "x", {{"If-None-Match", "*"}}).status == 200) continue;
    ++refused;
    CHECK(s3.head(key).status == 200);
    CHECK(s3.put(key, "x", {{"If-None-Match", "*"}}).status == 412);
  }
  CHECK(refused == 2);
}

TEST_CASE("imitated S3Proxy answers a part copy like a copy") {
  Imitated s3("s3proxy");
  s3.put("k", kPart);
  const std::string id = s3.create("m").tag("UploadId");
  const auto part = s3.copy_part("k", "m", id);
  CHECK(part.status == 200);
  CHECK(says(part, "<CopyObjectResult"));
  CHECK(says(part, "<ETag>\"" + hex(md5(kPart)) + "\"</ETag>"));
  CHECK(s3.part("other", "nosuchupload", 1, "x") == etag_of("x"));
  CHECK(s3.remove("k", {{"If-Match", etag_of(kPart)}}).status == 501);
}

TEST_CASE("imitated S3Proxy fails on names and places that its file system does not have") {
  Imitated s3("s3proxy");
  CHECK(s3.put(std::string(255, 'n'), "x").code() == "InternalError");
  CHECK(s3.put(std::string(200, 'n'), "x").status == 200);
  s3.put("f", "1");
  CHECK(s3.put("f/x", "2").status == 500);
  s3.put("g/x", "1");
  CHECK(s3.put("g", "2").status == 500);
  s3.put("d/", "body");
  CHECK(s3.head("d/").status == 200);
  CHECK(s3.head("d/").header("etag").empty());
  CHECK(s3.get("d/").body.empty());
  s3.put("x//y", "1");
  CHECK(s3.get("x/y").body == "1");
  CHECK(s3.head("/").status == 404);
  CHECK(s3.head(std::string(255, 'n')).status == 404);
  CHECK(s3.head(std::string(256, 'n')).status == 500);
  CHECK(s3.put("e", "1", {{"x-amz-server-side-encryption", "AES256"}}).status == 501);
}

TEST_CASE("imitated versitygw does not know a key id as something missing") {
  Imitated s3("versitygw");
  CHECK(no_such_key_id(s3) == "404 XAdminUserNotFound");
  CHECK(with_wrong_secret(s3) == 403);
}

TEST_CASE("imitated versitygw does not copy directories") {
  Imitated s3("versitygw");
  s3.put("d/sub/", "");
  const auto refused = s3.copy("d/sub/", "e/sub/");
  CHECK(refused.status == 400);
  CHECK(refused.code() == "DirectoryObjectContainsData");
  CHECK(s3.copy("d/sub/", "d/sub/", {{"x-amz-metadata-directive", "REPLACE"}}).status == 200);
  CHECK(s3.put("b/", "body").code() == "DirectoryObjectContainsData");
  s3.put("f", "1");
  CHECK(s3.put("f/x", "2").code() == "ObjectParentIsFile");
  s3.put("g/x", "1");
  CHECK(s3.put("g", "2").code() == "ExistingObjectIsDirectory");
  CHECK(s3.put(std::string(256, 'n'), "x").code() == "KeyTooLongError");
  CHECK(s3.get(std::string(256, 'n')).code() == "KeyTooLongError");
  CHECK(s3.head("/").status == 400);
}

TEST_CASE("imitated versitygw lists names as they are, with an empty encoding") {
  Imitated s3("versitygw");
  s3.put("a%20b", "x");
  s3.put("c%01d", "x");
  s3.put("e%0Df", "x");
  const auto list = s3.get("?encoding-type=url");
  CHECK(says(list, "<Key>e&#x0d;f</Key>"));
  CHECK(says(list, "<Key>a b</Key>"));
  CHECK(says(list, "<EncodingType></EncodingType>"));
  CHECK(says(list,
             "<Key>c\xEF\xBF\xBD"
             "d</Key>"));
  CHECK(says(s3.batch("<Object><Key>k</Key></Object>", true, true), "<Key>k</Key>"));
  CHECK(s3.remove("nokey", {{"If-Match", kWrong}}).status == 204);
}

TEST_CASE("imitated gofakes3 cannot copy parts and tells another ETag after Complete") {
  Imitated s3("gofakes3");
  CHECK(no_such_key_id(s3) == "200 ");
  s3.put("k", kPart);
  const auto copied = s3.copy_part("k", "m", s3.create("m").tag("UploadId"));
  CHECK(copied.status == 411);
  CHECK(copied.code() == "MissingContentLength");
  const auto done = s3.upload("m");
  CHECK(says(done, "-2&quot;"));
  CHECK(s3.head("m").header("etag") == etag_of(kPart + "tail"));
  CHECK(says(s3.get("?prefix=m"), hex(md5(kPart + "tail"))));
}

TEST_CASE("imitated gofakes3 listens to If-Match of a PUT only") {
  Imitated s3("gofakes3");
  s3.put("k", "hello");
  CHECK(s3.get("k", {{"If-Match", kWrong}}).body == "hello");
  CHECK(s3.put("k", "x", {{"If-Match", kWrong}}).status == 412);
  CHECK(s3.put("n", "x", {{"If-Match", kWrong}}).status == 412);
  CHECK(s3.put("k", "x", {{"If-None-Match", "*"}}).status == 412);
  CHECK(s3.copy("k", "l", {{"x-amz-copy-source-if-match", kWrong}}).status == 200);
  CHECK(s3.remove("k", {{"If-Match", kWrong}}).status == 204);
  CHECK(s3.head("k").status == 404);
}

TEST_CASE("imitated gofakes3 lists a directory as a key and as a prefix") {
  Imitated s3("gofakes3");
  for (const char* key : {"a", "x/", "x/y", "x/z", "y"}) s3.put(key, "");
  const auto list = s3.get("?delimiter=/");
  CHECK(list.tags("Key") == std::vector<std::string>{"a", "x/", "y"});
  CHECK(says(list, "<CommonPrefixes><Prefix>x/</Prefix>"));
  CHECK(list.tag("StorageClass").empty());
  // A page that ends in the prefix is followed by one that begins with it.
  const auto first = s3.get("?delimiter=/&max-keys=3");
  CHECK(first.tag("NextMarker") == "x/y");
  CHECK(says(s3.get("?delimiter=/&marker=x/y"), "<CommonPrefixes><Prefix>x/</Prefix>"));
}

TEST_CASE("imitated gofakes3 adds new metadata to the old and drops some headers") {
  Imitated s3("gofakes3");
  s3.put("k", "x", {{"x-amz-meta-a", "1"}, {"Cache-Control", "no-cache"}});
  CHECK(s3.head("k").header("cache-control").empty());
  s3.copy("k", "k", {{"x-amz-metadata-directive", "REPLACE"}, {"x-amz-meta-b", "2"}});
  CHECK(s3.head("k").header("x-amz-meta-a") == "1");
  CHECK(s3.head("k").header("x-amz-meta-b") == "2");
  CHECK(s3.put("k", "x", {{"x-amz-meta-a", std::string(1900, 'a')}}).code() == "MetadataTooLarge");
}

TEST_CASE("imitated s3rver keeps the ETag of what a copy replaces") {
  Imitated s3("s3rver");
  s3.put("m1", "new content");
  s3.put("m2", "old");
  const TestHeaders replace{{"x-amz-metadata-directive", "REPLACE"}};
  CHECK(s3.copy("m1", "m2", replace).status == 200);
  CHECK(s3.get("m2").body == "new content");
  CHECK(s3.head("m2").header("etag") == etag_of("old"));
  s3.copy("m1", "m3", replace);
  CHECK(s3.head("m3").header("etag") == etag_of("new content"));
  s3.copy("m1", "m2");
  CHECK(s3.head("m2").header("etag") == etag_of("new content"));
}

TEST_CASE("imitated s3rver has half of multipart uploads") {
  Imitated s3("s3rver");
  s3.put("k", kPart);
  const std::string id = s3.create("m").tag("UploadId");
  CHECK(s3.copy_part("k", "m", id).status == 501);
  CHECK(s3.remove("m?uploadId=" + id).status == 405);
  CHECK(s3.get("m?uploadId=" + id).status == 405);
  CHECK(s3.get("?uploads=").status == 501);
  CHECK(s3.complete("m", "nosuchid", {kWrong}).code() == "InternalError");
  CHECK(s3.upload("n").status == 200);
  CHECK(s3.head("n").header("etag") == etag_of(kPart + "tail"));
}

TEST_CASE("imitated s3rver checks next to nothing and dies of a long name") {
  Imitated s3("s3rver");
  CHECK(no_such_key_id(s3) == "403 InvalidAccessKeyId");
  CHECK(with_wrong_secret(s3) == 200);
  s3.put("k", "hello");
  CHECK(s3.put("k", "x", {{"If-None-Match", "*"}}).status == 200);
  CHECK(s3.put("k", "y", {{"If-Match", kWrong}}).status == 200);
  CHECK(s3.get("k", {{"If-Match", kWrong}}).body == "y");
  CHECK(s3.put("k", "z", {{"Content-MD5", base64(md5("other"))}}).status == 200);
  s3.put("a%2Bb", "x");
  CHECK(s3.copy("a%2Bb", "c").code() == "NoSuchKey");
  CHECK(s3.put(std::string(240, 'n'), "x").status == 0);
}

TEST_CASE("imitated moto pages by something that is no key") {
  Imitated s3("moto");
  for (const char* key : {"a", "b", "c"}) s3.put(key, "");
  const auto page = s3.get("?max-keys=2");
  const std::string marker = page.tag("NextMarker");
  CHECK_FALSE(marker.empty());
  CHECK(marker != "b");
  CHECK(s3.get("?marker=" + percent_encode(marker, false)).tags("Key") ==
        std::vector<std::string>{"c"});
  CHECK(says(page, "<ETag>\"" + hex(md5("")) + "\"</ETag>"));
}

TEST_CASE("imitated moto has pages of a web server for what it does not expect") {
  Imitated s3("moto");
  const auto newline = s3.put("a%0Ab", "x");
  CHECK(newline.status == 404);
  CHECK(newline.header("content-type").starts_with("text/html"));
  const auto unknown = s3.complete("m", "nosuchid", {kWrong});
  CHECK(unknown.status == 500);
  CHECK(unknown.header("content-type").starts_with("text/html"));
  const std::string id = s3.create("m").tag("UploadId");
  CHECK(s3.get("?uploads=").tag("Initiated").starts_with("2010-"));
  CHECK(says(s3.get("m?uploadId=" + id), "<ListPartsResponse"));
  s3.put("k", "x");
  CHECK(s3.copy("k", "l", {{"x-amz-copy-source-if-match", kWrong}}).status == 200);
}

TEST_CASE("imitated S3Mock shows all prefixes to come on each page") {
  Imitated s3("s3mock");
  for (const char* key : {"a", "b", "c", "x/1", "y/1"}) s3.put(key, "");
  const auto page = s3.get("?delimiter=/&max-keys=2");
  CHECK(page.tags("Key") == std::vector<std::string>{"a", "b"});
  CHECK(says(page, "<Prefix>x/</Prefix>"));
  CHECK(says(page, "<Prefix>y/</Prefix>"));
  CHECK(page.tag("NextMarker") == "b");
  const auto rest = s3.get("?delimiter=/&max-keys=2&marker=b");
  CHECK(rest.tags("Key") == std::vector<std::string>{"c"});
  CHECK(rest.tag("IsTruncated") == "false");
  CHECK(says(rest, "<Prefix>x/</Prefix>"));
}

TEST_CASE("imitated S3Mock refuses a backslash as a web server does") {
  Imitated s3("s3mock");
  const auto refused = s3.put("a%5Cb", "x");
  CHECK(refused.status == 400);
  CHECK(refused.header("content-type").starts_with("text/html"));
  CHECK(s3.complete("m", "nosuchid", {kWrong}).header("content-type") ==
        "application/problem+json");
  CHECK(s3.put("k", "x", {{"Content-MD5", base64(md5("other"))}}).code() == "BadRequest");
  s3.put("k", "x", {{"Content-Type", "text/plain"}});
  s3.copy("k", "l", {{"x-amz-metadata-directive", "REPLACE"}, {"Content-Type", "image/png"}});
  CHECK(s3.head("l").header("content-type") == "text/plain");
}

TEST_CASE("imitated Swift has no conditional PUT and short values") {
  Imitated s3("swift");
  CHECK(s3.put("k", "x", {{"If-None-Match", "*"}}).status == 501);
  CHECK(s3.put("k", "x", {{"If-Match", kWrong}}).status == 501);
  CHECK(s3.put("k", "x").status == 200);
  CHECK(s3.copy("k", "l", {{"x-amz-copy-source-if-match", kWrong}}).status == 412);
  CHECK(s3.put("k", "x", {{"x-amz-meta-a", std::string(256, 'a')}}).status == 200);
  CHECK(s3.put("k", "x", {{"x-amz-meta-a", std::string(257, 'a')}}).code() == "InternalError");
  CHECK(s3.put("k", "x", {{"x-amz-server-side-encryption", "AES256"}}).status == 501);
  CHECK(says(s3.create("a%01b"),
             "<Key>a\x01"
             "b</Key>"));
  CHECK(s3.batch("<Object><Key>k</Key></Object>", true, false).code() == "InvalidRequest");
}

TEST_CASE("imitated Ceph compares If-Match with its quotes") {
  for (const char* service : {"ceph-16", "ceph-18"}) {
    INFO(service);
    Imitated s3(service);
    s3.put("k", "x");
    CHECK(s3.put("k", "y", {{"If-Match", etag_of("x")}}).status == 412);
    CHECK(s3.put("k", "y", {{"If-Match", hex(md5("x"))}}).status == 200);
    CHECK(s3.put("n", "y", {{"If-Match", hex(md5("x"))}}).status == 412);
    CHECK(s3.get("k", {{"If-Match", etag_of("y")}}).status == 200);
    CHECK(s3.put("k", "z", {{"If-None-Match", "*"}}).status == 412);
    CHECK(s3.remove("k", {{"If-Match", kWrong}}).status == 204);
  }
}

TEST_CASE("imitated Ceph 16 tells copies without quotes and Complete without an ETag") {
  Imitated s3("ceph-16");
  s3.put("k", "x");
  CHECK(s3.copy("k", "l").tag("ETag") == hex(md5("x")));
  CHECK(s3.copy("k", "l", {{"x-amz-copy-source-if-match", kWrong}}).status == 200);
  const auto done = s3.upload("m");
  CHECK(done.status == 200);
  CHECK(says(done, "<ETag></ETag>"));
  CHECK(s3.head("m").header("etag").ends_with("-2\""));
  s3.put("d/f", "x");
  CHECK(says(s3.get("?encoding-type=url&prefix=d/"), "<Key>d%2Ff</Key>"));
}

TEST_CASE("imitated Ceph 18 tells Complete and part copies without quotes") {
  Imitated s3("ceph-18");
  s3.put("k", kPart);
  CHECK(s3.copy("k", "l").tag("ETag") == "&quot;" + hex(md5(kPart)) + "&quot;");
  CHECK(s3.copy("k", "l", {{"x-amz-copy-source-if-match", kWrong}}).status == 412);
  const std::string id = s3.create("p").tag("UploadId");
  CHECK(s3.copy_part("k", "p", id).tag("ETag") == hex(md5(kPart)));
  CHECK(s3.complete("p", "nosuchid", {kWrong}).code() == "InternalError");
  const auto done = s3.upload("m");
  CHECK("\"" + done.tag("ETag") + "\"" == s3.head("m").header("etag"));
  CHECK(s3.put("k", "x", {{"x-amz-server-side-encryption", "AES256"}}).code() == "InvalidArgument");
}

}  // namespace s3d
