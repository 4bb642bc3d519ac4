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

/// Credentials that change while we run: files that somebody replaces, keys that expire.
///
/// When they are fetched anew: kEarly before they expire; when the store refuses them; after
/// reload(); and, if they expire or were never accepted, when a watched file has changed (looked at
/// once a second). Keys that work and do not expire are not touched by what happens to the file:
/// drivers write the keys of one volume after the other into one file, and a mount keeps its own.
///
/// What replaces keys that have worked is on trial until accepted(): refused meanwhile, the old
/// ones are used again, and what was refused is not tried again for kUrgentPause. Keys are only
/// ever replaced by keys that could be had whole: a half-written file changes nothing and is looked
/// at again. Each failure is logged once, until another one or a success. After keys have expired
/// get() fails with ENOKEY until there are others.
///
/// One thread fetches, without a lock; those that need its answer wait for it, those whose keys
/// still work go on with these.
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
  /// Work and do not expire: no file makes us give them up.
  [[nodiscard]] bool held() const REQUIRES(mutex_);
  /// What lies where the keys came from, unless it was refused a moment ago.
  [[nodiscard]] bool has_offer() const REQUIRES(mutex_);
  /// True when a file is not what it was when it was last fetched. Lets go of the mutex meanwhile.
  bool changed() REQUIRES(mutex_);
  /// Fetches, or waits for who is fetching. Lets go of the mutex meanwhile.
  void renew() REQUIRES(mutex_);
  /// renew(), unless that costs too much now.
  void look_again() REQUIRES(mutex_);
  /// `told`: a person says that these are the keys now.
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
  std::string seen_ GUARDED_BY(mutex_);  ///< what told the files apart before the last good fetch
  std::optional<Credentials> current_ GUARDED_BY(mutex_);
  bool proven_ GUARDED_BY(mutex_) = false;  ///< current_ was accepted
  /// What worked before current_, which is on trial.
  std::optional<Credentials> fallback_ GUARDED_BY(mutex_);
  std::optional<Credentials> offer_ GUARDED_BY(mutex_);  ///< found while current_ was held
  std::optional<Credentials> refused_ GUARDED_BY(mutex_);
  MonoTime refused_at_ GUARDED_BY(mutex_){};
  Error failure_ GUARDED_BY(mutex_);  ///< what to say when there is nothing to hand out
  std::string warned_of_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::auth
