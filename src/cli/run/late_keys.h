// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

#include "switchable_keys.h"

namespace pailfs::cli {

/// A search for keys that failed so may find some later: a file is not there yet, or no place has
/// any. Waiting does not mend other errors.
bool keys_may_come(const Error& error);

/// Whether a probe without keys failed because it had none, and not because the service cannot be
/// reached.
bool is_about_keys(const Error& probe);

/// For -o bg: credentials that may be there later than the mount. Until then get() fails at once
/// with the reason; look() searches, on the thread that waits for the bucket. Any thread may call
/// the others.
class LateKeys final : public SwitchableKeys {
 public:
  using Search = std::function<Result<auth::FoundCredentials>()>;

  /// `why` there are none yet.
  LateKeys(Search search, Error why) : search_(std::move(search)), why_(std::move(why)) {}

  /// Searches if there are no keys yet, then asks for the bucket by `probe`. Without keys the
  /// bucket may still be public; if it is not, the search counts as failed. By one thread.
  Status look(const std::function<Status()>& probe) EXCLUDES(mutex_);

  Result<auth::Credentials> get() override EXCLUDES(mutex_);

 private:
  const Search search_;
  std::optional<Error> none_;  ///< of the last search; only look() touches it
  Mutex mutex_;
  Error why_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cli
