// SPDX-License-Identifier: Apache-2.0
// The settings of Config that lead connections elsewhere or close doors, against real sockets.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "transport_fixture.h"

using namespace pailfs::http;  // NOLINT: a test file
using namespace pailfs::test;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

namespace {

const std::vector<Reply> kHello = {{step::Send{http_reply(200, "hello")}}};

/// Proxies of the environment as one test wants them.
class ProxyEnvironment final {
 public:
  ProxyEnvironment() { clear(); }
  ~ProxyEnvironment() {
    clear();
    setenv("no_proxy", "*", 1);
  }
  ProxyEnvironment(const ProxyEnvironment&) = delete;
  ProxyEnvironment& operator=(const ProxyEnvironment&) = delete;

 private:
  static void clear() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
  }
};

Exchange get(Transport& transport, const std::string& url) {
  Request request;
  request.url = url;
  request.headers.add("Authorization", "for the service only");
  return transport.perform(request, nullptr, nullptr);
}

std::string address(const ScriptedServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

}  // namespace

TEST_CASE("requests go through the proxy, with its own password", "[http]") {
  const ScriptedServer proxy(kHello);
  Config config;
  config.proxy = address(proxy);
  config.proxy_credentials = "me:pass:word%25";
  const auto transport = make_transport(config);
  const ProxyEnvironment environment;
  CHECK(get(*transport, "http://bucket.example/k").body == "hello");
  const ReceivedRequest seen = proxy.requests().at(0);
  CHECK(seen.line() == "GET http://bucket.example/k HTTP/1.1");
  // base64 of me:pass:word%
  CHECK_THAT(seen.head, ContainsSubstring("Proxy-Authorization: Basic bWU6cGFzczp3b3JkJQ=="));
}

TEST_CASE("over TLS a proxy sees the host and its own password, nothing else", "[http]") {
  const ScriptedServer proxy({{step::Send{"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"}}});
  Config config;
  config.proxy = address(proxy);
  config.proxy_credentials = "me:wrong";
  const auto transport = make_transport(config);
  const ProxyEnvironment environment;
  const Exchange refused = get(*transport, "https://bucket.example/k");
  CHECK(refused.failure != Failure::none);
  CHECK_THAT(refused.detail, ContainsSubstring("407"));
  const ReceivedRequest seen = proxy.requests().at(0);
  CHECK(seen.line() == "CONNECT bucket.example:443 HTTP/1.1");
  CHECK(seen.head.find("\r\nAuthorization:") == std::string::npos);
}

TEST_CASE("proxies of the environment count unless one is given or none is wanted", "[http]") {
  const ScriptedServer server(kHello);
  const ScriptedServer from_environment(kHello);
  const ScriptedServer given(kHello);
  Config config;
  const auto plain = make_transport(config);
  config.proxy = address(given);
  const auto told = make_transport(config);
  config.no_proxy = true;
  const auto direct = make_transport(config);
  const ProxyEnvironment environment;
  setenv("http_proxy", address(from_environment).c_str(), 1);
  CHECK(get(*plain, server.url() + "/k").body == "hello");
  CHECK(from_environment.requests().size() == 1);
  CHECK(get(*told, server.url() + "/k").body == "hello");
  CHECK(given.requests().size() == 1);
  CHECK(get(*direct, server.url() + "/k").body == "hello");
  CHECK(server.requests().size() == 1);
  setenv("no_proxy", "127.0.0.1", 1);
  CHECK(get(*told, server.url() + "/k").body == "hello");
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a proxy that is not there is a failure to connect", "[http]") {
  Config config;
  config.proxy = "http://127.0.0.1:1";
  const auto transport = make_transport(config);
  const ProxyEnvironment environment;
  CHECK(get(*transport, "http://bucket.example/k").failure == Failure::connect);
}

TEST_CASE("connections are made to the wanted kind of address only", "[http]") {
  const ScriptedServer server(kHello);  // listens on 127.0.0.1
  Config config;
  config.family = AddressFamily::ipv6;
  const auto six = make_transport(config);
  CHECK(get(*six, server.url() + "/k").failure != Failure::none);
  config.family = AddressFamily::ipv4;
  CHECK(get(*make_transport(config), server.url() + "/k").body == "hello");
}

TEST_CASE("caches of addresses and sessions can be done without", "[http]") {
  const ScriptedServer server(kHello);
  Config config;
  config.shares_dns_cache = false;
  config.shares_tls_sessions = false;
  const auto transport = make_transport(config);
  CHECK(get(*transport, server.url() + "/k").body == "hello");
  CHECK(get(*transport, server.url() + "/k").body == "hello");
  CHECK(server.connections() == 1);
}
