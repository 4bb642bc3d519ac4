// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "pailfs/http/traffic.h"
#include "pailfs/http/transport.h"
#include "pailfs/util/result.h"

namespace pailfs::http {

/// The certificate that we show to a service that asks for one (mutual TLS).
struct ClientCertificate {
  std::string certificate;       ///< file, or what an engine calls it; empty: none
  std::string type = "PEM";      ///< PEM, DER, P12, ENG or PROV, as libcurl knows them
  std::string key;               ///< file; empty: in the certificate's
  std::string key_type = "PEM";  ///< PEM, DER, ENG or PROV
  std::string password;          ///< of the key
};

enum class AddressFamily { any, ipv4, ipv6 };

/// How connections are made. Values come from the command line; see pailfs(1).
struct Config {
  std::chrono::seconds connect_timeout{10};
  bool verify_peer = true;
  bool verify_host = true;
  /// File of CA certificates; empty: that of CURL_CA_BUNDLE, AWS_CA_BUNDLE or SSL_CERT_FILE, else
  /// the system's.
  std::string ca_bundle;
  std::string user_agent;         ///< empty: none is sent
  bool allow_plain_http = false;  ///< only when the user's own url is http://
  bool no_proxy = false;  ///< connect directly, even if `proxy` or the environment names a proxy
  /// scheme://host:port; empty: as http_proxy and https_proxy say. no_proxy counts for both.
  std::string proxy;
  std::string proxy_credentials;  ///< "user:password", encoded as in a URL; a secret
  ClientCertificate client_certificate;
  std::string cipher_suites;  ///< for TLS 1.2, in OpenSSL's words; empty: the library's choice
  AddressFamily family = AddressFamily::any;
  bool shares_dns_cache = true;  ///< false: every connection asks for the address anew
  bool shares_tls_sessions = true;
  bool trace = false;       ///< curldbg: headers of every exchange to the log, secrets masked
  bool trace_body = false;  ///< curldbg=body
  std::size_t max_idle_connections = 64;
  Traffic* traffic = nullptr;  ///< counted in, and obeyed; outlives the transport
};

/// Transport over libcurl easy handles. Handles (and with them connections) are leased from a pool,
/// most recently used first, so that one thread uses one connection and a burst leaves only
/// `max_idle_connections` behind. Redirects are never followed, nothing is decoded, no Expect
/// header is ever sent: some proxies never answer it. Create it after the process has detached.
Result<std::unique_ptr<Transport>> make_curl_transport(const Config& config);

}  // namespace pailfs::http
