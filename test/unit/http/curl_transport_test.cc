// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/curl_transport.h"

#include <thread>

#include "pailfs/util/log.h"

#include "transport_fixture.h"

using namespace pailfs::http;  // NOLINT: a test file
using namespace pailfs::test;  // NOLINT: a test file
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

Reply ok(std::string_view body = "") {
  return {step::Send{http_reply(200, body)}};
}

bool has_field(const ReceivedRequest& request, std::string_view name) {
  return request.head.find("\r\n" + std::string(name) + ":") != std::string::npos;
}

}  // namespace

TEST_CASE("a request is sent exactly as it was built", "[http]") {
  const ScriptedServer server({ok()});
  const auto transport = make_transport();
  Request request = request_to(server, "/bucket/a/../b/./%2e%2E/c%20d//e?list-type=2&x=%2F");
  request.headers.add("x-amz-date", "20261122T031729Z");
  request.headers.add("x-amz-meta-empty", "");
  request.headers.add("Range", "bytes=0-9");
  const Exchange exchange = transport->perform(request, nullptr, nullptr);
  CAPTURE(exchange.detail);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(server.requests().at(0).head ==
        "GET /bucket/a/../b/./%2e%2E/c%20d//e?list-type=2&x=%2F HTTP/1.1\r\n"
        "Host: 127.0.0.1:" +
            std::to_string(server.port()) +
            "\r\nx-amz-date: 20261122T031729Z\r\nx-amz-meta-empty:\r\nRange: bytes=0-9\r\n\r\n");
}

TEST_CASE("each method sends its own form of request", "[http]") {
  struct Row {
    Method method;
    bool with_body;
    std::string line;
    std::string length;  // value of Content-Length, empty when none is sent
  };
  const Row row = GENERATE(Row{Method::get, false, "GET /k HTTP/1.1", ""},
                           Row{Method::head, false, "HEAD /k HTTP/1.1", ""},
                           Row{Method::del, false, "DELETE /k HTTP/1.1", ""},
                           Row{Method::put, false, "PUT /k HTTP/1.1", "0"},
                           Row{Method::post, false, "POST /k HTTP/1.1", "0"},
                           Row{Method::put, true, "PUT /k HTTP/1.1", "5"},
                           Row{Method::post, true, "POST /k HTTP/1.1", "5"});
  CAPTURE(row.line, row.with_body);
  const ScriptedServer server({{step::Send{http_reply(200, "")}}});
  const auto transport = make_transport();
  pailfs::MemorySource body("hello");
  const Exchange exchange = transport->perform(request_to(server, "/k", row.method),
                                               row.with_body ? &body : nullptr, nullptr);
  CAPTURE(exchange.detail);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(exchange.status == 200);
  CHECK(exchange.sent == (row.with_body ? 5U : 0U));
  const ReceivedRequest seen = server.requests().at(0);
  CHECK(seen.line() == row.line);
  CHECK(seen.body == (row.with_body ? "hello" : ""));
  CHECK(has_field(seen, "Content-Length") == !row.length.empty());
  if (!row.length.empty()) {
    CHECK_THAT(seen.head, ContainsSubstring("\r\nContent-Length: " + row.length + "\r\n"));
  }
  for (const char* const unwanted : {"Expect", "Accept", "Accept-Encoding", "User-Agent",
                                     "Content-Type", "Transfer-Encoding", "Connection"}) {
    CAPTURE(unwanted);
    CHECK_FALSE(has_field(seen, unwanted));
  }
}

TEST_CASE("one handle serves every method in turn", "[http]") {
  const ScriptedServer server({});
  const auto transport = make_transport();
  pailfs::MemorySource body("hello");
  const std::vector<std::pair<Method, bool>> order = {
      {Method::put, true},   {Method::get, false}, {Method::head, false}, {Method::post, true},
      {Method::del, false},  {Method::put, false}, {Method::get, false},  {Method::post, false},
      {Method::head, false}, {Method::del, false}, {Method::get, false}};
  for (const auto& [method, with_body] : order) {
    CHECK(transport->perform(request_to(server, "/k", method), with_body ? &body : nullptr, nullptr)
              .failure == Failure::none);
  }
  const auto seen = server.requests();
  REQUIRE(seen.size() == order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    CAPTURE(i);
    CHECK(seen[i].line() == std::string(method_name(order[i].first)) + " /k HTTP/1.1");
    CHECK(seen[i].body == (order[i].second ? "hello" : ""));
    const bool uploads = order[i].first == Method::put || order[i].first == Method::post;
    CHECK(has_field(seen[i], "Content-Length") == uploads);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a thousand requests of one thread use one connection", "[http]") {
  const ScriptedServer server({ok("x")});
  const auto transport = make_transport();
  int good = 0;
  for (int i = 0; i < 1000; ++i) {
    const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, nullptr);
    if (exchange.failure == Failure::none && exchange.body == "x") ++good;
  }
  CHECK(good == 1000);
  CHECK(server.connections() == 1);
}

TEST_CASE("threads share the transport and need a connection each at most", "[http]") {
  const ScriptedServer server({ok("x")});
  const auto transport = make_transport();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        if (transport->perform(request_to(server, "/k"), nullptr, nullptr).body == "x") ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 200);
  CHECK(server.connections() <= 4);
}

TEST_CASE("a body of any size is sent at once", "[http]") {
  const ScriptedServer server({{step::ReadBody{}, step::Send{http_reply(200, "")}}});
  const auto transport = make_transport();
  const std::size_t size = GENERATE(std::size_t{1} << 10, std::size_t{5} << 20);
  const std::string content(size, 'b');
  pailfs::MemorySource body(content);
  const Exchange exchange =
      transport->perform(request_to(server, "/k", Method::put), &body, nullptr);
  CAPTURE(exchange.detail);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(exchange.status == 200);
  CHECK(exchange.sent == size);
  const ReceivedRequest seen = server.requests().at(0);
  CHECK(seen.body == content);
  CHECK_FALSE(has_field(seen, "Expect"));
}

TEST_CASE("a refusal before the body saves sending it", "[http]") {
  // As AWS does it: the reply stands for a while before the connection goes.
  const ScriptedServer server(
      {{step::Send{http_reply(403, "<Error/>", "Connection: close\r\n")},
        step::Pause{std::chrono::milliseconds(300)}, step::Close{}, step::ReadBody{}}});
  const auto transport = make_transport();
  const std::string content(4 << 20, 'b');
  pailfs::MemorySource body(content);
  const Exchange exchange =
      transport->perform(request_to(server, "/k", Method::put), &body, nullptr);
  CAPTURE(exchange.detail);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(exchange.status == 403);
  CHECK(exchange.body == "<Error/>");
  CHECK(exchange.sent < content.size());
}

TEST_CASE("the sink chooses by status what it wants", "[http]") {
  const ScriptedServer server(
      {{step::Send{http_reply(404, "<Error/>", "x-amz-request-id: 7\r\n")}}});
  const auto transport = make_transport();
  CollectingSink sink;
  sink.wanted = false;
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, &sink);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(sink.begins == 1);
  CHECK(sink.status == 404);
  CHECK(sink.bytes.empty());
  CHECK(exchange.body == "<Error/>");
  CHECK(exchange.headers.find("X-Amz-Request-Id") == "7");
}

TEST_CASE("a body reaches the sink and not the exchange", "[http]") {
  const std::string content(3 << 20, 'c');
  const ScriptedServer server({ok(content)});
  const auto transport = make_transport();
  CollectingSink sink;
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, &sink);
  REQUIRE(exchange.failure == Failure::none);
  CHECK(sink.bytes == content);
  CHECK(exchange.body.empty());
  CHECK(exchange.received == content.size());
}

TEST_CASE("a redirect is reported and not followed", "[http]") {
  const ScriptedServer foreign({ok("stolen")});
  const int status = GENERATE(301, 302, 303, 307, 308);
  const ScriptedServer server(
      {{step::Send{http_reply(status, "", "Location: " + foreign.url() + "/x\r\n")}}});
  const auto transport = make_transport();
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(exchange.failure == Failure::none);
  CHECK(exchange.status == status);
  CHECK(exchange.headers.find("location") == foreign.url() + "/x");
  CHECK(foreign.connections() == 0);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("nothing is decoded", "[http]") {
  const ScriptedServer server(
      {{step::Send{http_reply(200, "not gzip", "Content-Encoding: gzip\r\n")}}});
  const auto transport = make_transport();
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(exchange.failure == Failure::none);
  CHECK(exchange.body == "not gzip");
}

TEST_CASE("a header with a line break is never sent", "[http]") {
  const ScriptedServer server({ok()});
  const auto transport = make_transport();
  Request request = request_to(server, "/k");
  request.headers.add("x-amz-meta-a", GENERATE(as<std::string>(), "a\r\nx-amz-acl: public-read",
                                               "a\nb", std::string("a\0b", 3)));
  const Exchange exchange = transport->perform(request, nullptr, nullptr);
  CHECK(exchange.failure == Failure::protocol);
  CHECK(server.connections() == 0);
}

TEST_CASE("plain http is refused unless it was allowed", "[http]") {
  const ScriptedServer server({ok()});
  auto transport = make_curl_transport({});
  REQUIRE(transport);
  const Exchange exchange = (*transport)->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(exchange.failure == Failure::protocol);
  CHECK(server.connections() == 0);
  CHECK_FALSE(exchange.detail.empty());
}

TEST_CASE("a proxy of the environment is bypassed when told so", "[http]") {
  const ScriptedServer server({ok()});
  const ScriptedServer proxy({ok()});
  Config config;
  config.no_proxy = GENERATE(true, false);
  auto transport = make_transport(config);
  setenv("http_proxy", proxy.url().c_str(), 1);
  unsetenv("no_proxy");
  unsetenv("NO_PROXY");
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, nullptr);
  unsetenv("http_proxy");
  setenv("no_proxy", "*", 1);
  CHECK(exchange.failure == Failure::none);
  CHECK(server.connections() == (config.no_proxy ? 1 : 0));
  CHECK(proxy.connections() == (config.no_proxy ? 0 : 1));
}

TEST_CASE("the user agent is sent when there is one", "[http]") {
  const ScriptedServer server({ok()});
  Config config;
  config.user_agent = "pailfs/0.1";
  make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK_THAT(server.requests().at(0).head, ContainsSubstring("\r\nUser-Agent: pailfs/0.1\r\n"));
}

TEST_CASE("a trace shows the exchange and hides its secrets", "[http]") {
  std::vector<std::string> lines;
  pailfs::log::set_sink([&](pailfs::LogLevel, std::string_view line) { lines.emplace_back(line); });
  const ScriptedServer server({{step::Send{http_reply(200, "PAYLOAD", "Set-Cookie: CANARY\r\n")}}});
  Config config;
  config.trace = true;
  Request request = request_to(server, "/k?X-Amz-Signature=CANARY");
  request.headers.add("Authorization", "AWS4-HMAC-SHA256 CANARY");
  request.headers.add("x-amz-security-token", "CANARY");
  make_transport(config)->perform(request, nullptr, nullptr);
  pailfs::log::set_sink(pailfs::log::stream_sink(2, {}));
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  CHECK_THAT(all, ContainsSubstring("> GET /k?X-Amz-Signature=[SENSITIVE]"));
  CHECK_THAT(all, ContainsSubstring("> Authorization: [SENSITIVE]"));
  CHECK_THAT(all, ContainsSubstring("< HTTP/1.1 200"));
  CHECK(all.find("CANARY") == std::string::npos);
  CHECK(all.find("PAYLOAD") == std::string::npos);
}
