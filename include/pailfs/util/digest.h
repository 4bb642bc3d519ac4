// SPDX-License-Identifier: Apache-2.0
// Hashes over OpenSSL, as raw bytes (use hex() or base64() to show them).
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace pailfs {

enum class Digest { md5, sha1, sha256 };

/// Empty where policy forbids the algorithm (MD5 under FIPS): a server then refuses the digest, and
/// never takes it for a right one. Any thread.
std::string digest(Digest kind, std::string_view bytes);
std::string hmac(Digest kind, std::string_view key, std::string_view bytes);

/// A hash of bytes that come piece by piece. One thread at a time.
class RunningDigest final {
 public:
  explicit RunningDigest(Digest kind);
  /// False where policy forbids the algorithm.
  [[nodiscard]] bool ok() const { return context_ != nullptr; }
  void add(std::string_view bytes);
  /// The hash of everything added; nothing can be added afterwards.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace pailfs
