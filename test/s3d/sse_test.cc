// SPDX-License-Identifier: Apache-2.0
#include "s3d/sse.h"

#include <memory>
#include <string>

#include "s3d/digest.h"
#include "s3d/server.h"
#include "s3d/test_client.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

TestHeaders key_headers(char letter, std::string_view prefix = kSsePrefix) {
  const std::string key(32, letter);
  const std::string start(prefix);
  return {{start + "algorithm", "AES256"},
          {start + "key", base64(key)},
          {start + "key-md5", base64(md5(key))}};
}

TestHeaders operator+(TestHeaders a, const TestHeaders& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

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

const TestHeaders kCopyOfK = {{"x-amz-copy-source", "/data/k"}};

}  // namespace

TEST_CASE("an object under a customer's key is shown to who shows that key") {
  Fixture s3;
  auto put = s3->put("/data/k", "hello", key_headers('a'));
  CHECK(put.status == 200);
  CHECK(put.header("x-amz-server-side-encryption-customer-algorithm") == "AES256");
  CHECK(put.header("x-amz-server-side-encryption-customer-key-md5") ==
        base64(md5(std::string(32, 'a'))));
  CHECK(put.header("ETag") != "\"5d41402abc4b2a76b9719d911017c592\"");
  CHECK(s3->get("/data/k", key_headers('a')).body == "hello");
  CHECK(s3->get("/data/k").code() == "InvalidRequest");
  CHECK(s3->get("/data/k", key_headers('b')).code() == "AccessDenied");
  CHECK(s3->send("HEAD", "/data/k").status == 400);
  CHECK(s3->send("HEAD", "/data/k", key_headers('b')).status == 403);
  CHECK(s3->put("/data/plain", "x").status == 200);
  CHECK(s3->get("/data/plain", key_headers('a')).code() == "InvalidRequest");
}

TEST_CASE("headers of a customer's key must be whole and agree") {
  Fixture s3;
  for (std::size_t left_out = 0; left_out < 3; ++left_out) {
    TestHeaders headers = key_headers('a');
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(left_out));
    CHECK(s3->put("/data/k", "x", headers).code() == "InvalidArgument");
  }
  TestHeaders headers = key_headers('a');
  headers[0].second = "DES";
  CHECK(s3->put("/data/k", "x", headers).code() == "InvalidEncryptionAlgorithmError");
  headers = key_headers('a');
  headers[2].second = base64(md5("another"));
  CHECK(s3->put("/data/k", "x", headers).code() == "InvalidArgument");
  headers = key_headers('a') + TestHeaders{{"x-amz-server-side-encryption", "AES256"}};
  CHECK(s3->put("/data/k", "x", headers).code() == "InvalidArgument");
}

TEST_CASE("a copy needs the source's key and gets its own") {
  Fixture s3;
  REQUIRE(s3->put("/data/k", "hello", key_headers('a')).status == 200);
  CHECK(s3->put("/data/c", "", kCopyOfK).code() == "InvalidRequest");
  CHECK(s3->put("/data/c", "", kCopyOfK + key_headers('b', kSseSourcePrefix)).code() ==
        "AccessDenied");
  const TestHeaders from = kCopyOfK + key_headers('a', kSseSourcePrefix);
  CHECK(s3->put("/data/c", "", from + key_headers('b')).status == 200);
  CHECK(s3->get("/data/c", key_headers('b')).body == "hello");
  CHECK(s3->put("/data/d", "", from).status == 200);
  CHECK(s3->get("/data/d").body == "hello");
}

TEST_CASE("every part shows the key that its upload began with") {
  Fixture s3;
  auto begun = s3->send("POST", "/data/m?uploads", key_headers('a'));
  const std::string part = "/data/m?partNumber=1&uploadId=" + begun.tag("UploadId");
  CHECK(s3->put(part, "x").code() == "InvalidRequest");
  CHECK(s3->put(part, "x", key_headers('b')).code() == "AccessDenied");
  CHECK(s3->put(part, "x", key_headers('a')).status == 200);
}

TEST_CASE("a service may drop the key, and then confirms nothing") {
  Fixture s3({"sse_c_ignored"});
  auto put = s3->put("/data/k", "hello", key_headers('a'));
  CHECK(put.status == 200);
  CHECK(put.header("x-amz-server-side-encryption-customer-algorithm").empty());
  CHECK(s3->get("/data/k").body == "hello");
}

TEST_CASE("the key id of KMS is repeated") {
  Fixture s3;
  auto put = s3->put("/data/k", "hello",
                     {{"x-amz-server-side-encryption", "aws:kms"},
                      {"x-amz-server-side-encryption-aws-kms-key-id", "id"}});
  CHECK(put.header("x-amz-server-side-encryption") == "aws:kms");
  CHECK(put.header("x-amz-server-side-encryption-aws-kms-key-id") == "id");
  CHECK(s3->send("HEAD", "/data/k").header("x-amz-server-side-encryption") == "aws:kms");
}

}  // namespace s3d
