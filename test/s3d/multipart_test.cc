// SPDX-License-Identifier: Apache-2.0
#include "s3d/multipart.h"

#include <string>
#include <variant>

#include "s3d/digest.h"
#include "s3d/text.h"
#include "s3d/xml_in.h"
#include "support/catch.h"

namespace s3d {
namespace {

Part part_of(std::uint64_t size, char fill) {
  Part part;
  part.body = Body(std::string(size, fill));
  part.md5_raw = md5(part.body.to_string());
  part.etag = hex(part.md5_raw);
  return part;
}

/// 1: 5 MiB of a, 3: 5 MiB less one of b, 7: 2 bytes of c.
struct Fixture {
  Uploads uploads;
  UploadPtr upload = uploads.create("bucket", "key", {}, 1000);
  Fixture() {
    upload->parts[1] = part_of(kMinPart, 'a');
    upload->parts[3] = part_of(kMinPart - 1, 'b');
    upload->parts[7] = part_of(2, 'c');
  }
  PartClaim claim(int number) { return {number, "\"" + upload->parts[number].etag + "\"", {}}; }
  std::string outcome(std::vector<PartClaim> claims, CompleteRules rules = {}) {
    auto result = assemble(*upload, std::move(claims), rules);
    if (auto* error = std::get_if<S3Error>(&result)) return error->code;
    return "size " + std::to_string(std::get<Object>(result).body.size());
  }
};

}  // namespace

TEST_CASE("parts are assembled in order and the ETag is the MD5 of their MD5s") {
  Fixture f;
  auto result = assemble(*f.upload, {f.claim(1), f.claim(7)}, {});
  REQUIRE(std::holds_alternative<Object>(result));
  const Object& object = std::get<Object>(result);
  CHECK(object.body.size() == kMinPart + 2);
  CHECK(object.body.slice(kMinPart - 1, 3).to_string() == "acc");
  std::string digests = f.upload->parts[1].md5_raw + f.upload->parts[7].md5_raw;
  CHECK(object.etag == hex(md5(digests)) + "-2");
  CHECK(object.part_sizes == std::vector<std::uint64_t>{kMinPart, 2});
}

TEST_CASE("each rule of CompleteMultipartUpload has its error") {
  Fixture f;
  CHECK(f.outcome({f.claim(7)}) == "size 2");
  CHECK(f.outcome({f.claim(3)}) == "size " + std::to_string(kMinPart - 1));
  CHECK(f.outcome({f.claim(3), f.claim(7)}) == "EntityTooSmall");
  CHECK(f.outcome({f.claim(7), f.claim(1)}) == "InvalidPartOrder");
  CHECK(f.outcome({f.claim(1), f.claim(1)}) == "InvalidPartOrder");
  CHECK(f.outcome({f.claim(1), {2, f.claim(1).etag, {}}}) == "InvalidPart");
  CHECK(f.outcome({{1, f.claim(3).etag, {}}}) == "InvalidPart");
  CompleteRules lax{false, false};
  CHECK(f.outcome({f.claim(7), f.claim(3)}, lax) == "size " + std::to_string(kMinPart + 1));
}

TEST_CASE("an upload is begun, fed and completed with one kind of checksum, or with none") {
  Uploads uploads;
  const auto plain = uploads.create("b", "k", {}, 1000);
  const auto checked = uploads.create("b", "k", {}, 1000, "x-amz-checksum-crc32c");
  Headers crc32c;
  crc32c.add("x-amz-checksum-crc32c", "AAAAAA==");
  Headers sha1;
  sha1.add("x-amz-checksum-sha1", "x");
  CHECK_FALSE(judge_part_checksums(*plain, {}));
  CHECK(judge_part_checksums(*plain, crc32c)->code == "InvalidRequest");
  CHECK(judge_part_checksums(*checked, {})->code == "InvalidRequest");
  CHECK(judge_part_checksums(*checked, sha1)->code == "InvalidRequest");
  CHECK_FALSE(judge_part_checksums(*checked, crc32c));
  Part part;
  part.etag = "e";
  part.md5_raw = std::string(16, 'm');
  part.checksums = crc32c;
  checked->parts[1] = part;
  const auto refusal = [&](const Headers& claimed) {
    const auto result = assemble(*checked, {{1, "e", claimed}}, {});
    const auto* error = std::get_if<S3Error>(&result);
    return error == nullptr ? std::string() : std::string(error->code);
  };
  CHECK(refusal({}) == "InvalidRequest");
  CHECK(refusal(crc32c).empty());
  Headers other;
  other.add("x-amz-checksum-crc32c", "BBBBBB==");
  CHECK(refusal(other) == "InvalidPart");
}

TEST_CASE("a closed upload is gone from the list and refuses to be completed") {
  Fixture f;
  std::string id = f.upload->id;
  CHECK(f.uploads.find("bucket", "key", id) == f.upload);
  CHECK(f.uploads.find("bucket", "other", id) == nullptr);
  f.uploads.close(*f.upload);
  CHECK(f.uploads.find("bucket", "key", id) == nullptr);
  CHECK(f.uploads.size() == 0);
  CHECK(f.outcome({{1, "x", {}}}) == "NoSuchUpload");
}

TEST_CASE("request bodies must be exactly what the schema says") {
  auto claims = parse_complete(
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"
      "<PartNumber>2</PartNumber><ETag>&quot;abc&quot;</ETag></Part></CompleteMultipartUpload>");
  REQUIRE(claims);
  CHECK(claims->front().number == 2);
  CHECK(claims->front().etag == "\"abc\"");
  for (std::string_view bad :
       {"", "<CompleteMultipartUpload/>", "<Complete><Part/></Complete>",
        "<CompleteMultipartUpload><Part><PartNumber>0</PartNumber><ETag>a</ETag></Part>"
        "</CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><PartNumber>10001</PartNumber><ETag>a</ETag></Part>"
        "</CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part>"
        "</CompleteMultipartUpload>",
        "<!DOCTYPE a [<!ENTITY e \"x\">]><CompleteMultipartUpload><Part><PartNumber>1"
        "</PartNumber><ETag>&e;</ETag></Part></CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part>"})
    CHECK_FALSE(parse_complete(bad));

  auto doomed = parse_delete(
      "<Delete><Quiet>true</Quiet><Object><Key>a &amp; b</Key></Object><Object><Key>c</Key>"
      "<ETag>&quot;e&quot;</ETag></Object></Delete>");
  REQUIRE(doomed);
  CHECK(doomed->quiet);
  REQUIRE(doomed->objects.size() == 2);
  CHECK(doomed->objects[0].key == "a & b");
  CHECK_FALSE(doomed->objects[0].etag);
  CHECK(doomed->objects[1].key == "c");
  CHECK(doomed->objects[1].etag == "\"e\"");
  std::string many = "<Delete>";
  for (int i = 0; i < 1001; ++i) many += "<Object><Key>k</Key></Object>";
  CHECK_FALSE(parse_delete(many + "</Delete>"));
  CHECK_FALSE(parse_delete("<Delete></Delete>"));
}

}  // namespace s3d
