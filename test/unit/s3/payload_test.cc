// SPDX-License-Identifier: Apache-2.0
#include "s3/payload.h"

#include <string>
#include <vector>

#include "pailfs/util/crc32c.h"

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

PayloadCase body_over(bool tls) {
  PayloadCase request;
  request.tls = tls;
  request.has_body = true;
  return request;
}

Error refusal(int status, const std::string& code) {
  Error error{EIO, "refused"};
  error.http_status = status;
  error.s3_code = code;
  return error;
}

TEST_CASE("TLS and a checksum protect a body, without TLS its hash in the signature does") {
  struct Row {
    std::string name;
    PayloadCase request;
    PayloadSupport support;
    PayloadPlan plan;
  };
  PayloadCase always = body_over(true);
  always.always_sign = true;
  PayloadCase md5 = body_over(true);
  md5.md5 = true;
  PayloadCase md5_in_the_open = body_over(false);
  md5_in_the_open.md5 = true;
  PayloadCase old = body_over(true);
  old.v4 = false;
  PayloadCase anonymous = body_over(false);
  anonymous.keys = false;
  PayloadCase create;
  PayloadCase with_copies;
  with_copies.may_checksum = false;
  PayloadCase bound = body_over(true);
  bound.bound = true;
  bound.may_checksum = false;
  using enum Support;
  const std::vector<Row> rows{
      {"https", body_over(true), {}, {false, true, false}},
      {"http", body_over(false), {}, {true, false, false}},
      {"https, signed_payload", always, {}, {true, false, false}},
      {"https, enable_content_md5", md5, {}, {false, false, true}},
      {"http, enable_content_md5", md5_in_the_open, {}, {true, false, true}},
      {"version 2", old, {}, {false, false, false}},
      {"public bucket over http", anonymous, {}, {false, true, false}},
      {"checksums are refused", body_over(true), {refused, works}, {false, false, false}},
      {"unsigned bodies are refused", body_over(true), {unknown, refused}, {true, false, false}},
      {"an upload that is created", create, {}, {false, true, false}},
      {"an upload with copied parts", with_copies, {}, {false, false, false}},
      {"a part of an upload with checksums", bound, {}, {false, true, false}},
      {"the same, refused by now", bound, {refused, works}, {false, true, false}},
      {"the same, signed by now", bound, {unknown, refused}, {true, true, false}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK((plan_payload(row.request, row.support) == row.plan));
  }
}

TEST_CASE("a refusal that may be about it is answered once by less, then by a signature") {
  struct Row {
    int status;
    std::string code;
    bool without_checksum;
    bool with_hash;
  };
  const std::vector<Row> rows{
      {501, "NotImplemented", true, true},
      {501, "", true, true},
      {400, "NotImplemented", true, true},
      {400, "InvalidArgument", true, true},
      {400, "InvalidRequest", true, true},
      {400, "", true, true},
      {400, "SomethingNew", true, true},
      {400, "XAmzContentSHA256Mismatch", false, true},
      {403, "AccessDenied", false, true},
      {403, "", false, true},
      // These say what is wrong, and it is not that.
      {400, "BadDigest", false, false},
      {400, "EntityTooLarge", false, false},
      {400, "RequestTimeout", false, false},
      {403, "SignatureDoesNotMatch", false, false},
      {404, "NoSuchUpload", false, false},
      {404, "NoSuchBucket", false, false},
      {412, "PreconditionFailed", false, false},
      {500, "InternalError", false, false},
      {503, "SlowDown", false, false},
  };
  const PayloadCase request = body_over(true);
  const PayloadPlan both{false, true, false};
  const PayloadPlan bare{false, false, false};
  using enum Support;
  for (const Row& row : rows) {
    const Error error = refusal(row.status, row.code);
    INFO(row.status << " " << row.code);
    const auto first = plainer_payload(both, request, {}, error);
    if (row.without_checksum) {
      REQUIRE(first);
      CHECK((*first == bare));
    }
    const auto second = plainer_payload(bare, request, {}, error);
    CHECK(second.has_value() == row.with_hash);
    if (second) CHECK((*second == PayloadPlan{true, false, false}));
    // What has worked before is not to blame.
    CHECK_FALSE(plainer_payload(both, request, {works, works}, error));
    CHECK_FALSE(plainer_payload(PayloadPlan{true, false, false}, request, {}, error));
  }
  PayloadCase anonymous = request;
  anonymous.keys = false;
  CHECK_FALSE(plainer_payload(bare, anonymous, {}, refusal(403, "AccessDenied")));
  PayloadCase create = request;
  create.has_body = false;
  CHECK_FALSE(plainer_payload(bare, create, {}, refusal(403, "AccessDenied")));
}

TEST_CASE("a checksum is shown as S3 shows it") {
  CHECK(checksum_text(crc32c(std::string("123456789"))) == "4waSgw==");
  CHECK(checksum_text(0) == "AAAAAA==");
}

}  // namespace
}  // namespace pailfs::s3
