// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "lease_document.h"

namespace pailfs::fs {

/// The mount as the holder of leases: what all its lease objects share. Any thread.
struct Leaseholder {
  store::ObjectStore& store;  ///< the service itself: a journal would acknowledge too early
  Clock& clock;
  Random& random;
  std::string mount;                       ///< see LeaseEntry
  std::chrono::milliseconds time{30'000};  ///< of a lease
  std::atomic<std::uint64_t> last_beat = 0;
};

/// The object that tells which mounts hold locks on one file. Every change of it is a
/// compare-and-swap: a PUT or DELETE on the condition that the object is the version that was read,
/// or that there is none. So two mounts cannot take the same lock; a request that arrives late,
/// after its reply was given up, finds another version and changes nothing; and if it does arrive,
/// its entry is one that no mount renews.
///
/// Not thread-safe: its owner serialises the calls, which wait for requests.
class LeaseObject final {
 public:
  /// `file`: its path, for people who look at the object.
  LeaseObject(Leaseholder& holder, store::Key key, std::string file)
      : holder_(holder), key_(std::move(key)), file_(std::move(file)) {}

  struct Aim {
    bool takes = false;  ///< the claims hold more than before: other mounts' may exclude them
    bool held = false;   ///< this mount has an entry, as far as it knows
  };
  /// Makes the claims those of this mount, none of them removes its entry, and returns the moment
  /// before the request that did it: the lease counts from there.
  ///
  /// EAGAIN: another mount's locks exclude them, or too many mounts change the object at once; in
  /// doubt if there is an entry of this mount all the same.
  /// ESTALE: the entry that was held is gone, another mount has taken the locks over. ENOLCK: the
  /// service has turned out not to obey conditions. After any other error it is unknown what the
  /// store has; the next call finds out.
  Result<MonoTime> publish(const Claims& claims, Aim aim);
  /// The first claim of another mount that excludes these.
  Result<std::optional<Claim>> look(const Claims& wanted);
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool remembers() const { return !sightings_.empty(); }

 private:
  /// The object as it is, as far as is known.
  struct Known {
    store::ETag version;  ///< empty: there is none
    LeaseDocument document;
  };
  Status read();
  Result<std::optional<MonoTime>> attempt(const Claims& claims, Aim aim, bool just_read);
  /// The result: when it was sent, or nothing if the object was another version.
  Result<std::optional<MonoTime>> write(LeaseDocument next);
  void pause(unsigned round);

  Leaseholder& holder_;
  const store::Key key_;
  const std::string file_;
  std::optional<Known> known_ = Known{};  // mostly there is no object before the first lock
  Sightings sightings_;
};

}  // namespace pailfs::fs
