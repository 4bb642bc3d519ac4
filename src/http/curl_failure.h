// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

#include "pailfs/http/transport.h"

namespace pailfs::http {

/// The outcome of curl_easy_perform.
struct CurlOutcome {
  CURLcode code = CURLE_OK;
  bool reused = false;         ///< the exchange ran on a connection that had served before
  bool reply_started = false;  ///< at least one byte of a reply arrived
  long os_errno = 0;           ///< CURLINFO_OS_ERRNO
  std::string text;            ///< CURLOPT_ERRORBUFFER
};

/// The one place where libcurl's codes get a meaning. Pure.
Failure classify(const CurlOutcome& outcome);

/// A sentence for the log, naming `endpoint` ("host:port"). Pure.
std::string describe(const CurlOutcome& outcome, std::string_view endpoint);

/// "host:port" of an absolute URL, the scheme's default port filled in.
std::string endpoint_of(std::string_view url);

}  // namespace pailfs::http
