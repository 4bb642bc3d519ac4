// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/curl_transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "cli/options/options.h"
#include "late_keys.h"
#include "switchable_keys.h"

namespace pailfs::cli {

/// The keys that a mount signs with, and the connections by which they are renewed. One thread
/// calls find(), once and before the others.
class FoundKeys final {
 public:
  /// Searches for keys as `options` say. With -o bg a search in vain is no error where keys may
  /// come later: the source is then a LateKeys. `clock` must outlive this.
  Status find(const Options& options, const Clock& clock);

  /// Valid as long as this is. Any thread.
  [[nodiscard]] auth::CredentialSource& source() { return current_; }
  /// Set when no place had keys: names each place and why it had none. Nothing is signed then.
  [[nodiscard]] const std::optional<Error>& none() const { return none_; }

  /// Searches for keys as `config` says, and takes them when `probe`, which is given their source,
  /// succeeds; otherwise nothing changes. By one thread, beside others that use source().
  Status change(const auth::CredentialConfig& config, const Clock& clock,
                const std::function<Status(auth::CredentialSource&)>& probe);

  /// Asks for the bucket by `probe`; before that searches again where keys may come later than the
  /// mount. By one thread.
  Status look(const std::function<Status()>& probe) { return late_ ? late_->look(probe) : probe(); }

 private:
  std::unique_ptr<http::Transport> local_;
  std::unique_ptr<http::Transport> remote_;
  SwitchableKeys current_;  // its source asks through the transports
  std::optional<Error> none_;
  std::shared_ptr<LateKeys> late_;  // the source, when that is one
};

/// The connections to services that hand out keys. Their replies are keys, so bodies are never
/// traced, and plain http is never used.
http::Config key_service_http(http::Config config);

/// The connections to such services on this machine's own link: by plain http, independent of the
/// bucket's url, and without a proxy.
http::Config local_key_service_http(http::Config config);

}  // namespace pailfs::cli
