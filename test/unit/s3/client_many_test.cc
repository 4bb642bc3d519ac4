// SPDX-License-Identifier: Apache-2.0
// Listings, batches and multipart uploads.
#include "client_fixture.h"
#include "s3/body_digest.h"
#include "s3/cursor.h"
#include "s3/service_client.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

http::Exchange page(const std::vector<std::string>& keys, const std::string& more) {
  std::string body = "<ListBucketResult>";
  for (const std::string& key : keys)
    body += "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
  return reply(200, {}, body + more + "</ListBucketResult>");
}

const std::string kLast = "<IsTruncated>false</IsTruncated>";
const std::string kMore = "<IsTruncated>true</IsTruncated>";

TEST_CASE("a version 1 listing goes on from its marker") {
  Bench bench;
  bench.transport.then(page({"p/a", "p/b"}, kMore)).then(page({"p/c"}, kLast));
  ListRequest request;
  request.prefix = "p/";
  const Result<ListPage> first = bench.client->list(request);
  REQUIRE(first);
  CHECK(first->objects.size() == 2);
  REQUIRE_FALSE(first->next.empty());
  request.continuation = first->next;
  const Result<ListPage> second = bench.client->list(request);
  REQUIRE(second);
  CHECK(second->next.empty());
  CHECK_THAT(bench.sent(1).url, Catch::Matchers::ContainsSubstring("&marker=p%2Fb&"));
}

TEST_CASE("a version 2 listing goes on from its token and notices a circle of any length") {
  Config config = Bench::path_config();
  config.list_v2 = true;
  for (const std::size_t circle : {1U, 2U, 3U, 7U}) {
    Bench bench(config);
    std::size_t asked = 0;
    bench.transport.otherwise([&](const auto&) {
      const std::string token = "t/" + std::to_string(asked++ % circle);
      return page({"a"}, kMore + "<NextContinuationToken>" + token + "</NextContinuationToken>");
    });
    ListRequest request;
    std::size_t pages = 0;
    for (;;) {
      const Result<ListPage> list = bench.client->list(request);
      if (!list) {
        CHECK(list.error().err == EIO);
        break;
      }
      REQUIRE(++pages < 100);
      request.continuation = list->next;
    }
    CHECK(pages >= 1);
    CHECK_THAT(bench.sent(1).url, Catch::Matchers::ContainsSubstring("continuation-token=t%2F0&"));
  }
  Bench bench(config);
  ListRequest foreign;
  foreign.continuation = "not ours";
  CHECK(bench.client->list(foreign).error().err == EINVAL);
  CHECK(bench.count() == 0);
}

TEST_CASE("a cursor survives its text, and a long way without circle") {
  Cursor cursor;
  for (int i = 0; i < 1000; ++i) {
    const std::optional<Cursor> next = cursor.step("to ken/%" + std::to_string(i));
    REQUIRE(next);
    const std::optional<Cursor> read = Cursor::parse(next->text());
    REQUIRE(read);
    CHECK(read->token == next->token);
    CHECK(read->landmark == next->landmark);
    CHECK(read->page == next->page);
    cursor = *read;
  }
}

TEST_CASE("a cut listing is read again, never taken for a short one") {
  Bench bench;
  http::Exchange whole = page({"a", "b"}, kLast);
  http::Exchange half = whole;
  half.body.resize(half.body.size() / 2);
  bench.transport.then(half).then(failure(Failure::broken, "cut", half)).then(whole);
  const Result<ListPage> list = bench.client->list({});
  REQUIRE(list);
  CHECK(list->objects.size() == 2);
  CHECK(bench.count() == 3);
}

std::string deleted(const std::string& key) {
  return "<Deleted><Key>" + key + "</Key></Deleted>";
}

std::string refused(const std::string& key, const std::string& code) {
  return "<Error><Key>" + key + "</Key><Code>" + code + "</Code><Message>m</Message></Error>";
}

http::Exchange batch(const std::string& inner) {
  return reply(200, {}, "<DeleteResult>" + inner + "</DeleteResult>");
}

TEST_CASE("a batch delete is judged key by key, in order") {
  Bench bench;
  bench.transport.then(batch(refused("b", "AccessDenied") + deleted("a") +
                             refused("d", "NoSuchKey") + deleted("foreign")));
  const std::vector<Status> results = bench.client->remove_many({"a", "b", "c", "d"});
  REQUIRE(results.size() == 4);
  CHECK(results[0]);
  CHECK(results[1].error().err == EPERM);
  CHECK(results[1].error().s3_code == "AccessDenied");
  CHECK(results[2].error().err == EIO);
  CHECK(results[3]);
  CHECK(bench.count() == 1);
}

TEST_CASE("keys that a busy service could not delete are tried one by one") {
  Bench bench;
  bench.transport.then(batch(deleted("a") + refused("b", "InternalError"))).then(reply(204));
  const std::vector<Status> results = bench.client->remove_many({"a", "b"});
  CHECK(results[0]);
  CHECK(results[1]);
  CHECK(bench.sent(1).url == "https://s3.example.com/bkt/b");
}

TEST_CASE("batches hold a thousand keys, and keys that XML cannot name go alone") {
  Bench bench;
  bench.transport.otherwise([](const test::RecordedRequest& request) {
    if (request.request.method == http::Method::del) return reply(204);
    std::string inner;
    for (std::size_t at = request.body.find("<Key>"); at != std::string::npos;
         at = request.body.find("<Key>", at + 1))
      inner += deleted(request.body.substr(at + 5, request.body.find("</Key>", at) - at - 5));
    return batch(inner);
  });
  std::vector<Key> keys;
  for (int i = 0; i < 2500; ++i) keys.push_back("k" + std::to_string(i));
  keys.emplace_back("\x01");
  for (const Status& status : bench.client->remove_many(store::removals(keys))) CHECK(status);
  CHECK(bench.count() == 4);
  CHECK(bench.client->remove_many({}).empty());
}

TEST_CASE("as many names are asked for as the option says, fewer where the caller does") {
  Config config = Bench::path_config();
  config.list_max_keys = 5000;
  Bench bench(config);
  bench.transport.otherwise([](const auto&) { return reply(503); });
  ListRequest request;
  CHECK_FALSE(bench.client->list(request));
  CHECK_THAT(bench.sent(0).url, Catch::Matchers::ContainsSubstring("max-keys=5000&"));
  request.max_keys = 2;
  const std::size_t before = bench.count();
  CHECK_FALSE(bench.client->list(request));
  CHECK_THAT(bench.sent(before).url, Catch::Matchers::ContainsSubstring("max-keys=2&"));
}

TEST_CASE("a service without batches gets single deletes, and is not asked again") {
  for (const char* code : {"NotImplemented", "MethodNotAllowed"}) {
    Bench bench;
    bench.transport.then(s3_error(501, code)).otherwise([](const auto&) { return reply(204); });
    for (int round = 0; round < 2; ++round) {
      for (const Status& status : bench.client->remove_many({"a", "b"})) CHECK(status);
    }
    CHECK(bench.count() == 5);
  }
}

TEST_CASE("a batch that may not be is tried one by one, unless the first may not either") {
  SECTION("keys that may delete below a path only") {
    Bench bench;
    bench.transport.then(s3_error(403, "AccessDenied")).otherwise([](const auto&) {
      return reply(204);
    });
    for (int round = 0; round < 2; ++round) {
      for (const Status& status : bench.client->remove_many({"a", "b", "c"})) CHECK(status);
    }
    CHECK(bench.count() == 7);
  }
  SECTION("keys that may not delete") {
    Bench bench;
    bench.transport.otherwise([](const auto&) { return s3_error(403, "AccessDenied"); });
    for (const Status& status : bench.client->remove_many({"a", "b", "c"})) {
      REQUIRE_FALSE(status);
      CHECK(status.error().err == EPERM);
    }
    CHECK(bench.count() == 2);
  }
}

TEST_CASE("a failed batch fails every key in it") {
  Bench bench;
  bench.transport.otherwise([](const auto&) { return s3_error(500, "InternalError"); });
  for (const Status& status : bench.client->remove_many({"a", "b"})) {
    REQUIRE_FALSE(status);
    CHECK(status.error().err == EIO);
  }
}

// Two parts of 5 and 3 bytes with MD5s for ETags.
std::vector<UploadedPart> two_parts() {
  return {{1, {"\"5d41402abc4b2a76b9719d911017c592\""}, 5},
          {2, {"\"900150983cd24fb0d6963f7d28e17f72\""}, 3}};
}

std::string joined_etag() {
  return "\"" +
         hex(digest(Digest::md5, digest(Digest::md5, "hello") + digest(Digest::md5, "abc"))) +
         "-2\"";
}

TEST_CASE("the ETag of a finished upload is known beforehand, where parts have MD5s") {
  CHECK(expected_multipart_etag(two_parts()).value == joined_etag());
  CHECK(expected_multipart_etag({{1, {"\"opaque\""}, 5}}).empty());
  CHECK(expected_multipart_etag({{1, {"\"5d41402abc4b2a76b9719d911017c59z\""}, 5}}).empty());
}

TEST_CASE("an upload goes through its verbs") {
  Bench bench;
  bench.transport
      .then(reply(200, {},
                  "<InitiateMultipartUploadResult><UploadId>U/1</UploadId>"
                  "</InitiateMultipartUploadResult>"))
      .then(reply(200, {{"ETag", "\"p1\""}}))
      .then(reply(200, {}, "<CopyPartResult><ETag>\"p2\"</ETag></CopyPartResult>"))
      .then(reply(200, {},
                  "<CompleteMultipartUploadResult><ETag>\"e-2\"</ETag>"
                  "</CompleteMultipartUploadResult>"))
      .then(reply(204));
  const Result<UploadId> id = bench.client->create_upload("k", {}, PartOrigin::sent);
  REQUIRE(id);
  StringSource body("part");
  CHECK(bench.client->upload_part("k", *id, 1, body)->value == "\"p1\"");
  CHECK(bench.client->copy_part("k", *id, 2, "src", {"\"v\""}, {0, 10})->value == "\"p2\"");
  CHECK(bench.client->complete_upload("k", *id, {{1, {"\"p1\""}, 4}, {2, {"\"p2\""}, 10}}, {})
            ->value == "\"e-2\"");
  CHECK(bench.client->abort_upload("k", *id));
  CHECK(bench.sent(1).url == "https://s3.example.com/bkt/k?partNumber=1&uploadId=U%2F1");
}

TEST_CASE("a completion whose reply was lost is settled by looking at the object") {
  struct Row {
    std::string name;
    http::Exchange first;
    http::Exchange head;
    bool ok;
    std::size_t requests;
  };
  const auto object = [](const std::string& etag, const std::string& size) {
    return reply(200, {{"ETag", etag}, {"Content-Length", size}});
  };
  const std::vector<Row> rows{
      {"it was us", failure(Failure::broken), object(joined_etag(), "8"), true, 3},
      {"error under 200", s3_error(200, "InternalError"), object(joined_etag(), "8"), true, 3},
      {"another size", failure(Failure::broken), object(joined_etag(), "9"), false, 3},
      {"another object", failure(Failure::timeout), object("\"x\"", "8"), false, 3},
      {"nothing there", failure(Failure::broken), reply(404), false, 3},
      {"not this time", failure(Failure::connect), object(joined_etag(), "8"), true, 3},
      {"never", failure(Failure::connect), object("\"x\"", "8"), false, 3},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Bench bench;
    bench.transport.then(row.first).then(s3_error(404, "NoSuchUpload")).then(row.head);
    const Result<ETag> etag = bench.client->complete_upload("k", {"id"}, two_parts(), {});
    CHECK(etag.has_value() == row.ok);
    if (!etag) CHECK(etag.error().err == EIO);
    if (!etag) CHECK(etag.error().s3_code == "NoSuchUpload");
    CHECK(bench.count() == row.requests);
  }
}

TEST_CASE("a vanished upload is never a missing file") {
  Bench bench;
  bench.transport.then(s3_error(404, "NoSuchKey"));
  CHECK(bench.client->complete_upload("k", {"id"}, two_parts(), {}).error().err == EIO);
}

http::Exchange parts_page(const std::vector<int>& numbers, bool truncated) {
  std::string body = "<ListPartsResult>" + (truncated ? kMore : kLast);
  for (const int number : numbers)
    body += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>\"e\"</ETag>" +
            "<Size>1</Size></Part>";
  return reply(200, {}, body + "</ListPartsResult>");
}

TEST_CASE("parts are listed over all pages, and only forward") {
  Bench bench;
  bench.transport.then(parts_page({1, 2}, true)).then(parts_page({3}, false));
  const Result<std::vector<UploadedPart>> parts = bench.client->list_parts("k", {"id"});
  REQUIRE(parts);
  CHECK(parts->size() == 3);
  CHECK_THAT(bench.sent(1).url, Catch::Matchers::ContainsSubstring("part-number-marker=2"));
  bench.transport.then(parts_page({1, 2}, true)).then(parts_page({1, 2}, true));
  CHECK(bench.client->list_parts("k", {"id"}).error().err == EIO);
  bench.transport.then(parts_page({}, true));
  CHECK(bench.client->list_parts("k", {"id"}).error().err == EIO);
}

TEST_CASE("uploads in progress are listed page by page, and only forward") {
  Bench bench;
  const http::Exchange first = reply(
      200, {},
      "<ListMultipartUploadsResult>" + kMore +
          "<NextKeyMarker>p/a</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>"
          "<Upload><Key>p/a</Key><UploadId>u1</UploadId></Upload>"
          "<Upload><Key>q</Key><UploadId>u9</UploadId></Upload></ListMultipartUploadsResult>");
  bench.transport.then(first).then(first);
  const Result<UploadPage> page_one = bench.client->list_uploads("p/", {});
  REQUIRE(page_one);
  CHECK(page_one->uploads.size() == 1);
  CHECK(page_one->next_key == "p/a");
  CHECK(bench.client->list_uploads("p/", *page_one).error().err == EIO);
}

}  // namespace
}  // namespace pailfs::s3
