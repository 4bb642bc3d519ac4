// SPDX-License-Identifier: Apache-2.0
#include "s3d/google.h"

#include <string>
#include <utility>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "s3d/server.h"
#include "s3d/test_client.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text.substr(0, text.find('='));
}

struct Signer {
  EVP_PKEY* key = EVP_RSA_gen(2048U);
  ~Signer() { EVP_PKEY_free(key); }
  std::string public_key() const {
    BIO* const bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PUBKEY(bio, key) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
  std::string assertion(const std::string& header, const std::string& claims) const {
    const std::string text = base64url(header) + "." + base64url(claims);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    REQUIRE(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
    REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                           bytes, text.size()) == 1);
    EVP_MD_CTX_free(context);
    return text + "." + base64url(signature);
  }
};

TEST_CASE("Google gives no token but for the assertion of the account") {
  const Signer signer;
  const GoogleAccount account{"me@test", signer.public_key()};
  const std::string header = R"({"alg":"RS256","typ":"JWT"})";
  const std::string good =
      R"({"iss":"me@test","scope":"https://www.googleapis.com/auth/devstorage.full_control",)"
      R"("aud":"http://a/token","iat":1000,"exp":4600})";
  const auto judge = [&](const std::string& claims, std::time_t now = 1000) {
    return judge_assertion(account, signer.assertion(header, claims), "http://a/token", now);
  };
  CHECK(judge(good).empty());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string claims = good;
    return claims.replace(claims.find(from), from.size(), to);
  };
  CHECK_FALSE(judge(with("me@test", "you@test")).empty());
  CHECK_FALSE(judge(with("http://a/token", "http://b/token")).empty());
  CHECK_FALSE(judge(with("devstorage", "compute")).empty());
  CHECK_FALSE(judge(with("4600", "4601")).empty());
  CHECK_FALSE(judge(good, 4600).empty());
  CHECK_FALSE(judge(good, 600).empty());
  CHECK_FALSE(
      judge_assertion(account, Signer().assertion(header, good), "http://a/token", 1000).empty());
  CHECK_FALSE(
      judge_assertion(account, signer.assertion(R"({"alg":"none"})", good), "http://a/token", 1000)
          .empty());
  CHECK_FALSE(judge_assertion({}, signer.assertion(header, good), "http://a/token", 1000).empty());
  CHECK_FALSE(judge_assertion(account, "a.b", "http://a/token", 1000).empty());
}

TEST_CASE("beside a token Google's headers count and Amazon's do not") {
  ServerOptions options;
  options.buckets = {"pail"};
  options.rules = {"goog_headers"};
  std::string reason;
  const auto server = Server::start(options, reason);
  REQUIRE(server);
  server->tokens().add("good", server->now() + 100);
  TestClient client(server->port());
  TestHeaders headers = {{"Authorization", "Bearer good"}};
  const auto with = [&](std::pair<std::string, std::string> more) {
    TestHeaders all = headers;
    all.push_back(std::move(more));
    return all;
  };
  CHECK(client.put("/pail/a", "x", with({"x-amz-meta-a", "1"})).status == 200);
  const auto lost = client.get("/pail/a", headers);
  CHECK(lost.header("x-amz-meta-a").empty());
  CHECK(lost.header("x-goog-meta-a").empty());
  CHECK(client.put("/pail/b", "x", with({"x-goog-meta-a", "1"})).status == 200);
  const auto kept = client.get("/pail/b", headers);
  CHECK(kept.header("x-goog-meta-a") == "1");
  CHECK(kept.header("x-amz-meta-a").empty());
  CHECK_FALSE(kept.header("X-GUploader-UploadID").empty());
  CHECK(client.put("/pail/b", "y", with({"x-goog-if-generation-match", "0"})).status == 412);
  CHECK(client.put("/pail/c", "x", with({"x-goog-hash", "crc32c=AAAAAA=="})).status == 400);
  client.sign_as(options.credentials);
  CHECK(client.get("/pail/b").header("x-amz-meta-a") == "1");
}

}  // namespace
}  // namespace s3d
