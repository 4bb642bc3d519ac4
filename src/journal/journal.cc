// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <unistd.h>

#include <algorithm>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::journal {
namespace {

/// After this long without progress the end of a mount leaves the rest to the next mount.
constexpr std::chrono::seconds kStandstill{60};
constexpr std::chrono::milliseconds kLook{200};

}  // namespace

Journal::Journal(const Config& config, store::ObjectStore& store, Clock& clock, Directory directory,
                 const Log::Sizes& sizes)
    : NamedVersions(store),
      JournalStore(names),
      config_(config),
      clock_(clock),
      directory_(std::move(directory)),
      sizes_(sizes),
      sender_(names),
      pending_(config.hold),
      acknowledges_(config.acknowledges),
      workers_(config.workers, clock,
               {.turn =
                    [this] {
                      MutexLock lock(mutex_);
                      return turn_locked(false);
                    },
                .next_due =
                    [this] {
                      MutexLock lock(mutex_);
                      return next_due();
                    }}) {}

Journal::~Journal() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    settled_.notify_all();
  }
  workers_.stop();
  if (log_) clean();
  MutexLock lock(mutex_);
  const auto& entries = pending_.entries();
  if (entries.empty()) return;
  log_warning(left_behind());
}

Status Journal::claim(const std::vector<store::Key>& keys) {
  MutexLock lock(mutex_);
  const Status free = wait_until(
      [&]() NO_THREAD_SAFETY_ANALYSIS {
        return std::none_of(keys.begin(), keys.end(),
                            [&](const store::Key& key)
                                NO_THREAD_SAFETY_ANALYSIS { return claimed_.contains(key); });
      },
      "another change of the same name");
  if (!free) return free;
  claimed_.insert(keys.begin(), keys.end());
  return {};
}

void Journal::unclaim(const std::vector<store::Key>& keys) {
  MutexLock lock(mutex_);
  for (const store::Key& key : keys) claimed_.erase(key);
  settled_.notify_all();
}

Status Journal::wait_until(const std::function<bool()>& done, const char* what) {
  const MonoTime end = clock_.now() + config_.patience;
  while (!done()) {
    if (clock_.now() >= end || config_.given_up()) {
      return Error{ETIMEDOUT, std::string("waited too long for ") + what +
                                  (last_trouble_.empty() ? "" : "; the store: " + last_trouble_)};
    }
    settled_.wait_for(mutex_, kLook);
  }
  return {};
}

bool Journal::acknowledges() {
  MutexLock lock(mutex_);
  return acknowledges_;
}

void Journal::give_up_acknowledging(const Error& why) {
  if (acknowledges_) {
    log_critical("the journal cannot be written any more: " + why.text +
                 "; from now on every change waits for the store");
  }
  acknowledges_ = false;
}

/// True when batching must stop: a thread waits, or the journal is half full.
bool Journal::under_pressure() {
  return in_a_hurry_ > 0 || pending_.bytes() > config_.most_bytes / 2 ||
         pending_.entries().size() > config_.most_changes / 2;
}

void Journal::drop_released() {
  for (const BodyId id : pending_.take_released()) bodies_.give_up(id);
}

Status Journal::settle(const store::Key& key) {
  return key.empty() ? settle_all() : settle_claimed(key);
}

void Journal::refresh(const std::string& prefix) {
  {
    MutexLock lock(mutex_);
    confirmed_.forget_contents(prefix);
  }
  store_.refresh(prefix);
}

Status Journal::settle_below(const std::string& prefix) {
  std::vector<store::Key> keys;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, entry] : pending_.entries()) {
      if (key.starts_with(prefix)) keys.push_back(key);
    }
  }
  Status first;
  for (const store::Key& key : keys) {
    Status settled = await(key);
    if (first && !settled) first = std::move(settled);
  }
  return first;
}

Status Journal::settle_claimed(const store::Key& key) {
  const Status settled = await(key);
  // After a crash an earlier change of the journal must not be repeated over one that goes straight
  // to the store: the record that it is done must be on the disk first.
  const Status durable = log_->commit_all();
  if (!durable) log_warning("the journal: " + durable.error().text);
  return settled;
}

Status Journal::await(const store::Key& key) {
  MutexLock lock(mutex_);
  const Pending::Entry* entry = pending_.find(key);
  if (entry == nullptr) return {};
  pending_.retry_refused(clock_.now());
  Waiter waiter{key, entry->seq, false, {}};
  waiters_.push_back(&waiter);
  const auto place = std::prev(waiters_.end());
  ++in_a_hurry_;
  wake_worker();
  const Status waited =
      wait_until([&] { return waiter.over; }, ("the store to take " + printable(key)).c_str());
  --in_a_hurry_;
  waiters_.erase(place);
  return waited ? waiter.status : waited;
}

Status Journal::settle_all() {
  MutexLock lock(mutex_);
  ++in_a_hurry_;
  pending_.retry_refused(clock_.now());
  wake_worker();
  std::uint64_t before = carried_out_;
  MonoTime moved = clock_.now();
  // Refused changes, and changes that wait for them, are left to the next mount.
  const auto left = [&]() NO_THREAD_SAFETY_ANALYSIS {
    return in_flight_ > 0 || pending_.has_hope(clock_.now());
  };
  while (left() && clock_.now() < moved + kStandstill && !config_.given_up()) {
    settled_.wait_for(mutex_, kLook);
    if (carried_out_ == before) continue;
    before = carried_out_;
    moved = clock_.now();
  }
  --in_a_hurry_;
  if (pending_.entries().empty()) return {};
  return Error{EIO, left_behind()};
}

}  // namespace pailfs::journal
