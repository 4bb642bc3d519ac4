// SPDX-License-Identifier: Apache-2.0
#include "http/trace.h"

#include "support/catch.h"

using pailfs::http::mask_secrets;

TEST_CASE("traces hide what signs or identifies", "[http]") {
  struct Row {
    std::string line;
    std::string shown;
  };
  const Row row = GENERATE(
      Row{"Authorization: AWS4-HMAC-SHA256 Credential=AK/x, Signature=s",
          "Authorization: [SENSITIVE]"},
      Row{"authorization:AWS AK:sig", "authorization: [SENSITIVE]"},
      Row{"Proxy-Authorization: Basic x", "Proxy-Authorization: [SENSITIVE]"},
      Row{"x-amz-security-token: T", "x-amz-security-token: [SENSITIVE]"},
      Row{"x-amz-s3session-token: T", "x-amz-s3session-token: [SENSITIVE]"},
      Row{"x-aws-ec2-metadata-token: T", "x-aws-ec2-metadata-token: [SENSITIVE]"},
      Row{"x-amz-sso_bearer_token: T", "x-amz-sso_bearer_token: [SENSITIVE]"},
      Row{"DPoP: T", "DPoP: [SENSITIVE]"},
      Row{"x-amz-server-side-encryption-customer-key: K",
          "x-amz-server-side-encryption-customer-key: [SENSITIVE]"},
      Row{"x-amz-copy-source-server-side-encryption-customer-key-MD5: K",
          "x-amz-copy-source-server-side-encryption-customer-key-MD5: [SENSITIVE]"},
      Row{"Cookie: c", "Cookie: [SENSITIVE]"}, Row{"Set-Cookie : c", "Set-Cookie: [SENSITIVE]"},
      Row{"GET /b/k?X-Amz-Credential=AK%2Fd&X-Amz-Date=D&X-Amz-Signature=5 HTTP/1.1",
          "GET /b/k?X-Amz-Credential=[SENSITIVE]&X-Amz-Date=D&X-Amz-Signature=[SENSITIVE] "
          "HTTP/1.1"},
      Row{"Location: https://h/?x-amz-security-token=T&a=b",
          "Location: https://h/?x-amz-security-token=[SENSITIVE]&a=b"},
      Row{"GET /?Signature=s&AWSAccessKeyId=A HTTP/1.1",
          "GET /?Signature=[SENSITIVE]&AWSAccessKeyId=[SENSITIVE] HTTP/1.1"},
      Row{"GET /?X%2DAmz-Signature=s HTTP/1.1", "GET /?X%2DAmz-Signature=[SENSITIVE] HTTP/1.1"});
  CHECK(mask_secrets(row.line) == row.shown);
}

TEST_CASE("traces show everything else as it was", "[http]") {
  const std::string line =
      GENERATE(as<std::string>(), "", "GET /b/cookie:1?list-type=2&prefix=a%2Fb HTTP/1.1",
               "Host: h", "x-amz-date: 20261122T031729Z", "?", "&&", "GET /?uploads HTTP/1.1",
               "x-amz-meta-mode: 33188");
  CHECK(mask_secrets(line) == line);
}
