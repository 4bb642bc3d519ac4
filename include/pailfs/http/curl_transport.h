// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "pailfs/http/transport.h"
#include "pailfs/util/result.h"

namespace pailfs::http {

/// How connections are made. Values come from the command line; see pailfs(1).
struct Config {
  std::chrono::seconds connect_timeout{10};
  bool verify_peer = true;
  bool verify_host = true;
  std::string
      ca_bundle;  ///< file of CA certificates; empty: the system's (CURL_CA_BUNDLE, AWS_CA_BUNDLE)
  std::string user_agent;         ///< empty: none is sent
  bool allow_plain_http = false;  ///< only when the user's own url is http://
  bool no_proxy = false;          ///< connect directly, whatever the environment says
  bool trace = false;             ///< curldbg: headers of every exchange to the log, secrets masked
  bool trace_body = false;        ///< curldbg=body
  std::size_t max_idle_connections = 64;
};

/// Transport over libcurl easy handles. Handles (and with them connections) are leased from a pool,
/// most recently used first, so that one thread uses one connection and a burst leaves only
/// `max_idle_connections` behind. Redirects are never followed, nothing is decoded, no Expect
/// header is sent for small bodies. Create it after the process has detached.
Result<std::unique_ptr<Transport>> make_curl_transport(const Config& config);

}  // namespace pailfs::http
