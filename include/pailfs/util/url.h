// SPDX-License-Identifier: Apache-2.0
// Addresses of services: a scheme, a host and a port, no path. Pure.
#pragma once

#include <string>

#include "pailfs/util/result.h"

namespace pailfs {

struct Url {
  std::string scheme;                      ///< "http" or "https"
  std::string host;                        ///< name or address, IPv6 with its brackets
  std::string port;                        ///< as written, empty for the scheme's own
  [[nodiscard]] std::string text() const;  ///< scheme://host[:port]
};

/// Takes the same texts as normalise_url(); the error names the fault.
Result<Url> parse_url(const std::string& text);

/// "localhost", 127.0.0.0/8 and ::1: requests there do not leave this machine.
bool is_loopback(const Url& url);

/// Reads a service URL once, with one parser: scheme http or https, host, optional port, nothing
/// else. A missing scheme becomes https (http for loopback and bare addresses). The error names the
/// fault.
Result<std::string> normalise_url(const std::string& url);

}  // namespace pailfs
