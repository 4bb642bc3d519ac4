// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

#include "fs/lock_ranks.h"
#include "lease_object.h"
#include "lock_table.h"

namespace pailfs::fs {

/// The locks of one file: those of the programs of this mount, and the lease by which the mount
/// holds them against others.
///
/// A lease that is not renewed in time is lost: from the first question on that comes later than
/// Sightings::usable() after the last confirmed beat was sent, or once another mount has taken the
/// locks over, every operation on the file fails with EIO, until all its handles are closed
/// (detach()). Other mounts wait longer than that, so the error comes first.
///
/// Any thread may call any member. take() and give_back() wait for requests, and for each other;
/// renewals wait for neither, only for their requests.
class FileLease final {
 public:
  /// `key`: of the lease object; empty for a file that has no name any more, whose locks no other
  /// mount can see.
  FileLease(Leaseholder& holder, store::Key key, std::string file);

  /// Called when more is locked than before, while the lease is held and before the lock is
  /// granted: brings the content up to date. Its failure is that of the lock.
  using Acquired = std::function<Status()>;
  /// Called at last: false when the process does not wait for the lock any more (EINTR).
  using StillWanted = std::function<bool()>;
  /// Sets a lock of a program. EAGAIN: it is excluded by another one; a flock(2) that was to be
  /// converted is then gone, as on Linux. Waits for no holder.
  Status take(const Lock& lock, const Acquired& acquired, const StillWanted& still_wanted)
      EXCLUDES(turn_, mutex_);
  /// Takes locks out of the table. If the store cannot be told now, it is told later.
  Status give_back(const std::function<void(LockTable&)>& change) EXCLUDES(turn_, mutex_);
  /// A lock that excludes this one: of this mount, else of another, with pid 0.
  Result<std::optional<Lock>> find_conflict(const Lock& wanted) EXCLUDES(mutex_);

  /// EIO once the locks are lost.
  Status check() EXCLUDES(mutex_);
  [[nodiscard]] std::vector<Lock> locks() EXCLUDES(mutex_);
  [[nodiscard]] bool holds_any() EXCLUDES(mutex_);

  /// True when the store must be told something: the lease is due for renewal, or it is unknown
  /// what the store has. The caller then calls renew(), or end_renewal(); until then it is false
  /// for every other thread.
  [[nodiscard]] bool begin_renewal() EXCLUDES(mutex_);
  void end_renewal() EXCLUDES(mutex_);
  /// Renews the lease, if that is still due.
  void renew() EXCLUDES(mutex_);

  /// Counts the inodes whose open handles have locks here.
  void attach() EXCLUDES(mutex_);
  /// Waits for nothing. The last one takes all locks with it, of which the store is told later, and
  /// what was lost is forgotten.
  void detach() EXCLUDES(mutex_);
  /// Nothing would be missed without it: no locks, no users, nothing to tell the store.
  [[nodiscard]] bool is_idle() EXCLUDES(mutex_);
  [[nodiscard]] bool was_lost() EXCLUDES(mutex_);

 private:
  Status publish(const Claims& claims, bool takes) EXCLUDES(object_mutex_, mutex_);
  Status take_in_turn(const Lock& lock, const Acquired& acquired, const StillWanted& still_wanted)
      REQUIRES(turn_);
  void change_table(const std::function<void(LockTable&)>& change) REQUIRES(turn_);
  void renew_now() EXCLUDES(mutex_);
  [[nodiscard]] bool is_due(MonoTime now) REQUIRES(mutex_);
  void lose(const std::string& why) REQUIRES(mutex_);
  /// The entry of this mount is gone from the store.
  void lose_entry() REQUIRES(mutex_);
  [[nodiscard]] bool is_lost() REQUIRES(mutex_);

  Leaseholder& holder_;
  const bool in_store_;
  const std::string file_;
  Mutex turn_{lock_rank::kLockTurn};
  Mutex object_mutex_{lock_rank::kLeaseObject};
  LeaseObject object_ GUARDED_BY(object_mutex_);
  Mutex mutex_{lock_rank::kFileLocks};
  LockTable table_ GUARDED_BY(mutex_);
  // What the store is to tell of this mount: more than the table has while a lock is being taken.
  Claims claims_ GUARDED_BY(mutex_);
  MonoTime confirmed_ GUARDED_BY(mutex_){};  // when the last beat was sent that is confirmed
  MonoTime tried_ GUARDED_BY(mutex_){};
  bool unsure_ GUARDED_BY(mutex_) = false;  // the store may have something else
  bool renewing_ GUARDED_BY(mutex_) = false;
  bool lost_ GUARDED_BY(mutex_) = false;
  unsigned users_ GUARDED_BY(mutex_) = 0;
};

}  // namespace pailfs::fs
