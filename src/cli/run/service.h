// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "pailfs/fs/file_system.h"
#include "pailfs/http/curl_transport.h"
#include "pailfs/http/rate_limiter.h"
#include "pailfs/process/ending.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/waking_clock.h"

#include "cli/options/options.h"
#include "found_keys.h"
#include "start_failure.h"

namespace pailfs::cli {

/// Everything between the options and the bucket: clock, keys, connections, client. One thread
/// opens it and reaches the bucket; any thread may then use the parts that it gives out, as long as
/// this lives.
class Service final {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() = default;

  /// Looks for keys and makes the client; the bucket is not asked yet. To be called first, once.
  /// `options` must outlive this.
  std::optional<StartFailure> open(const Options& options);
  /// Asks for the bucket, see reach_bucket(), and prints remarks for the user.
  std::optional<StartFailure> reach(const Options& options);
  /// Asks for the bucket once more; with LateKeys after another search for keys.
  Status probe(const Options& options);
  /// Takes keys as `config` says from now on, when the bucket answers a request that is signed with
  /// them. By one thread.
  Status change_keys(const Options& options, const auth::CredentialConfig& config);
  /// Prints the settings that the service's replies have corrected (s3::Client::notices), unless
  /// the log is the terminal and has shown them.
  void tell_notices(const Options& options) const;

  /// The view for process::Ending of the requests and the pauses between them, which it watches and
  /// ends. May be called before open().
  process::Ending::Store for_ending();
  /// True when the mount ends and has given the service up.
  [[nodiscard]] bool given_up() const { return traffic_.ended(); }

  [[nodiscard]] const http::Traffic& traffic() const { return traffic_; }
  [[nodiscard]] http::RateLimiter& transport() { return *transport_; }
  [[nodiscard]] s3::Client& client() { return *client_; }
  [[nodiscard]] FoundKeys& keys() { return keys_; }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] Random& random() { return random_; }
  /// The first page that reach() brought; empty before.
  [[nodiscard]] const fs::FirstPage& first_page() const { return first_; }

 private:
  http::Traffic traffic_;
  WakingClock clock_;
  SystemRandom random_;
  FoundKeys keys_;
  std::unique_ptr<http::Transport> connections_;
  std::unique_ptr<http::RateLimiter> transport_;  ///< those, at the rates of the options
  std::unique_ptr<s3::Client> client_;
  fs::FirstPage first_;
};

}  // namespace pailfs::cli
