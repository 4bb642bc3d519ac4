// SPDX-License-Identifier: Apache-2.0
// The examples that the S3 API reference publishes for Signature Version 4 and 2.
#include "pailfs/auth/sign.h"

#include <string>
#include <vector>

#include "pailfs/auth/sign_v2.h"
#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"

#include "support/catch.h"

namespace pailfs::auth {
namespace {

const Credentials kExample{"AKIAIOSFODNN7EXAMPLE",
                           Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(), "example"};

SigningScope example_scope() {
  return {"us-east-1", "s3", *parse_iso8601("2013-05-24T00:00:00Z")};
}

http::Request make_request(http::Method method, std::string url,
                           const std::vector<http::Header>& headers) {
  http::Request request;
  request.method = method;
  request.url = std::move(url);
  for (const http::Header& header : headers) request.headers.add(header.name, header.value);
  return request;
}

struct PublishedV4 {
  std::string name;
  http::Request request;
  std::string payload;
  std::string canonical;
  std::string signature;
};

std::vector<PublishedV4> published_v4() {
  const std::string host = "https://examplebucket.s3.amazonaws.com";
  const std::string empty(kEmptyPayload);
  const std::string put_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  return {
      {"GET object with Range",
       make_request(http::Method::get, host + "/test.txt", {{"Range", "bytes=0-9"}}), empty,
       "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
       "x-amz-content-sha256:" +
           empty + "\nx-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n" +
           empty,
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT object",
       make_request(http::Method::put, host + "/test%24file.text",
                    {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}),
       put_hash,
       "PUT\n/test%24file.text\n\ndate:Fri, 24 May 2013 00:00:00 GMT\n"
       "host:examplebucket.s3.amazonaws.com\nx-amz-content-sha256:" +
           put_hash +
           "\nx-amz-date:20130524T000000Z\nx-amz-storage-class:REDUCED_REDUNDANCY\n\n"
           "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class\n" +
           put_hash,
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET bucket lifecycle", make_request(http::Method::get, host + "/?lifecycle", {}), empty,
       "GET\n/\nlifecycle=\nhost:examplebucket.s3.amazonaws.com\nx-amz-content-sha256:" + empty +
           "\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n" + empty,
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"list objects", make_request(http::Method::get, host + "/?max-keys=2&prefix=J", {}), empty,
       "GET\n/\nmax-keys=2&prefix=J\nhost:examplebucket.s3.amazonaws.com\nx-amz-content-sha256:" +
           empty + "\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n" +
           empty,
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
}

TEST_CASE("Version 4 signs S3's published examples as published") {
  SigningKeys keys;
  for (PublishedV4& row : published_v4()) {
    INFO(row.name);
    sign_v4(row.request, kExample, example_scope(), row.payload, keys);
    http::Request unsigned_request = row.request;
    unsigned_request.headers.remove("Authorization");
    CHECK(canonical_request(unsigned_request, row.payload).text == row.canonical);
    const std::string authorization(row.request.headers.find("Authorization").value_or(""));
    CHECK_THAT(authorization, Catch::Matchers::EndsWith("Signature=" + row.signature));
    CHECK_THAT(authorization,
               Catch::Matchers::StartsWith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/"
                                           "20130524/us-east-1/s3/aws4_request, SignedHeaders="));
  }
}

TEST_CASE("the string to sign of S3's GET example is the published one") {
  http::Request request =
      make_request(http::Method::get, "https://examplebucket.s3.amazonaws.com/test.txt",
                   {{"Range", "bytes=0-9"},
                    {"x-amz-content-sha256", std::string(kEmptyPayload)},
                    {"x-amz-date", "20130524T000000Z"}});
  CHECK(string_to_sign(canonical_request(request, kEmptyPayload).text, example_scope()) ==
        "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
        "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
}

TEST_CASE("signing again replaces what an earlier attempt added") {
  SigningKeys keys;
  http::Request request = make_request(http::Method::get, "https://h/b/k", {});
  Credentials session = kExample;
  session.session_token = Secret("token");
  SigningScope scope = example_scope();
  sign_v4(request, session, scope, kEmptyPayload, keys);
  CHECK(request.headers.find("x-amz-security-token") == "token");
  CHECK_THAT(std::string(*request.headers.find("Authorization")),
             Catch::Matchers::ContainsSubstring("x-amz-security-token"));
  scope.time += std::chrono::seconds(1);
  sign_v4(request, kExample, scope, kEmptyPayload, keys);
  http::Request fresh = make_request(http::Method::get, "https://h/b/k", {});
  sign_v4(fresh, kExample, scope, kEmptyPayload, keys);
  CHECK(request.headers.find("Authorization") == fresh.headers.find("Authorization"));
  CHECK_FALSE(request.headers.find("x-amz-security-token"));
  CHECK(request.headers.all().size() == fresh.headers.all().size());
}

TEST_CASE("the signing key is derived once per day, region and secret") {
  SigningKeys keys;
  SigningScope scope = example_scope();
  const std::string first = keys.key(kExample.secret_key, scope);
  scope.time += std::chrono::hours(23);
  CHECK(keys.key(kExample.secret_key, scope) == first);
  CHECK(keys.derivations() == 1);
  scope.time += std::chrono::hours(1);
  CHECK(keys.key(kExample.secret_key, scope) != first);
  scope.region = "eu-west-1";
  keys.key(kExample.secret_key, scope);
  keys.key(Secret("other"), scope);
  CHECK(keys.derivations() == 4);
}

TEST_CASE("a request without an access key is not signed") {
  SigningKeys keys;
  http::Request request = make_request(http::Method::get, "https://h/b/k", {});
  sign_v4(request, Credentials{}, example_scope(), kEmptyPayload, keys);
  sign_v2(request, Credentials{}, example_scope().time, "");
  CHECK(request.headers.all().empty());
}

TEST_CASE("an unsigned payload is named in the canonical request") {
  SigningKeys keys;
  http::Request request = make_request(http::Method::put, "https://h/b/k", {});
  sign_v4(request, kExample, example_scope(), kUnsignedPayload, keys);
  CHECK(request.headers.find("x-amz-content-sha256") == kUnsignedPayload);
  CHECK_THAT(canonical_request(request, kUnsignedPayload).text,
             Catch::Matchers::EndsWith("\nUNSIGNED-PAYLOAD"));
}

TEST_CASE("the host is signed as it is sent") {
  CHECK(host_of("https://h/b/k") == "h");
  CHECK(host_of("https://h:443/b?x") == "h");
  CHECK(host_of("http://h:80?x") == "h");
  CHECK(host_of("http://h:443") == "h:443");
  CHECK(host_of("https://h:8443/") == "h:8443");
  CHECK(host_of("http://[::1]:9000/b") == "[::1]:9000");
}

TEST_CASE("digests agree with their standards' examples") {
  CHECK(hex(digest(Digest::md5, "abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(hex(digest(Digest::sha1, "abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex(digest(Digest::sha256, "")) == kEmptyPayload);
  CHECK(hex(hmac(Digest::sha256, "Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

struct PublishedV2 {
  std::string name;
  http::Request request;
  std::string virtual_bucket;
  std::string to_sign;
  std::string signature;
};

std::vector<PublishedV2> published_v2() {
  const std::string host = "https://awsexamplebucket1.us-west-1.s3.amazonaws.com";
  const std::string bucket = "awsexamplebucket1";
  return {
      {"object GET",
       make_request(http::Method::get, host + "/photos/puppy.jpg",
                    {{"Date", "Tue, 27 Mar 2007 19:36:42 +0000"}}),
       bucket, "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg",
       "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="},
      {"object PUT",
       make_request(http::Method::put, host + "/photos/puppy.jpg",
                    {{"Content-Type", "image/jpeg"}, {"Date", "Tue, 27 Mar 2007 21:15:45 +0000"}}),
       bucket,
       "PUT\n\nimage/jpeg\nTue, 27 Mar 2007 21:15:45 +0000\n/awsexamplebucket1/photos/puppy.jpg",
       "iqRzw+ileNPu1fhspnRs8nOjjIA="},
      {"list",
       make_request(http::Method::get, host + "/?prefix=photos&max-keys=50&marker=puppy",
                    {{"Date", "Tue, 27 Mar 2007 19:42:41 +0000"}}),
       bucket, "GET\n\n\nTue, 27 Mar 2007 19:42:41 +0000\n/awsexamplebucket1/",
       "m0WP8eCtspQl5Ahe6L1SozdX9YA="},
      {"fetch the access control policy",
       make_request(http::Method::get, host + "/?acl",
                    {{"Date", "Tue, 27 Mar 2007 19:44:46 +0000"}}),
       bucket, "GET\n\n\nTue, 27 Mar 2007 19:44:46 +0000\n/awsexamplebucket1/?acl",
       "82ZHiFIjc+WbcwFKGUVEQspPn+0="},
      {"delete, path style, dated by x-amz-date",
       make_request(http::Method::del,
                    "https://s3.us-west-1.amazonaws.com/awsexamplebucket1/photos/puppy.jpg",
                    {{"Date", "Tue, 27 Mar 2007 21:20:27 +0000"},
                     {"x-amz-date", "Tue, 27 Mar 2007 21:20:26 +0000"}}),
       "",
       "DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n"
       "/awsexamplebucket1/photos/puppy.jpg",
       ""},
  };
}

TEST_CASE("Version 2 builds the published strings to sign") {
  const std::string secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  for (const PublishedV2& row : published_v2()) {
    INFO(row.name);
    const std::string text = string_to_sign_v2(row.request, row.virtual_bucket);
    CHECK(text == row.to_sign);
    if (!row.signature.empty()) CHECK(base64(hmac(Digest::sha1, secret, text)) == row.signature);
  }
}

TEST_CASE("Version 2 signs sub-resources with decoded values and nothing else of the query") {
  const http::Request request = make_request(
      http::Method::put, "https://h/b/k?partNumber=2&uploadId=a%2Bb%3D&x-id=UploadPart", {});
  CHECK_THAT(string_to_sign_v2(request, ""),
             Catch::Matchers::EndsWith("\n/b/k?partNumber=2&uploadId=a+b="));
}

}  // namespace
}  // namespace pailfs::auth
