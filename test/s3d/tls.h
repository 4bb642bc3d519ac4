// SPDX-License-Identifier: Apache-2.0
/// Server-side TLS: a context from PEM files, and throw-away certificates for tests.
#pragma once
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace s3d {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

/// TLS 1.2 or newer; null with the reason when the files do not serve.
TlsContext make_tls_context(const std::string& certificate_file, const std::string& key_file,
                            std::string& reason);

struct SelfSigned {
  std::string ca_file;  ///< DIR/ca.crt, for the client's trust
  std::string certificate_file;
  std::string key_file;
};

/// Writes a fresh CA and a server certificate for localhost, 127.0.0.1, ::1 and each domain with
/// its sub-domains, valid for 30 days.
bool write_self_signed(const std::string& directory, const std::vector<std::string>& domains,
                       SelfSigned& files, std::string& reason);

}  // namespace s3d
