// SPDX-License-Identifier: Apache-2.0
// The examples that the Amazon S3 documentation publishes for both signature versions.
#include <memory>
#include <string>
#include <variant>

#include "s3d/auth.h"
#include "s3d/aws_chunked.h"
#include "s3d/clock.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                           false};
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kCredential =
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
    "SignedHeaders=";

std::string code_of(const Verdict& verdict) {
  const auto* error = std::get_if<S3Error>(&verdict);
  return error ? error->code : "";
}

struct Options {
  Credentials credentials = kExample;
  std::string region = "us-east-1";
  std::int64_t late_by = 0;
  std::string virtual_bucket;
};

Verdict judge(const std::string& request, const Options& options = {}) {
  auto head = parse_head(request);
  if (!head) return S3Error{"NotHttp", "", {}};
  SigningKeys keys;
  AuthContext context{*head,
                      options.credentials,
                      options.region,
                      *parse_amz_date("20130524T000000Z") + options.late_by,
                      options.virtual_bucket,
                      true,
                      true,
                      true,
                      true,
                      true,
                      keys};
  return authenticate(context);
}

std::string v4(const std::string& line, const std::string& headers, std::string_view signed_names,
               std::string_view signature) {
  return line + " HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n" + headers +
         "Authorization: " + std::string(kCredential) + std::string(signed_names) +
         ",Signature=" + std::string(signature) + "\r\n\r\n";
}

std::string amz(std::string_view hash) {
  return "x-amz-content-sha256: " + std::string(hash) + "\r\nx-amz-date: 20130524T000000Z\r\n";
}

std::string get_example(std::string_view path = "/test.txt") {
  return v4("GET " + std::string(path), "Range: bytes=0-9\r\n" + amz(kEmptyHash),
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

}  // namespace

TEST_CASE("the published SigV4 examples are accepted") {
  CHECK(code_of(judge(get_example())).empty());
  CHECK(code_of(judge(v4("PUT /test$file.text",
                         "Date: Fri, 24 May 2013 00:00:00 GMT\r\n"
                         "x-amz-storage-class: REDUCED_REDUNDANCY\r\n" +
                             amz("44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b0"
                                 "72"),
                         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")))
            .empty());
  CHECK(code_of(judge(v4("GET /?lifecycle", amz(kEmptyHash), "host;x-amz-content-sha256;x-amz-date",
                         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")))
            .empty());
  CHECK(code_of(judge(v4("GET /?max-keys=2&prefix=J", amz(kEmptyHash),
                         "host;x-amz-content-sha256;x-amz-date",
                         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")))
            .empty());
}

TEST_CASE("a changed request, key, token, region or date is refused with AWS's code") {
  CHECK(code_of(judge(get_example("/test.tx"))) == "SignatureDoesNotMatch");
  Options other_key;
  other_key.credentials.access_key = "AKIAOTHER";
  CHECK(code_of(judge(get_example(), other_key)) == "InvalidAccessKeyId");
  Options other_secret;
  other_secret.credentials.secret_key = "wrong";
  CHECK(code_of(judge(get_example(), other_secret)) == "SignatureDoesNotMatch");
  Options with_token;
  with_token.credentials.session_token = "token";
  CHECK(code_of(judge(get_example(), with_token)) == "InvalidToken");
  Options other_region;
  other_region.region = "eu-west-1";
  CHECK(code_of(judge(get_example(), other_region)) == "AuthorizationHeaderMalformed");
  Options late;
  late.late_by = 15 * 60;
  CHECK(code_of(judge(get_example(), late)).empty());
  late.late_by = 15 * 60 + 1;
  CHECK(code_of(judge(get_example(), late)) == "RequestTimeTooSkewed");
  late.late_by = -15 * 60 - 1;
  CHECK(code_of(judge(get_example(), late)) == "RequestTimeTooSkewed");
}

TEST_CASE("an unsigned x-amz header and a missing payload hash are refused") {
  std::string request = get_example();
  request.insert(request.find("Range:"), "x-amz-meta-color: red\r\n");
  CHECK(code_of(judge(request)) == "AccessDenied");
  CHECK(code_of(judge(v4("GET /test.txt", "x-amz-date: 20130524T000000Z\r\n", "host;x-amz-date",
                         "00"))) == "InvalidRequest");
}

TEST_CASE("a request without any signature is anonymous") {
  Verdict verdict = judge("GET /test.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(std::holds_alternative<Identity>(verdict));
  CHECK(std::get<Identity>(verdict).anonymous);
}

TEST_CASE("the published presigned URL is accepted until it expires") {
  std::string request =
      "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
      "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
      "&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\r\n"
      "Host: examplebucket.s3.amazonaws.com\r\n\r\n";
  CHECK(code_of(judge(request)).empty());
  Options late;
  late.late_by = 86401;
  CHECK(code_of(judge(request, late)) == "AccessDenied");
}

TEST_CASE("the published chunked upload is accepted and a changed chunk is not") {
  std::string head =
      "PUT /examplebucket/chunkObject.txt HTTP/1.1\r\nHost: s3.amazonaws.com\r\n"
      "x-amz-date: 20130524T000000Z\r\nx-amz-storage-class: REDUCED_REDUNDANCY\r\n"
      "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\nContent-Encoding: aws-chunked"
      "\r\nx-amz-decoded-content-length: 66560\r\nContent-Length: 66824\r\nAuthorization: " +
      std::string(kCredential) +
      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
      "x-amz-decoded-content-length;x-amz-storage-class,Signature="
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9\r\n\r\n";
  Verdict verdict = judge(head);
  REQUIRE(code_of(verdict).empty());

  class Fixed final : public BodySource {
   public:
    explicit Fixed(std::string text) : text_(std::move(text)) {}
    ssize_t read(char* data, std::size_t size) override {
      std::size_t take = std::min({size, text_.size() - at_, std::size_t{777}});
      text_.copy(data, take, at_);
      at_ += take;
      return static_cast<ssize_t>(take);
    }

   private:
    std::string text_;
    std::size_t at_ = 0;
  };
  auto decode = [&](std::string body) {
    AwsChunkedBody chunked(std::make_unique<Fixed>(std::move(body)), std::get<Identity>(verdict));
    std::string out;
    char block[4096];
    ssize_t got = 0;
    while ((got = chunked.read(block, sizeof block)) > 0)
      out.append(block, static_cast<std::size_t>(got));
    return std::pair(got, out);
  };
  std::string body =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature="
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature="
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  auto [state, content] = decode(body);
  CHECK(state == 0);
  CHECK(content == std::string(66560, 'a'));
  body[1000] = 'b';
  CHECK(decode(body).first < 0);
}

TEST_CASE("the published SigV2 examples are accepted") {
  Options options;
  options.virtual_bucket = "awsexamplebucket1";
  auto at = [](std::string_view date) {
    return *parse_http_date(date) - *parse_amz_date("20130524T000000Z");
  };
  options.late_by = at("Tue, 27 Mar 2007 19:36:42 +0000");
  std::string host = "Host: awsexamplebucket1.us-west-1.s3.amazonaws.com\r\n";
  CHECK(code_of(judge("GET /photos/puppy.jpg HTTP/1.1\r\n" + host +
                          "Date: Tue, 27 Mar 2007 19:36:42 +0000\r\nAuthorization: AWS "
                          "AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=\r\n\r\n",
                      options))
            .empty());
  options.virtual_bucket = "johnsmith";
  CHECK(code_of(judge("GET /photos/puppy.jpg HTTP/1.1\r\n" + host +
                          "Date: Tue, 27 Mar 2007 19:36:42 +0000\r\nAuthorization: AWS "
                          "AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU=\r\n\r\n",
                      options))
            .empty());
  options.late_by = at("Tue, 27 Mar 2007 21:15:45 +0000");
  CHECK(code_of(judge("PUT /photos/puppy.jpg HTTP/1.1\r\n" + host +
                          "Content-Type: image/jpeg\r\nContent-Length: 94328\r\n"
                          "Date: Tue, 27 Mar 2007 21:15:45 +0000\r\nAuthorization: AWS "
                          "AKIAIOSFODNN7EXAMPLE:MyyxeRY7whkBe+bq8fHCL/2kKUg=\r\n\r\n",
                      options))
            .empty());
  CHECK(code_of(judge("PUT /photos/puppx.jpg HTTP/1.1\r\n" + host +
                          "Content-Type: image/jpeg\r\nContent-Length: 94328\r\n"
                          "Date: Tue, 27 Mar 2007 21:15:45 +0000\r\nAuthorization: AWS "
                          "AKIAIOSFODNN7EXAMPLE:MyyxeRY7whkBe+bq8fHCL/2kKUg=\r\n\r\n",
                      options)) == "SignatureDoesNotMatch");
}

}  // namespace s3d
