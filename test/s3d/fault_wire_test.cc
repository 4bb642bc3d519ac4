// SPDX-License-Identifier: Apache-2.0
// Every fault action as it shows on the wire.
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "s3d/digest.h"
#include "s3d/server.h"
#include "s3d/test_client.h"
#include "s3d/text.h"
#include "support/catch.h"

namespace s3d {
namespace {

struct Fixture {
  ServerOptions options;
  std::unique_ptr<Server> server;
  std::unique_ptr<TestClient> client;

  Fixture() {
    options.buckets = {"data"};
    std::string reason;
    server = Server::start(options, reason);
    client = std::make_unique<TestClient>(server->port());
    client->sign_as(options.credentials);
    server->put_object("data", "k", Body("0123456789"));
  }
  TestClient* operator->() { return client.get(); }
  /// One request under one fault, which is gone afterwards.
  TestReply with(const std::string& action, const std::string& method = "GET",
                 const std::string& target = "/data/k", TestHeaders headers = {},
                 const std::string& body = "") {
    std::string reason;
    INFO(action);
    REQUIRE(server->add_faults("times=1 action=" + action, reason));
    TestReply reply = client->send(method, target, std::move(headers), body);
    CHECK(server->faults().at(0).hits == 1);
    server->clear_faults();
    return reply;
  }
  std::string content(const std::string& key) {
    ObjectPtr object = server->get_object("data", key);
    return object ? object->body.to_string() : "(none)";
  }
};

std::int64_t now_ms() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

TEST_CASE("status and error200 replace the reply and nothing is applied") {
  Fixture s3;
  auto slow = s3.with("status:503:SlowDown:2");
  CHECK(slow.status == 503);
  CHECK(slow.code() == "SlowDown");
  CHECK(slow.header("Retry-After") == "2");
  CHECK(s3.with("status:500", "PUT", "/data/new", {}, "x").code() == "InternalError");
  auto lie = s3.with("error200", "PUT", "/data/new", {}, "x");
  CHECK(lie.status == 200);
  CHECK(lie.code() == "InternalError");
  auto blank = s3.with("error200:SlowDown:ws");
  CHECK(blank.body.starts_with(" "));
  CHECK(blank.code() == "SlowDown");
  CHECK(s3.content("new") == "(none)");
  CHECK(s3.server->stats().errors.at("SlowDown") == 2);
}

TEST_CASE("foreign bodies come with 200") {
  Fixture s3;
  CHECK(s3.with("foreign:html").body.find("<html>") != std::string::npos);
  CHECK(s3.with("foreign:xml").body.starts_with("<?xml"));
  CHECK(s3.with("foreign:json").body.starts_with("{"));
  auto empty = s3.with("foreign:empty");
  CHECK(empty.status == 200);
  CHECK(empty.body.empty());
}

TEST_CASE("redirects name an endpoint, region redirects a region") {
  Fixture s3;
  auto moved = s3.with("redirect:307:http://127.0.0.1:9/x?y=z");
  CHECK(moved.status == 307);
  CHECK(moved.header("Location") == "http://127.0.0.1:9/x?y=z");
  CHECK(moved.tag("Endpoint") == "127.0.0.1:9");
  CHECK(s3.with("redirect:301:http://h/").code() == "PermanentRedirect");
  auto region = s3.with("region_redirect:eu-west-1");
  CHECK(region.status == 301);
  CHECK(region.header("x-amz-bucket-region") == "eu-west-1");
  CHECK(region.tag("Region") == "eu-west-1");
}

TEST_CASE("connections end in the middle where they are told to") {
  Fixture s3;
  auto reset = s3.with("reset_after:4");
  CHECK(reset.status == 200);
  CHECK(reset.reset);
  CHECK(reset.body == "0123");
  auto truncated = s3.with("truncate:3");
  CHECK(truncated.header("Content-Length") == "10");
  CHECK(truncated.body == "0123456");
  CHECK_FALSE(truncated.complete);
  CHECK(s3.with("drop").status == 0);
  CHECK(s3.with("close_idle").complete);
  CHECK(s3->closed());
}

TEST_CASE("an upload is reset after so many bytes and not stored") {
  Fixture s3;
  auto cut =
      s3.with("reset_upload_after:100000", "PUT", "/data/new", {}, std::string(1 << 20, 'x'));
  CHECK(cut.status == 0);
  CHECK(s3.content("new") == "(none)");
  CHECK(s3.server->stats().bytes_in == 100000);
}

TEST_CASE("apply_then_drop applies, reply_then_lose does not, late_apply does later") {
  Fixture s3;
  CHECK(s3.with("apply_then_drop", "PUT", "/data/a", {}, "x").status == 0);
  CHECK(s3.content("a") == "x");
  auto lost = s3.with("reply_then_lose", "PUT", "/data/b", {}, "x");
  CHECK(lost.status == 200);
  CHECK(lost.header("ETag") == "\"" + hex(md5("x")) + "\"");
  CHECK(s3.content("b") == "(none)");
  CHECK(s3.with("reply_then_lose", "DELETE", "/data/k").status == 204);
  CHECK(s3.content("k") == "0123456789");
  CHECK(s3.with("late_apply:200", "PUT", "/data/c", {}, "x").status == 200);
  CHECK(s3->get("/data/k").status == 200);  // waits its turn on the same connection
  CHECK(s3.content("c") == "x");
}

TEST_CASE("ranges are shortened and shifted consistently") {
  Fixture s3;
  TestHeaders range{{"Range", "bytes=2-5"}};
  auto shortened = s3.with("short206:2", "GET", "/data/k", range);
  CHECK(shortened.header("Content-Range") == "bytes 2-3/10");
  CHECK(shortened.body == "23");
  CHECK(shortened.complete);
  auto shifted = s3.with("wrong_range:1", "GET", "/data/k", range);
  CHECK(shifted.header("Content-Range") == "bytes 3-6/10");
  CHECK(shifted.body == "3456");
  CHECK(s3.with("wrong_range:8", "GET", "/data/k", range).header("Content-Range") ==
        "bytes 0-3/10");
  CHECK(s3.with("wrong_total:5", "GET", "/data/k", range).header("Content-Range") ==
        "bytes 2-5/15");
}

TEST_CASE("headers and bytes are falsified") {
  Fixture s3;
  std::string etag = s3->get("/data/k").header("ETag");
  CHECK(s3.with("wrong_etag").header("ETag") != etag);
  CHECK(s3.with("no_etag").header("ETag").empty());
  CHECK(s3.with("corrupt:3").body ==
        "012\x13"
        "456789");
  CHECK(s3.with("header:Content-Encoding=gzip").header("Content-Encoding") == "gzip");
  CHECK(s3.with("header:X-A=b%20c").header("X-A") == "b c");
  CHECK(s3.with("no_header:Last-Modified").header("Last-Modified").empty());
  auto longer = s3.with("longer_body:2");
  CHECK(longer.header("Content-Length") == "10");
  auto doubled = s3.with("dup_content_length").head;
  CHECK(doubled.find("Content-Length", doubled.find("Content-Length") + 1) != std::string::npos);
}

TEST_CASE("a copy's false ETag is in its document") {
  Fixture s3;
  auto copy = s3.with("wrong_etag", "PUT", "/data/copy", {{"x-amz-copy-source", "data/k"}});
  CHECK(copy.status == 200);
  CHECK(copy.tag("ETag") != "&quot;" + hex(md5("0123456789")) + "&quot;");
}

TEST_CASE("listings lose their token, their end or their progress") {
  Fixture s3;
  auto lost = s3.with("truncated_list", "GET", "/data?list-type=2");
  CHECK(lost.tag("IsTruncated") == "true");
  CHECK(lost.tag("NextContinuationToken").empty());
  auto half = s3.with("truncated_list:xml", "GET", "/data?list-type=2");
  CHECK(half.complete);
  CHECK(half.body.find("</ListBucketResult>") == std::string::npos);
  s3.server->put_object("data", "l", Body("x"));
  std::string token = s3->get("/data?list-type=2&max-keys=1").tag("NextContinuationToken");
  auto loop = s3.with("list_loop", "GET",
                      "/data?list-type=2&continuation-token=" + percent_encode(token, false));
  CHECK(loop.tag("NextContinuationToken") == token);
}

TEST_CASE("stalls last until the client gives up and delays at least as long as told") {
  Fixture s3;
  std::int64_t start = now_ms();
  CHECK(s3.with("delay:150").complete);
  CHECK(s3.with("delay_reply:150").complete);
  s3.server->set_latency_ms(100);
  CHECK(s3->get("/data/k").complete);
  s3.server->set_latency_ms(0);
  CHECK(now_ms() - start >= 400);
  start = now_ms();
  CHECK(s3.with("drip:50").complete);
  CHECK(now_ms() - start >= 150);
  start = now_ms();
  s3.server->set_bandwidth(50, 0);
  CHECK(s3->get("/data/k").body == "0123456789");
  s3.server->set_bandwidth(0, 0);
  CHECK(now_ms() - start >= 150);
}

TEST_CASE("a stalled connection neither answers in full nor keeps the server from ending") {
  struct Row {
    const char* action;
    int status;
    const char* body;
  };
  for (const Row& row :
       {Row{"stall_before", 0, ""}, Row{"stall:4", 200, "0123"}, Row{"delay:600000", 0, ""}}) {
    Fixture s3;
    std::string reason;
    REQUIRE(s3.server->add_faults(std::string("action=") + row.action, reason));
    TestReply reply;
    std::thread waiting([&] { reply = s3->get("/data/k"); });
    while (s3.server->stats().requests_total == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(s3.server->stats().requests_now == 1);
    s3.server.reset();
    waiting.join();
    CHECK(reply.status == row.status);
    CHECK(reply.body == row.body);
    CHECK_FALSE(reply.complete);
  }
}

TEST_CASE("idle connections are closed on demand and the client notices") {
  Fixture s3;
  CHECK(s3->get("/data/k").status == 200);
  std::size_t closed = 0;
  while (closed == 0) closed = s3.server->close_idle_connections();
  CHECK(closed == 1);
  CHECK(s3->closed());
}

}  // namespace s3d
