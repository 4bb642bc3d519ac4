// SPDX-License-Identifier: Apache-2.0
#include "s3/google_headers.h"

#include "pailfs/util/text.h"

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

using List = std::vector<http::Header>;

http::Headers headers_of(const List& list) {
  http::Headers headers;
  for (const http::Header& header : list) headers.add(header.name, header.value);
  return headers;
}

TEST_CASE("A request beside a token of Google's has Google's headers") {
  http::Request request;
  request.method = http::Method::put;
  request.headers = headers_of({{"Authorization", "Bearer t"},
                                {"Content-Type", "text/plain"},
                                {"x-amz-meta-mode", "33188"},
                                {"x-amz-acl", "public-read"},
                                {"x-amz-storage-class", "NEARLINE"},
                                {"x-amz-copy-source", "/b/k"},
                                {"x-amz-copy-source-if-match", "\"e\""},
                                {"x-amz-metadata-directive", "REPLACE"},
                                {"x-amz-checksum-crc32c", "NksnNg=="},
                                {"x-amz-sdk-checksum-algorithm", "CRC32C"},
                                {"x-amz-checksum-algorithm", "CRC32C"},
                                {"x-amz-request-payer", "requester"},
                                {"If-None-Match", "*"},
                                {"x-amz-server-side-encryption-customer-key", "k"}});
  speak_google(request);
  CHECK(request.headers.all() == List{{"Authorization", "Bearer t"},
                                      {"Content-Type", "text/plain"},
                                      {"x-goog-meta-mode", "33188"},
                                      {"x-goog-acl", "public-read"},
                                      {"x-goog-storage-class", "NEARLINE"},
                                      {"x-goog-copy-source", "/b/k"},
                                      {"x-goog-copy-source-if-match", "\"e\""},
                                      {"x-goog-metadata-directive", "REPLACE"},
                                      {"x-goog-hash", "crc32c=NksnNg=="},
                                      {"x-goog-if-generation-match", "0"},
                                      {"x-amz-server-side-encryption-customer-key", "k"}});
}

TEST_CASE("Conditions of reads, and those that name a version, stay as they are") {
  http::Request request;
  request.method = http::Method::get;
  request.headers = headers_of({{"If-None-Match", "*"}, {"If-Match", "\"e\""}});
  speak_google(request);
  CHECK(request.headers.all() == List{{"If-None-Match", "*"}, {"If-Match", "\"e\""}});
  request.method = http::Method::put;
  request.headers = headers_of({{"If-None-Match", "\"e\""}});
  speak_google(request);
  CHECK(request.headers.all() == List{{"If-None-Match", "\"e\""}});
}

TEST_CASE("A sink sees the head of a reply of Google's by Amazon's names") {
  struct Inner final : http::BodySink {
    bool begin(const http::Exchange& head) override {
      seen = std::string(head.headers.find("x-amz-meta-mode").value_or("(none)"));
      return head.status == 206;
    }
    bool write(std::span<const char> bytes) override {
      text.append(bytes.begin(), bytes.end());
      return text.size() < 4;
    }
    std::string seen;
    std::string text;
  } inner;
  GoogleSink sink(inner);
  http::Exchange head;
  head.status = 206;
  head.headers.add("x-goog-meta-mode", "33188");
  CHECK(sink.begin(head));
  CHECK(inner.seen == "33188");
  CHECK(sink.write(std::string("abc")));
  CHECK_FALSE(sink.write(std::string("d")));
  CHECK(inner.text == "abcd");
}

TEST_CASE("A reply of Google's is heard by Amazon's names") {
  struct Row {
    http::Header said;
    List heard;
  };
  const Row row = GENERATE(
      Row{{"X-Goog-Meta-Mode", "1"}, {{"x-amz-meta-mode", "1"}}},
      Row{{"x-goog-storage-class", "NEARLINE"}, {{"x-amz-storage-class", "NEARLINE"}}},
      Row{{"X-GUploader-UploadID", "id"}, {{"x-amz-request-id", "id"}}},
      Row{{"x-goog-hash", "crc32c=n03x6A==,md5=x=="}, {{"x-amz-checksum-crc32c", "n03x6A=="}}},
      Row{{"x-goog-hash", "md5=x==, crc32c=n03x6A=="}, {{"x-amz-checksum-crc32c", "n03x6A=="}}},
      Row{{"x-goog-hash", "md5=x=="}, {}}, Row{{"x-goog-hash", ""}, {}},
      Row{{"x-goog-generation", "7"}, {{"x-goog-generation", "7"}}},
      Row{{"ETag", "\"e\""}, {{"ETag", "\"e\""}}});
  http::Headers headers = headers_of({row.said});
  hear_google(headers);
  CHECK(headers.all() == row.heard);
}

}  // namespace
}  // namespace pailfs::s3
