// SPDX-License-Identifier: Apache-2.0
#include "http/curl_failure.h"

#include <cerrno>

#include "support/catch.h"

using namespace pailfs::http;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

TEST_CASE("every curl code has one meaning", "[http]") {
  struct Row {
    CURLcode code;
    bool reused;
    bool reply_started;
    Failure failure;
  };
  const std::vector<Row> rows = {
      {CURLE_OK, false, true, Failure::none},
      {CURLE_COULDNT_RESOLVE_HOST, false, false, Failure::resolve},
      {CURLE_COULDNT_RESOLVE_PROXY, false, false, Failure::resolve},
      {CURLE_COULDNT_CONNECT, false, false, Failure::connect},
      {CURLE_PEER_FAILED_VERIFICATION, false, false, Failure::tls},
      {CURLE_SSL_CONNECT_ERROR, false, false, Failure::tls},
      {CURLE_SSL_CACERT_BADFILE, false, false, Failure::tls},
      {CURLE_OPERATION_TIMEDOUT, false, false, Failure::timeout},
      {CURLE_OPERATION_TIMEDOUT, true, true, Failure::timeout},
      {CURLE_GOT_NOTHING, true, false, Failure::idle_closed},
      {CURLE_SEND_ERROR, true, false, Failure::idle_closed},
      {CURLE_RECV_ERROR, true, false, Failure::idle_closed},
      {CURLE_GOT_NOTHING, false, false, Failure::broken},
      {CURLE_SEND_ERROR, false, false, Failure::broken},
      {CURLE_RECV_ERROR, true, true, Failure::broken},
      {CURLE_PARTIAL_FILE, true, true, Failure::broken},
      {CURLE_WRITE_ERROR, false, true, Failure::cancelled},
      {CURLE_READ_ERROR, false, false, Failure::body},
      {CURLE_ABORTED_BY_CALLBACK, false, false, Failure::body},
      {CURLE_SEND_FAIL_REWIND, true, false, Failure::body},
      {CURLE_WEIRD_SERVER_REPLY, false, true, Failure::protocol},
      {CURLE_UNSUPPORTED_PROTOCOL, false, false, Failure::protocol},
      {CURLE_URL_MALFORMAT, false, false, Failure::protocol},
      {CURLE_OUT_OF_MEMORY, false, false, Failure::broken},
  };
  for (const Row& row : rows) {
    CAPTURE(curl_easy_strerror(row.code), row.reused, row.reply_started);
    CHECK(classify({row.code, row.reused, row.reply_started, 0, ""}) == row.failure);
  }
}

TEST_CASE("a handshake that broke off may be tried again, a refused one may not", "[http]") {
  CHECK(classify({CURLE_SSL_CONNECT_ERROR, false, false, 0,
                  "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:443"}) ==
        Failure::connect);
  CHECK(classify({CURLE_SSL_CONNECT_ERROR, false, false, 0,
                  "OpenSSL SSL_connect: Connection reset by peer"}) == Failure::connect);
  CHECK(classify({CURLE_SSL_CONNECT_ERROR, false, false, 0,
                  "OpenSSL/3.0: error:0A000102:SSL routines::unsupported protocol"}) ==
        Failure::tls);
}

TEST_CASE("the sentence names the endpoint and the reason", "[http]") {
  CHECK(describe({CURLE_COULDNT_CONNECT, false, false, ECONNREFUSED, "Failed to connect"},
                 "127.0.0.1:9") == "cannot connect to 127.0.0.1:9: Connection refused");
  CHECK_THAT(describe({CURLE_COULDNT_RESOLVE_HOST, false, false, 0, "x"}, "s3.invalid:443"),
             ContainsSubstring("cannot resolve \"s3.invalid\""));
  CHECK_THAT(describe({CURLE_PEER_FAILED_VERIFICATION, false, false, 0, "self-signed\n"}, "h:443"),
             ContainsSubstring("TLS with h:443 failed: self-signed; name the file with the "
                               "authority's certificate in the variable CURL_CA_BUNDLE"));
  CHECK_THAT(describe({CURLE_PEER_FAILED_VERIFICATION, false, false, 0, "no match"}, "h:443"),
             !ContainsSubstring("CURL_CA_BUNDLE"));
  CHECK(describe({}, "h:1").empty());
}

TEST_CASE("TLS with a port that does not speak it asks for the other scheme", "[http]") {
  for (const char* said : {"error:0A00010B:SSL routines::wrong version number",
                           "error:0A0000C6:SSL routines::packet length too long",
                           "error:0A000139:SSL routines::record layer failure",
                           "error:0A00009C:SSL routines::http request",
                           "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:80",
                           "OpenSSL SSL_connect: Connection reset by peer"}) {
    CAPTURE(said);
    CHECK_THAT(describe({CURLE_SSL_CONNECT_ERROR, false, false, 0, said}, "h:80"),
               ContainsSubstring(said) && ContainsSubstring(". Is it http://h:80?"));
  }
  CHECK_THAT(
      describe({CURLE_OPERATION_TIMEDOUT, false, false, 0, "SSL connection timeout"}, "h:80"),
      ContainsSubstring("timeout at h:80: SSL connection timeout. Is it http://h:80?"));
  CHECK_THAT(describe({CURLE_PEER_FAILED_VERIFICATION, false, false, 0, "self-signed"}, "h:443"),
             !ContainsSubstring("Is it"));
}

TEST_CASE("a proxy that cannot be reached is named, and where it was to lead", "[http]") {
  const std::string said = "cannot connect to the proxy 10.0.0.1:3128 on the way to s3.test:443: ";
  CHECK(describe({CURLE_COULDNT_CONNECT, false, false, ECONNREFUSED,
                  "Failed to connect to 10.0.0.1 port 3128 after 0 ms: Couldn't connect"},
                 "s3.test:443") == said + "Connection refused");
  CHECK(describe({CURLE_COULDNT_CONNECT, false, false, ECONNREFUSED,
                  "Failed to connect to s3.test port 3128 via 10.0.0.1 after 0 ms: Could not"},
                 "s3.test:443") == said + "Connection refused");
  CHECK(describe({CURLE_COULDNT_CONNECT, false, false, ECONNREFUSED,
                  "Failed to connect to ::1 port 443 after 0 ms: Couldn't connect"},
                 "[::1]:443") == "cannot connect to [::1]:443: Connection refused");
  CHECK_THAT(describe({CURLE_OPERATION_TIMEDOUT, false, false, 0,
                       "Failed to connect to s3.test port 443 after 10001 ms: Timeout was reached"},
                      "s3.test:443"),
             ContainsSubstring("cannot connect to s3.test:443: no answer in time; a firewall"));
  CHECK_THAT(describe({CURLE_OPERATION_TIMEDOUT, false, false, 0, "Operation timed out"}, "h:1"),
             ContainsSubstring("timeout at h:1"));
}

TEST_CASE("an endpoint is host and port", "[http]") {
  CHECK(endpoint_of("http://h/b?c") == "h:80");
  CHECK(endpoint_of("https://h") == "h:443");
  CHECK(endpoint_of("https://h:9000/b:1") == "h:9000");
  CHECK(endpoint_of("https://[::1]/b") == "[::1]:443");
  CHECK(endpoint_of("https://[::1]:8/b") == "[::1]:8");
  CHECK(endpoint_of("https://user:secret@h/b") == "h:443");
}
