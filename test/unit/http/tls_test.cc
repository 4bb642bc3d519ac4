// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include "transport_fixture.h"

using namespace pailfs::http;  // NOLINT: a test file
using namespace pailfs::test;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

namespace {

struct PemFile {
  std::string path;
  explicit PemFile(const std::string& pem) : path("/tmp/pailfs-test-ca-XXXXXX") {
    close(mkstemp(path.data()));
    std::ofstream(path) << pem;
  }
  ~PemFile() { unlink(path.c_str()); }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
};

const std::vector<Reply> kHello = {{step::Send{http_reply(200, "hello")}}};

}  // namespace

TEST_CASE("a certificate nobody we trust vouches for is refused", "[http]") {
  const ScriptedServer server(kHello, self_signed_certificate());
  const PemFile other(self_signed_certificate().certificate_pem);
  Config config;
  config.ca_bundle = other.path;
  const Exchange exchange =
      make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr);
  CAPTURE(exchange.detail);
  CHECK(exchange.failure == Failure::tls);
  CHECK_THAT(exchange.detail,
             ContainsSubstring("TLS with 127.0.0.1:" + std::to_string(server.port()) + " failed"));
  CHECK(server.requests().empty());
}

TEST_CASE("a certificate of the given bundle is accepted", "[http]") {
  const auto identity = self_signed_certificate();
  const ScriptedServer server(kHello, identity);
  const PemFile bundle(identity.certificate_pem);
  Config config;
  config.ca_bundle = bundle.path;
  const auto transport = make_transport(config);
  for (int i = 0; i < 20; ++i) {
    const Exchange exchange = transport->perform(request_to(server, "/k"), nullptr, nullptr);
    CAPTURE(exchange.detail);
    REQUIRE(exchange.failure == Failure::none);
    CHECK(exchange.body == "hello");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("the bundle may come from the environment", "[http]") {
  const auto identity = self_signed_certificate();
  const ScriptedServer server(kHello, identity);
  const PemFile bundle(identity.certificate_pem);
  const std::string before = std::getenv("CURL_CA_BUNDLE") ? std::getenv("CURL_CA_BUNDLE") : "";
  setenv("CURL_CA_BUNDLE", bundle.path.c_str(), 1);
  const auto transport = make_transport();
  setenv("CURL_CA_BUNDLE", before.c_str(), 1);
  CHECK(transport->perform(request_to(server, "/k"), nullptr, nullptr).failure == Failure::none);
}

TEST_CASE("ciphers that nobody has are refused, those both have are taken", "[http]") {
  const ScriptedServer server(kHello, self_signed_certificate());
  Config config;
  config.verify_peer = false;
  config.verify_host = false;
  config.cipher_suites = "NO-SUCH-CIPHER";
  const Exchange refused =
      make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr);
  CHECK(refused.failure == Failure::tls);
  config.cipher_suites = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK(make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr).body ==
        "hello");
}

TEST_CASE("a service that asks for a certificate gets ours", "[http]") {
  auto identity = self_signed_certificate();
  identity.client_ca_pem = identity.certificate_pem;
  const ScriptedServer server(kHello, identity);
  const PemFile certificate(identity.certificate_pem);
  const PemFile key(identity.key_pem);
  Config config;
  config.ca_bundle = certificate.path;
  CHECK(make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr).failure !=
        Failure::none);
  config.client_certificate.certificate = certificate.path;
  config.client_certificate.key = key.path;
  const Exchange exchange =
      make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr);
  CAPTURE(exchange.detail);
  CHECK(exchange.body == "hello");
  const PemFile both(identity.certificate_pem + identity.key_pem);
  config.client_certificate = {};
  config.client_certificate.certificate = both.path;
  CHECK(make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr).body ==
        "hello");
}

TEST_CASE("the bundle may be named by OpenSSL's variable", "[http]") {
  const auto identity = self_signed_certificate();
  const ScriptedServer server(kHello, identity);
  const PemFile bundle(identity.certificate_pem);
  // The first of them that is set counts.
  std::map<std::string, std::string> before;
  for (const char* name : {"CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    before[name] = std::getenv(name) ? std::getenv(name) : "";
    setenv(name, "", 1);
  }
  setenv("SSL_CERT_FILE", bundle.path.c_str(), 1);
  const auto transport = make_transport();
  for (const auto& [name, value] : before) setenv(name.c_str(), value.c_str(), 1);
  CHECK(transport->perform(request_to(server, "/k"), nullptr, nullptr).failure == Failure::none);
}

TEST_CASE("verification can be switched off by those who ask for it", "[http]") {
  const ScriptedServer server(kHello, self_signed_certificate());
  Config config;
  config.verify_peer = false;
  config.verify_host = false;
  CHECK(make_transport(config)->perform(request_to(server, "/k"), nullptr, nullptr).body ==
        "hello");
}

TEST_CASE("the certificate must name the host", "[http]") {
  const auto identity = self_signed_certificate();
  const ScriptedServer server(kHello, identity);
  const PemFile bundle(identity.certificate_pem);
  Config config;
  config.ca_bundle = bundle.path;
  Request request;
  request.url = "https://localhost:" + std::to_string(server.port()) + "/k";
  CHECK(make_transport(config)->perform(request, nullptr, nullptr).failure == Failure::tls);
  config.verify_host = false;
  CHECK(make_transport(config)->perform(request, nullptr, nullptr).failure == Failure::none);
}

TEST_CASE("a bundle that cannot be read is named at once", "[http]") {
  Config config;
  config.ca_bundle = "/nonexistent/ca.pem";
  const auto transport = make_curl_transport(config);
  REQUIRE_FALSE(transport);
  CHECK_THAT(transport.error().text, ContainsSubstring("/nonexistent/ca.pem"));
}

TEST_CASE("threads share TLS sessions without harm", "[http]") {
  const auto identity = self_signed_certificate();
  const ScriptedServer server(
      {{step::Send{http_reply(200, "hello", "Connection: close\r\n")}, step::Close{}}}, identity);
  const PemFile bundle(identity.certificate_pem);
  Config config;
  config.ca_bundle = bundle.path;
  const auto transport = make_transport(config);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        if (transport->perform(request_to(server, "/k"), nullptr, nullptr).body == "hello") ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 40);
}
