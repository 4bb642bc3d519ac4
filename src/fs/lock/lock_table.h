// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "pailfs/fs/lock.h"

namespace pailfs::fs {

/// What a mount holds of a file, whichever of its programs has it: what other mounts need to know.
struct Claim {
  LockKind kind = LockKind::record;
  LockType type = LockType::exclusive;
  LockRange range;
  friend bool operator==(const Claim&, const Claim&) = default;
};
/// In order, without overlaps within a kind and type.
using Claims = std::vector<Claim>;

/// Two locks of the same kind of which at most one may be held at a time.
[[nodiscard]] bool excludes(const Claim& one, const Claim& other);
/// Whether each byte of `wanted` is held by `held` at least as strongly.
[[nodiscard]] bool covers(const Claims& held, const Claims& wanted);

/// The locks that the programs of one mount hold on one file, by the rules of POSIX and flock(2):
/// locks of one owner replace each other byte by byte, are split and joined; those of two owners
/// exclude each other where they meet, unless both are shared. A value. Pure.
class LockTable final {
 public:
  /// The lock of another owner that keeps this one from being set; null: none. The pointer is good
  /// until the next change.
  [[nodiscard]] const Lock* conflict(const Lock& wanted) const;
  /// Sets a lock, which takes the place of what its owner has there. The caller has made sure that
  /// there is no conflict.
  void set(const Lock& lock);
  /// Removes what its owner has of that kind in that range; type and pid mean nothing.
  void clear(const Lock& lock);
  /// Removes the record locks of an owner that closes a descriptor of the file.
  void clear_owner(std::uint64_t owner);
  /// Removes all locks that were set through a handle, which is released.
  void clear_handle(std::uint64_t handle);

  [[nodiscard]] bool empty() const { return locks_.empty(); }
  [[nodiscard]] const std::vector<Lock>& locks() const { return locks_; }
  /// What all owners together have.
  [[nodiscard]] Claims claims() const;

 private:
  std::vector<Lock> locks_;  // by kind, owner and range
};

}  // namespace pailfs::fs
