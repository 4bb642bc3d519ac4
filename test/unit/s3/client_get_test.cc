// SPDX-License-Identifier: Apache-2.0
#include "client_fixture.h"

namespace pailfs::s3 {
namespace {

using http::Failure;
using test::failure;
using test::reply;

const std::string kText = "0123456789abcdefghijklmnopqrstuvwxyz";

http::Exchange range_of(std::size_t first, std::size_t length, const std::string& etag = "\"v1\"") {
  return reply(206,
               {{"ETag", etag},
                {"Content-Range", "bytes " + std::to_string(first) + "-" +
                                      std::to_string(first + length - 1) + "/" +
                                      std::to_string(kText.size())},
                {"Content-Length", std::to_string(length)}},
               kText.substr(first, length));
}

http::Exchange whole() {
  return reply(200, {{"ETag", "\"v1\""}, {"Content-Length", std::to_string(kText.size())}}, kText);
}

/// The first `length` bytes of a reply, then a broken connection.
http::Exchange cut(http::Exchange exchange, std::size_t length) {
  exchange.body.resize(length);
  return failure(Failure::broken, "connection reset", std::move(exchange));
}

TEST_CASE("a whole object and a range of it are delivered") {
  Bench bench;
  bench.transport.then(whole()).then(range_of(5, 10));
  StringSink all;
  const Result<ObjectInfo> info = bench.client->get({"k", {}, {}}, all);
  REQUIRE(info);
  CHECK(info->size == kText.size());
  CHECK(info->etag.value == "\"v1\"");
  CHECK(all.text == kText);
  StringSink part(5);
  REQUIRE(bench.client->get({"k", ByteRange{5, 10}, {"\"v1\""}}, part));
  CHECK(part.text == kText.substr(5, 10));
  CHECK(bench.sent_header(1, "If-Match") == "\"v1\"");
}

TEST_CASE("an empty object is delivered without a byte") {
  Bench bench;
  bench.transport.then(reply(200, {{"ETag", "\"v1\""}, {"Content-Length", "0"}}));
  StringSink sink;
  const Result<ObjectInfo> info = bench.client->get({"k", {}, {}}, sink);
  REQUIRE(info);
  CHECK(info->size == 0);
  CHECK(sink.text.empty());
}

TEST_CASE("a broken get goes on where it stopped, with the version it began with") {
  Bench bench;
  bench.transport.then(cut(whole(), 10)).then(cut(range_of(10, 26), 5)).then(range_of(15, 21));
  StringSink sink;
  REQUIRE(bench.client->get({"k", {}, {}}, sink));
  CHECK(sink.text == kText);
  CHECK(sink.in_order);
  CHECK(bench.sent_header(0, "Range") == "(none)");
  CHECK(bench.sent_header(1, "Range") == "bytes=10-35");
  CHECK(bench.sent_header(1, "If-Match") == "\"v1\"");
  CHECK(bench.sent_header(2, "Range") == "bytes=15-35");
}

TEST_CASE("a get is cut anywhere and still delivers every byte once") {
  for (std::size_t at = 0; at <= 12; ++at) {
    INFO(at);
    Bench bench;
    bench.transport.then(cut(range_of(3, 12), at)).otherwise([&](const auto&) {
      return range_of(3 + at, 12 - at);
    });
    StringSink sink(3);
    REQUIRE(bench.client->get({"k", ByteRange{3, 12}, {}}, sink));
    CHECK(sink.text == kText.substr(3, 12));
    CHECK(sink.in_order);
  }
}

TEST_CASE("two versions are never mixed") {
  Bench bench;
  bench.transport.then(cut(whole(), 10)).then(range_of(10, 26, "\"v2\""));
  StringSink sink;
  const Result<ObjectInfo> info = bench.client->get({"k", {}, {}}, sink);
  REQUIRE_FALSE(info);
  CHECK(info.error().err == ESTALE);
  CHECK(sink.text == kText.substr(0, 10));
  bench.transport.then(cut(whole(), 10)).then(s3_error(412, "PreconditionFailed"));
  StringSink again;
  CHECK(bench.client->get({"k", {}, {}}, again).error().err == ESTALE);
}

TEST_CASE("a shorter range than asked for is completed by asking for the rest") {
  Bench bench;
  bench.transport.then(range_of(0, 4)).then(range_of(4, 3)).then(range_of(7, 3));
  StringSink sink;
  REQUIRE(bench.client->get({"k", ByteRange{0, 10}, {}}, sink));
  CHECK(sink.text == kText.substr(0, 10));
  CHECK(bench.sent_header(1, "Range") == "bytes=4-9");
}

TEST_CASE("a service that always returns less ends in an error") {
  Bench bench;
  std::size_t next = 0;
  bench.transport.otherwise([&](const auto&) { return range_of(next++, 1); });
  StringSink sink;
  const Result<ObjectInfo> info = bench.client->get({"k", ByteRange{0, 30}, {}}, sink);
  REQUIRE_FALSE(info);
  CHECK(info.error().err == EIO);
  CHECK(bench.count() == 5);
}

TEST_CASE("a range beyond the object's end is shorter, or an error") {
  Bench bench;
  bench.transport.then(range_of(30, 6)).then(s3_error(416, "InvalidRange"));
  StringSink sink(30);
  REQUIRE(bench.client->get({"k", ByteRange{30, 100}, {}}, sink));
  CHECK(sink.text == kText.substr(30));
  CHECK(bench.client->get({"k", ByteRange{36, 1}, {}}, sink).error().err == ERANGE);
}

TEST_CASE("no byte of a wrong reply is delivered") {
  const std::string html = "<html>Please sign in to the network</html>";
  const std::vector<std::pair<std::string, http::Exchange>> rows{
      {"range ignored", whole()},
      {"other range", range_of(4, 10)},
      {"more than asked", range_of(5, 20)},
      {"portal", reply(200, {{"Content-Length", "42"}, {"Content-Type", "text/html"}}, html)},
      {"error page", reply(503, {}, html)},
      {"no Content-Range", reply(206, {{"ETag", "\"v1\""}}, "0123456789")},
      {"other version", range_of(5, 10, "\"v2\"")},
  };
  for (const auto& [name, exchange] : rows) {
    INFO(name);
    Bench bench;
    bench.transport.otherwise([&answer = exchange](const auto&) { return answer; });
    StringSink sink(5);
    CHECK_FALSE(bench.client->get({"k", ByteRange{5, 10}, {"\"v1\""}}, sink));
    CHECK(sink.text.empty());
  }
}

TEST_CASE("bytes beyond the announced end are refused") {
  Bench bench;
  http::Exchange longer = range_of(5, 10);
  longer.headers.remove("Content-Length");
  longer.body += "EXTRA BYTES";
  bench.transport.then(longer).then(range_of(12, 3));
  StringSink sink(5);
  const Result<ObjectInfo> info = bench.client->get({"k", ByteRange{5, 10}, {}}, sink);
  CHECK(info);
  CHECK(sink.text == kText.substr(5, 10));
}

TEST_CASE("the caller can cancel") {
  Bench bench;
  bench.transport.then(whole());
  StringSink sink;
  sink.limit = 10;
  const Result<ObjectInfo> info = bench.client->get({"k", {}, {}}, sink);
  REQUIRE_FALSE(info);
  CHECK(info.error().err == ECANCELED);
  CHECK(bench.count() == 1);
}

TEST_CASE("a missing key is told from everything else") {
  Bench bench;
  StringSink sink;
  bench.transport.then(s3_error(404, "NoSuchKey"));
  CHECK(bench.client->get({"k", {}, {}}, sink).error().err == ENOENT);
  bench.transport.then(s3_error(404, "NoSuchBucket"));
  CHECK(bench.client->get({"k", {}, {}}, sink).error().err == ENXIO);
  bench.transport.otherwise([](const auto&) { return reply(404, {}, "<html/>"); });
  CHECK(bench.client->get({"k", {}, {}}, sink).error().err == EIO);
}

}  // namespace
}  // namespace pailfs::s3
