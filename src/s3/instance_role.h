// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "pailfs/s3/credentials.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "instance_metadata.h"

namespace pailfs::s3 {

/// Credentials of an EC2 instance role, kept until shortly before they expire. One thread asks for
/// new ones; those that need them wait for its answer, those whose old ones still work go on with
/// these. Old credentials stay until new ones could be read whole or they have expired; after that
/// get() fails with ENOKEY until the service answers again.
class InstanceRoleSource final : public CredentialSource {
 public:
  /// The first get() asks the service.
  InstanceRoleSource(InstanceMetadata metadata, const Clock& clock)
      : metadata_(std::move(metadata)), clock_(clock) {}

  Result<Credentials> get() override EXCLUDES(mutex_);
  bool refresh(const Credentials& used) override EXCLUDES(mutex_);

  /// This long before they expire, new ones are asked for.
  static constexpr std::chrono::minutes kEarly{5};
  /// Between two questions while the credentials at hand work, and when they do not.
  static constexpr std::chrono::seconds kCalmPause{60};
  static constexpr std::chrono::seconds kUrgentPause{1};

 private:
  [[nodiscard]] bool lasts(std::chrono::nanoseconds span) const REQUIRES(mutex_);
  [[nodiscard]] bool rested(std::chrono::nanoseconds pause) const REQUIRES(mutex_);
  /// Asks, or waits for who is asking. Lets go of the mutex meanwhile.
  void renew() REQUIRES(mutex_);

  const InstanceMetadata metadata_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar answered_;
  bool asking_ GUARDED_BY(mutex_) = false;
  unsigned answers_ GUARDED_BY(mutex_) = 0;
  std::optional<MonoTime> answered_at_ GUARDED_BY(mutex_);
  std::optional<RoleCredentials> current_ GUARDED_BY(mutex_);
  Error failure_ GUARDED_BY(mutex_);  ///< what to say when there is nothing to hand out
};

}  // namespace pailfs::s3
