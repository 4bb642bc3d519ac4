// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "pailfs/fs/file_system.h"
#include "pailfs/http/curl_transport.h"
#include "pailfs/process/ending.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/waking_clock.h"

#include "cli/options/options.h"
#include "found_keys.h"
#include "refusal.h"

namespace pailfs::cli {

/// Everything between the options and the bucket: clock, keys, connections, client. One thread
/// opens it and reaches the bucket; what it gives out may then be used by any thread, as long as
/// this lives.
class Service final {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Looks for keys and makes the client; the bucket is not asked yet. To be called first, once.
  /// `options` must outlive this.
  std::optional<Refusal> open(const Options& options);
  /// Asks for the bucket, see reach_bucket(), and says what the user should know.
  std::optional<Refusal> reach(const Options& options);
  /// Asks for the bucket once more, after a search for keys where they may come later than the
  /// mount.
  Status probe(const Options& options);
  /// Says what the service's replies made the client do otherwise than asked for, unless the log is
  /// the terminal and has said so.
  void tell_notices(const Options& options) const;

  /// What process::Ending watches, and ends: requests, and pauses between them. Before open() too.
  process::Ending::Store for_ending();
  /// The mount ends and gives the service up.
  [[nodiscard]] bool given_up() const { return traffic_.ended(); }

  [[nodiscard]] http::Transport& transport() { return *transport_; }
  [[nodiscard]] s3::Client& client() { return *client_; }
  [[nodiscard]] const FoundKeys& keys() const { return keys_; }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] Random& random() { return random_; }
  /// What the bucket said when it was reached; nothing before.
  [[nodiscard]] const fs::FirstPage& first_page() const { return first_; }

 private:
  http::Traffic traffic_;
  WakingClock clock_;
  SystemRandom random_;
  FoundKeys keys_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<s3::Client> client_;
  fs::FirstPage first_;
};

}  // namespace pailfs::cli
