// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/s3/encryption.h"
#include "pailfs/store/object_store.h"

namespace pailfs::test {

/// What a client of the same service may be given instead of the right thing.
struct ClientChange {
  std::optional<std::string> bucket = std::nullopt;
  std::optional<std::string> access_key = std::nullopt;
  std::optional<std::string> secret_key = std::nullopt;
  std::optional<std::string> session_token = std::nullopt;
  bool sigv2 = false;
  s3::Encryption encryption = {};
};

/// A place where the ObjectStore contract has to hold: an implementation and, behind it, a service.
/// Keys of a test begin with prefix(), which is its own; whatever is left under it, also unfinished
/// uploads, is removed when the bench goes.
class Bench {
 public:
  explicit Bench(std::string name, std::string prefix);
  virtual ~Bench() = default;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  virtual store::ObjectStore& store() = 0;
  /// Another client of the same service; null where there are no clients (the fake).
  virtual store::ObjectStore* changed(const ClientChange& change) = 0;
  /// A session token the service takes together with its own key and secret; none: not known.
  struct Session {
    std::string access_key;
    std::string secret_key;
    std::string token;
  };
  virtual std::optional<Session> session() { return std::nullopt; }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::string key(std::string_view rest) const { return prefix_ + std::string(rest); }
  /// Why this service is known not to keep a rule (see exceptions.cc); nothing: it must.
  [[nodiscard]] virtual std::optional<std::string> exempt(std::string_view rule) const;

 protected:
  void clean();

 private:
  std::string name_;
  std::string prefix_;
};

/// The fake, the project's own server in every style, and each server of PAILFS_TEST_S3_SERVERS.
const std::vector<std::string>& bench_names();
/// Of them those with a client and a service behind it. What is about buckets, credentials and keys
/// of encryption has a meaning for no others.
const std::vector<std::string>& client_bench_names();
/// Starts or connects to it; ends the test program with a message when that is not possible.
std::unique_ptr<Bench> open_bench(const std::string& name);

/// A prefix that no other test uses.
std::string unique_prefix();

/// Reason why `server` (the name it was given) does not keep `rule`.
std::optional<std::string> known_exception(std::string_view server, std::string_view rule);

}  // namespace pailfs::test
