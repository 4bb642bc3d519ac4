// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "pailfs/http/transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::http {

/// Most that a mount takes of a network and a service that others use too. 0: no limit.
struct Rates {
  std::uint64_t bytes_per_second = 0;  ///< of bodies, in each direction
  std::uint64_t requests_per_second = 0;
  [[nodiscard]] bool limits() const { return bytes_per_second > 0 || requests_per_second > 0; }
};

/// The order in which work at one rate begins: each piece when those before it are paid for. After
/// idleness, work worth `credit` begins at once. Not thread-safe.
class Turns final {
 public:
  explicit Turns(std::chrono::nanoseconds credit) : credit_(credit) {}
  /// The moment from which work of this cost may begin, asked for at `now`; it is paid for.
  MonoTime take(MonoTime now, std::chrono::nanoseconds cost);
  /// More or less, once the true cost is known.
  void correct(std::chrono::nanoseconds cost) { free_ += cost; }

 private:
  std::chrono::nanoseconds credit_;
  MonoTime free_{};
};

/// Holds requests back so that the rates are kept on the average of some seconds. A request with a
/// body waits before it begins, never in the middle, so that no service takes it for stalled; one
/// with hardly any body waits for no others' bodies. Any thread.
class RateLimiter final : public Transport {
 public:
  /// Both must outlive this.
  RateLimiter(Transport& transport, Clock& clock, const Rates& rates);
  Exchange perform(const Request& request, ByteSource* body, BodySink* sink) override
      EXCLUDES(mutex_);

  [[nodiscard]] Rates rates() const EXCLUDES(mutex_);
  /// For requests that begin from now on.
  void set_rates(const Rates& rates) EXCLUDES(mutex_);

 private:
  [[nodiscard]] std::chrono::nanoseconds cost_of(std::uint64_t bytes) const REQUIRES(mutex_);
  /// How long a request with bodies of so many bytes has to wait.
  std::chrono::nanoseconds wait_for(std::uint64_t up, std::uint64_t down) EXCLUDES(mutex_);

  Transport& transport_;
  Clock& clock_;
  mutable Mutex mutex_;
  Rates rates_ GUARDED_BY(mutex_);
  Turns requests_ GUARDED_BY(mutex_);
  Turns up_ GUARDED_BY(mutex_);
  Turns down_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::http
