// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::auth {

/// Obtains credentials once, from the beginning. Called by one thread at a time.
using Fetch = std::function<Result<Credentials>()>;

/// Credentials that change while we run: files that are replaced, keys that expire.
///
/// They are fetched anew kEarly before they expire, when the store refuses them, after reload(),
/// and, if they expire or were never accepted, when a watched file has changed (looked at once a
/// second). Keys that work and do not expire stay when the file changes: drivers write the keys of
/// one volume after the other into one file, and each mount must keep its own.
///
/// Keys that replace working ones are on trial until accepted(). If the store refuses them before
/// that, the old ones are used again, and the refused ones are not tried again for kUrgentPause.
/// Only keys that were read completely replace others: a half-written file changes nothing and is
/// looked at again. Each failure is logged once, until another one or a success. After keys have
/// expired get() fails with ENOKEY until there are others.
///
/// One thread fetches, without a lock. Threads that need new keys wait for it; threads whose keys
/// still work go on with them.
class RenewingSource final : public CredentialSource {
 public:
  struct Origin {
    Fetch fetch;
    std::vector<std::string> files = {};  ///< a change of one of them may call for a fetch
    bool costly = false;                  ///< a service or program: not asked twice in a second
  };

  /// The first get() fetches.
  RenewingSource(Origin origin, const Clock& clock) : origin_(std::move(origin)), clock_(clock) {}

  Result<Credentials> get() override EXCLUDES(mutex_);
  bool refresh(const Credentials& used) override EXCLUDES(mutex_);
  bool has_others(const Credentials& used) override EXCLUDES(mutex_);
  void accepted(const Credentials& used) override EXCLUDES(mutex_);
  void reload() override { reload_ = true; }

  /// This long before they expire, new ones are asked for.
  static constexpr std::chrono::minutes kEarly{5};
  /// Between two questions while the credentials at hand work, and when they do not.
  static constexpr std::chrono::seconds kCalmPause{60};
  static constexpr std::chrono::seconds kUrgentPause{1};
  /// Between two looks at the files.
  static constexpr std::chrono::seconds kLookPause{1};

 private:
  [[nodiscard]] bool lasts(std::chrono::nanoseconds span) const REQUIRES(mutex_);
  [[nodiscard]] bool rested(std::chrono::nanoseconds pause) const REQUIRES(mutex_);
  [[nodiscard]] bool is_current(const Credentials& keys) const REQUIRES(mutex_);
  /// True for keys that work and do not expire: no change of a file replaces them.
  [[nodiscard]] bool held() const REQUIRES(mutex_);
  /// True if the keys' source had other keys at the last fetch that were not refused a moment ago.
  [[nodiscard]] bool has_offer() const REQUIRES(mutex_);
  /// True when a file has changed since the last fetch. Releases the mutex while it looks.
  bool changed() REQUIRES(mutex_);
  /// Fetches, or waits for the thread that is fetching. Releases the mutex meanwhile.
  void renew() REQUIRES(mutex_);
  /// renew(), unless a costly source was asked less than kUrgentPause ago.
  void look_again() REQUIRES(mutex_);
  /// `told`: after reload(), so these keys replace working ones too.
  void take(Credentials fetched, bool told) REQUIRES(mutex_);
  void put_on_trial(Credentials keys) REQUIRES(mutex_);
  bool fall_back() REQUIRES(mutex_);
  void complain(const Error& error) REQUIRES(mutex_);

  const Origin origin_;
  const Clock& clock_;
  std::atomic<bool> reload_ = false;
  Mutex mutex_;
  CondVar answered_;
  bool asking_ GUARDED_BY(mutex_) = false;
  unsigned answers_ GUARDED_BY(mutex_) = 0;
  std::optional<MonoTime> answered_at_ GUARDED_BY(mutex_);
  std::optional<MonoTime> looked_at_ GUARDED_BY(mutex_);
  std::string seen_ GUARDED_BY(mutex_);  ///< stamp_of() the files before the last good fetch
  std::optional<Credentials> current_ GUARDED_BY(mutex_);
  bool proven_ GUARDED_BY(mutex_) = false;  ///< current_ was accepted
  /// The working keys before current_, which is on trial.
  std::optional<Credentials> fallback_ GUARDED_BY(mutex_);
  std::optional<Credentials> offer_ GUARDED_BY(mutex_);  ///< found while current_ was held
  std::optional<Credentials> refused_ GUARDED_BY(mutex_);
  MonoTime refused_at_ GUARDED_BY(mutex_){};
  Error failure_ GUARDED_BY(mutex_);  ///< the error of get() when there are no keys
  std::string warned_of_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::auth
