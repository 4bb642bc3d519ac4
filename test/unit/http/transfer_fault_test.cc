// SPDX-License-Identifier: Apache-2.0
// What the wire can do to an exchange, byte by byte.
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

#include "support/beside.h"
#include "transport_fixture.h"

using namespace pailfs::http;  // NOLINT: a test file
using namespace pailfs::test;  // NOLINT: a test file
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

Exchange get_once(const ScriptedServer& server, BodySink* sink = nullptr) {
  return make_transport()->perform(request_to(server, "/k"), nullptr, sink);
}

/// A loopback port without a listener, held so that there can be none.
struct ClosedPort {
  pailfs::UniqueFd fd{socket(AF_INET, SOCK_STREAM, 0)};
  std::uint16_t number = 0;
  ClosedPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(fd.get(), generic, size) == 0);
    REQUIRE(getsockname(fd.get(), generic, &size) == 0);
    number = ntohs(address.sin_port);
  }
};

struct FailingBody final : pailfs::ByteSource {
  std::uint64_t announced = 100;
  bool ends_early = false;
  [[nodiscard]] std::uint64_t size() const override { return announced; }
  pailfs::Result<std::size_t> read(std::uint64_t, std::span<char>) override {
    if (ends_early) return std::size_t{0};
    return pailfs::Error{EIO, "disk gone"};
  }
};

}  // namespace

TEST_CASE("a status without a body is a complete reply", "[http]") {
  const std::string head = GENERATE(as<std::string>(), "HTTP/1.1 204 No Content\r\n\r\n",
                                    "HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n",
                                    "HTTP/1.1 500 E\r\nContent-Length: 0\r\n\r\n",
                                    "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n");
  const ScriptedServer server({{step::Send{head}}});
  CollectingSink sink;
  const Exchange exchange = get_once(server, &sink);
  CAPTURE(head, exchange.detail);
  CHECK(exchange.failure == Failure::none);
  CHECK(exchange.status == std::stoi(head.substr(9, 3)));
  CHECK(sink.begins == 1);
  CHECK(exchange.received == 0);
  CHECK(exchange.body.empty());
}

TEST_CASE("a HEAD reply announces a length and has no body", "[http]") {
  const ScriptedServer server({{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"}}});
  const auto transport = make_transport();
  for (int i = 0; i < 3; ++i) {
    const Exchange exchange =
        transport->perform(request_to(server, "/k", Method::head), nullptr, nullptr);
    CAPTURE(exchange.detail);
    CHECK(exchange.failure == Failure::none);
    CHECK(exchange.headers.find("content-length") == "12345");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a body shorter than announced is broken", "[http]") {
  const ScriptedServer server(
      {{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, step::Close{}}});
  CollectingSink sink;
  const Exchange exchange = get_once(server, &sink);
  CHECK(exchange.failure == Failure::broken);
  CHECK(exchange.status == 200);
  CHECK(exchange.received == 3);
  CHECK(sink.bytes == "abc");
  CHECK_THAT(exchange.detail, ContainsSubstring("127.0.0.1:"));
}

TEST_CASE("a body longer than announced is a contradiction and ends the connection", "[http]") {
  const ScriptedServer server({{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"}},
                               {step::Send{http_reply(200, "second")}}});
  const auto transport = make_transport();
  const Exchange first = transport->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(first.failure == Failure::protocol);
  CHECK_THAT(first.detail, ContainsSubstring("more bytes than"));
  const Exchange second = transport->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(second.body == "second");
  CHECK(server.connections() == 2);
}

TEST_CASE("contradicting heads end the connection before the body", "[http]") {
  const std::string fields =
      GENERATE(as<std::string>(), "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
               "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: x\r\n");
  const ScriptedServer server({{step::Send{"HTTP/1.1 200 OK\r\n" + fields + "\r\nabc"}},
                               {step::Send{http_reply(200, "second")}}});
  const auto transport = make_transport();
  CollectingSink sink;
  const Exchange first = transport->perform(request_to(server, "/k"), nullptr, &sink);
  CAPTURE(fields, first.detail);
  CHECK(first.failure == Failure::protocol);
  CHECK(sink.begins == 0);
  CHECK(sink.bytes.empty());
  CHECK(transport->perform(request_to(server, "/k"), nullptr, nullptr).body == "second");
  CHECK(server.connections() == 2);
}

TEST_CASE("a chunked body arrives whole, with or without trailers", "[http]") {
  const std::string end = GENERATE(as<std::string>(), "0\r\n\r\n", "0\r\nX-Trailer: t\r\n\r\n");
  const ScriptedServer server({{step::Send{
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n" + end}}});
  const Exchange exchange = get_once(server);
  CAPTURE(exchange.detail);
  CHECK(exchange.failure == Failure::none);
  CHECK(exchange.body == "abcde");
  CHECK_FALSE(exchange.headers.find("x-trailer").has_value());
}

TEST_CASE("a chunked body without its end is broken", "[http]") {
  const ScriptedServer server(
      {{step::Send{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
        step::Close{}}});
  CHECK(get_once(server).failure == Failure::broken);
}

TEST_CASE("interim replies do not reach the sink", "[http]") {
  const ScriptedServer server({{step::Send{"HTTP/1.1 102 Processing\r\n\r\n"}, step::Pause{20ms},
                                step::Send{http_reply(200, "abc")}}});
  CollectingSink sink;
  const Exchange exchange = get_once(server, &sink);
  CHECK(exchange.failure == Failure::none);
  CHECK(sink.begins == 1);
  CHECK(sink.status == 200);
  CHECK(sink.bytes == "abc");
}

TEST_CASE("a connection closed while idle costs a new one and nothing else", "[http]") {
  const ScriptedServer server({{step::Send{http_reply(200, "first")}, step::Close{}},
                               {step::Send{http_reply(200, "second")}}});
  const auto transport = make_transport();
  CHECK(transport->perform(request_to(server, "/1"), nullptr, nullptr).body == "first");
  const Exchange second = transport->perform(request_to(server, "/2"), nullptr, nullptr);
  CAPTURE(second.detail);
  CHECK(second.failure == Failure::none);
  CHECK(second.body == "second");
  CHECK(server.connections() == 2);
}

TEST_CASE("a request without a body that went out twice says so, one that went out once does not",
          "[http]") {
  const ScriptedServer server({{step::Send{http_reply(200, "first")}},
                               {step::Close{}},
                               {step::Send{http_reply(403, "second")}},
                               {step::Send{http_reply(204, "")}}});
  const auto transport = make_transport();
  CHECK_FALSE(transport->perform(request_to(server, "/1"), nullptr, nullptr).sent_again);
  CHECK(transport->perform(request_to(server, "/2", Method::del), nullptr, nullptr).sent_again);
  CHECK_FALSE(
      transport->perform(request_to(server, "/3", Method::del), nullptr, nullptr).sent_again);
}

TEST_CASE("a reused connection closed under the request: the body is sent again from its start",
          "[http]") {
  const Step how = GENERATE(Step{step::Close{}}, Step{step::Reset{}});
  const ScriptedServer server(
      {{step::Send{http_reply(200, "first")}}, {how}, {step::Send{http_reply(200, "second")}}});
  const auto transport = make_transport();
  CHECK(transport->perform(request_to(server, "/1"), nullptr, nullptr).body == "first");
  const std::string content(200'000, 'p');
  pailfs::MemorySource body(content);
  const Exchange second = transport->perform(request_to(server, "/2", Method::put), &body, nullptr);
  CAPTURE(second.detail);
  CHECK(second.failure == Failure::none);
  CHECK(second.body == "second");
  CHECK(second.sent_again);
  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK(seen[1].connection == 0);
  CHECK(seen[2].connection == 1);
  CHECK(seen[2].body == content);
}

TEST_CASE("a fresh connection closed without a reply is broken", "[http]") {
  const Step how = GENERATE(Step{step::Close{}}, Step{step::Reset{}});
  const ScriptedServer server({{how}});
  const Exchange exchange = get_once(server);
  CHECK(exchange.failure == Failure::broken);
  CHECK(exchange.status == 0);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a head cut in the middle is broken", "[http]") {
  const ScriptedServer server({{step::Send{"HTTP/1.1 200 OK\r\nContent-Le"}, step::Close{}}});
  const Exchange exchange = get_once(server);
  CHECK(exchange.failure == Failure::broken);
}

TEST_CASE("a reset in the middle of the body is broken", "[http]") {
  const ScriptedServer server({{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"},
                                step::Pause{50ms}, step::Reset{}}});
  const Exchange exchange = get_once(server);
  CHECK(exchange.failure == Failure::broken);
  CHECK(exchange.received == 3);
}

TEST_CASE("a slow drip is slow and not a failure", "[http]") {
  const ScriptedServer server({{step::Drip{http_reply(200, "abc"), 5ms}}});
  Request request = request_to(server, "/k");
  request.stall_limit = 5'000ms;
  const Exchange exchange = make_transport()->perform(request, nullptr, nullptr);
  CHECK(exchange.failure == Failure::none);
  CHECK(exchange.body == "abc");
}

TEST_CASE("silence is a timeout", "[http]") {
  const Reply reply = GENERATE(
      Reply{step::Pause{60s}}, Reply{step::Send{"HTTP/1.1 200 OK\r\n"}, step::Pause{60s}},
      Reply{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, step::Pause{60s}});
  const ScriptedServer server({reply});
  Request request = request_to(server, "/k");
  request.stall_limit = 200ms;
  const Exchange exchange = make_transport()->perform(request, nullptr, nullptr);
  CHECK(exchange.failure == Failure::timeout);
  CHECK_THAT(exchange.detail, ContainsSubstring("stalled"));
}

TEST_CASE("what is not wanted any more ends, and nothing begins after it", "[http]") {
  const Reply reply = GENERATE(
      Reply{step::Pause{60s}},
      Reply{step::Send{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, step::Pause{60s}});
  const ScriptedServer server({reply});
  Traffic traffic;
  Config config;
  config.traffic = &traffic;
  const auto transport = make_transport(config);
  Request request = request_to(server, "/k");
  request.stall_limit = 50'000ms;
  const Beside ender([&] {
    const bool asked = eventually([&] { return server.requests().size() == 1; });
    traffic.end();
    return asked;
  });
  const auto begin = std::chrono::steady_clock::now();
  const Exchange exchange = transport->perform(request, nullptr, nullptr);
  CHECK(ender.ends());
  CHECK(exchange.failure == Failure::timeout);
  CHECK_THAT(exchange.detail, ContainsSubstring("the mount ends"));
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  CHECK(transport->perform(request, nullptr, nullptr).failure == Failure::timeout);
}

TEST_CASE("what is moved both ways is counted", "[http]") {
  const ScriptedServer server({{step::ReadBody{}, step::Send{http_reply(200, "abc")}}});
  Traffic traffic;
  Config config;
  config.traffic = &traffic;
  const std::string content(4 << 20, 'u');
  pailfs::MemorySource body(content);
  const Exchange exchange =
      make_transport(config)->perform(request_to(server, "/k", Method::put), &body, nullptr);
  CHECK(exchange.failure == Failure::none);
  CHECK(traffic.moved() > content.size() / 2);
}

TEST_CASE("a peer that stops reading is a timeout", "[http]") {
  const ScriptedServer server({{step::Pause{60s}, step::ReadBody{}}});
  Request request = request_to(server, "/k", Method::put);
  request.stall_limit = 300ms;
  const std::string content(64 << 20, 'u');
  pailfs::MemorySource body(content);
  const Exchange exchange = make_transport()->perform(request, &body, nullptr);
  CHECK(exchange.failure == Failure::timeout);
  CHECK(exchange.sent < content.size());
}

TEST_CASE("a sink that refuses a byte cancels the exchange and the connection", "[http]") {
  const std::string content(1 << 20, 'c');
  const ScriptedServer server({{step::Send{http_reply(200, content)}}});
  const auto transport = make_transport();
  CollectingSink sink;
  sink.stop_after = 1000;
  const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, &sink);
  CHECK(exchange.failure == Failure::cancelled);
  CHECK(exchange.received < content.size());
  CHECK(transport->perform(request_to(server, "/k"), nullptr, nullptr).body == content);
  CHECK(server.connections() == 2);
}

TEST_CASE("a document without end is refused", "[http]") {
  const std::string piece(1 << 20, 'x');
  Reply endless{step::Send{"HTTP/1.1 200 OK\r\n\r\n"}};
  for (int i = 0; i < 18; ++i) endless.emplace_back(step::Send{piece});
  endless.emplace_back(step::Close{});
  const ScriptedServer server({endless});
  const Exchange exchange = get_once(server);
  CHECK(exchange.failure == Failure::protocol);
  CHECK(exchange.body.size() <= kMaxInlineBody);
}

TEST_CASE("what is not HTTP is a protocol failure", "[http]") {
  const ScriptedServer server({{step::Send{"SSH-2.0-OpenSSH_9.2\r\n"}, step::Close{}}});
  CHECK(get_once(server).failure == Failure::protocol);
}

TEST_CASE("a body that cannot be read, or ends early, is our own failure", "[http]") {
  const ScriptedServer server({{step::Send{http_reply(200, "")}}});
  FailingBody body;
  body.ends_early = GENERATE(false, true);
  const Exchange exchange =
      make_transport()->perform(request_to(server, "/k", Method::put), &body, nullptr);
  CHECK(exchange.failure == Failure::body);
  CHECK_THAT(exchange.detail, ContainsSubstring(body.ends_early ? "ended at byte 0" : "disk gone"));
}

TEST_CASE("a refused connection names the endpoint and the reason", "[http]") {
  const ClosedPort port;
  Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port.number) + "/b/k";
  const Exchange exchange = make_transport()->perform(request, nullptr, nullptr);
  CHECK(exchange.failure == Failure::connect);
  CHECK(exchange.detail ==
        "cannot connect to 127.0.0.1:" + std::to_string(port.number) + ": Connection refused");
}

TEST_CASE("a name without an address names the host", "[http]") {
  Request request;
  request.url = "http://bucket.s3.invalid/k";
  const Exchange exchange = make_transport()->perform(request, nullptr, nullptr);
  CHECK(exchange.failure == Failure::resolve);
  CHECK_THAT(exchange.detail, ContainsSubstring("cannot resolve \"bucket.s3.invalid\""));
}
