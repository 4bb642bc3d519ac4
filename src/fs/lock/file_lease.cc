// SPDX-License-Identifier: Apache-2.0
#include "file_lease.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// Ranges that one mount may have locked in one file.
constexpr std::size_t kMostClaims = 2'000;
/// A lease is renewed this many times in its time, if the store answers.
constexpr int kBeats = 3;
/// An attempt that has failed is repeated after this part of it.
constexpr int kRetries = 12;

Error lost(const std::string& file) {
  return {EIO, printable(file) + ": its locks are lost; close it to go on"};
}

}  // namespace

FileLease::FileLease(Leaseholder& holder, store::Key key, std::string file)
    : holder_(holder),
      in_store_(!key.empty()),
      file_(file),
      object_(holder, std::move(key), std::move(file)) {}

bool FileLease::is_lost() {
  if (lost_) return true;
  if (!in_store_ || claims_.empty()) return false;
  if (holder_.clock.since_boot() - confirmed_ < Sightings::usable(holder_.time)) return false;
  lose("the store has not confirmed them in time");
  return true;
}

void FileLease::lose(const std::string& why) {
  if (std::exchange(lost_, true)) return;
  // What is left of the entry goes as soon as the store can be told.
  claims_.clear();
  unsure_ = true;
  log_critical("locks of " + printable(file_) + " are lost: " + why +
               "; until it is closed everything fails with EIO");
}

void FileLease::lose_entry() {
  // Others take locks over when they have waited longer, so this was none of them.
  const bool too_soon = holder_.clock.since_boot() - confirmed_ < Sightings::usable(holder_.time);
  lose(too_soon ? "the store does not have what it has confirmed: their object was removed, or the "
                  "service is not consistent"
                : "another mount has taken them over");
}

Status FileLease::publish(const Claims& claims, bool takes) {
  MutexLock changing(object_mutex_);
  bool held = false;
  {
    MutexLock lock(mutex_);
    if (is_lost() && !claims.empty()) return lost(file_);
    held = !claims_.empty() && !lost_;
    tried_ = holder_.clock.since_boot();
    // Whatever becomes of the attempt: what was given back is not renewed.
    if (!takes) claims_ = claims;
  }
  const auto sent = in_store_ ? object_.publish(claims, {.takes = takes, .held = held})
                              : Result<MonoTime>(holder_.clock.since_boot());
  MutexLock lock(mutex_);
  if (sent) {
    if (!lost_ || claims.empty()) unsure_ = false;
    if (lost_) return claims.empty() ? Status() : Status(lost(file_));
    claims_ = claims;
    if (!claims.empty()) confirmed_ = *sent;
    return {};
  }
  if (sent.error().err == ESTALE) {
    lose_entry();
    return lost(file_);
  }
  if (sent.error().err != EAGAIN || sent.error().in_doubt || !takes) unsure_ = true;
  return sent.error();
}

Status FileLease::take(const Lock& lock, const Acquired& acquired,
                       const StillWanted& still_wanted) {
  MutexLock turn(turn_);
  Status taken = take_in_turn(lock, acquired, still_wanted);
  if (!taken && taken.error().err == EAGAIN && lock.kind == LockKind::whole) {
    change_table([&](LockTable& table) { table.clear(lock); });
  }
  return taken;
}

Status FileLease::take_in_turn(const Lock& lock, const Acquired& acquired,
                               const StillWanted& still_wanted) {
  LockTable next;
  Claims before;
  {
    MutexLock reading(mutex_);
    if (is_lost()) return lost(file_);
    if (table_.conflict(lock) != nullptr) return Error{EAGAIN, printable(file_) + ": locked"};
    next = table_;
    before = table_.claims();
  }
  next.set(lock);
  const Claims claims = next.claims();
  if (claims.size() > kMostClaims) return Error{ENOLCK, printable(file_) + ": too many locks"};
  const bool more = !covers(before, claims);
  if (claims != before) {
    const Status published = publish(claims, more);
    if (!published && (more || published.error().err == EIO)) return published;
  }
  Status done = more && acquired ? acquired() : Status();
  if (done && still_wanted && !still_wanted()) done = Error{EINTR, "not wanted any more"};
  if (!done && claims != before) static_cast<void>(publish(before, false));
  if (!done) return done;
  MutexLock writing(mutex_);
  if (is_lost()) return lost(file_);
  table_ = std::move(next);
  return {};
}

void FileLease::change_table(const std::function<void(LockTable&)>& change) {
  Claims claims;
  bool differs = false;
  {
    MutexLock lock(mutex_);
    change(table_);
    claims = table_.claims();
    differs = claims != claims_ && !lost_;
  }
  if (!differs) return;
  const Status told = publish(claims, false);
  if (told) return;
  log_warning("locks of " + printable(file_) +
              " are given back, which the store could not be told yet: " + told.error().text);
}

Status FileLease::give_back(const std::function<void(LockTable&)>& change) {
  MutexLock turn(turn_);
  const Status held = check();
  change_table(change);
  return held;
}

Result<std::optional<Lock>> FileLease::find_conflict(const Lock& wanted) {
  using Found = std::optional<Lock>;
  {
    MutexLock lock(mutex_);
    if (is_lost()) return lost(file_);
    if (const Lock* other = table_.conflict(wanted)) return Found(*other);
  }
  if (!in_store_) return Found();
  MutexLock changing(object_mutex_);
  const auto claim = object_.look({{wanted.kind, wanted.type, wanted.range}});
  if (!claim) return claim.error();
  const auto& other = *claim;
  return other ? Found(Lock{other->kind, other->type, other->range, 0, 0, 0}) : Found();
}

Status FileLease::check() {
  MutexLock lock(mutex_);
  return is_lost() ? Status(lost(file_)) : Status();
}

std::vector<Lock> FileLease::locks() {
  MutexLock lock(mutex_);
  return table_.locks();
}

bool FileLease::holds_any() {
  MutexLock lock(mutex_);
  return !claims_.empty();
}

bool FileLease::is_due(MonoTime now) {
  return unsure_ || (!claims_.empty() && now - confirmed_ >= holder_.time / kBeats);
}

bool FileLease::begin_renewal() {
  MutexLock lock(mutex_);
  const MonoTime now = holder_.clock.since_boot();
  const bool tried = tried_ != MonoTime{} && now - tried_ < holder_.time / kRetries;
  if (!in_store_ || renewing_ || tried || !is_due(now)) return false;
  renewing_ = true;
  return true;
}

void FileLease::end_renewal() {
  MutexLock lock(mutex_);
  renewing_ = false;
}

void FileLease::renew() {
  renew_now();
  end_renewal();
}

void FileLease::renew_now() {
  MutexLock changing(object_mutex_);
  Claims claims;
  {
    MutexLock lock(mutex_);
    tried_ = holder_.clock.since_boot();
    if (!in_store_ || !is_due(tried_)) return;
    claims = claims_;
  }
  const auto sent = object_.publish(claims, {.takes = false, .held = !claims.empty()});
  MutexLock lock(mutex_);
  if (!sent && sent.error().err == ESTALE) return lose_entry();
  if (!sent) {
    unsure_ = true;
    log_warning("locks of " + printable(file_) + " are not renewed yet: " + sent.error().text);
    return;
  }
  // Lost meanwhile: then the entry that was just written has to go.
  unsure_ = claims != claims_;
  if (!claims.empty() && !lost_) confirmed_ = *sent;
}

void FileLease::attach() {
  MutexLock lock(mutex_);
  ++users_;
}

void FileLease::detach() {
  MutexLock lock(mutex_);
  if (--users_ > 0) return;
  unsure_ = unsure_ || (in_store_ && !claims_.empty());
  claims_.clear();
  table_ = LockTable();
  lost_ = false;
}

bool FileLease::is_idle() {
  MutexLock lock(mutex_);
  return users_ == 0 && !unsure_ && claims_.empty() && table_.empty();
}

bool FileLease::was_lost() {
  MutexLock lock(mutex_);
  return lost_;
}

}  // namespace pailfs::fs
