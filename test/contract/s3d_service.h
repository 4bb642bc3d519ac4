// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service.h"

namespace pailfs::test {

/// The project's own S3 server, running in this process on ports that the kernel chose.
class S3dService final {
 public:
  enum class Scheme { http, https };
  /// Ends the program with a message when it cannot start.
  explicit S3dService(Scheme scheme = Scheme::http, const std::vector<std::string>& rules = {});
  ~S3dService();
  S3dService(const S3dService&) = delete;
  S3dService& operator=(const S3dService&) = delete;

  [[nodiscard]] const Service& service() const;
  /// Adds faults, one a line, in the server's own language (see faults.h there); false: not a
  /// fault.
  bool add_faults(const std::string& text);
  void clear_faults();
  /// How often any fault has fired since the last clear_faults().
  [[nodiscard]] std::uint64_t faults_fired() const;
  [[nodiscard]] std::uint64_t requests() const;
  [[nodiscard]] std::uint64_t connections() const;
  void reset_counters();
  /// A bearer token that is good for an hour.
  [[nodiscard]] std::string give_bearer();
  /// The last requests that changed, or asked about, this key, one a line.
  [[nodiscard]] std::string history_of(const std::string& key) const;
  /// From now on only this key pair is good, and only with this token.
  void demand_token(const std::string& access_key, const std::string& secret_key,
                    const std::string& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pailfs::test
