// SPDX-License-Identifier: Apache-2.0
// The workers: carry out waiting changes and note the results.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

constexpr std::size_t kMostRemovals = 1000;  // DeleteObjects takes no more
constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::seconds kLongestPause{30};
/// From this many failures in a row on, one request at a time tries whether the store is back.
constexpr unsigned kOutage = 3;
constexpr std::chrono::minutes kRetryRefused{10};
/// A change refused for now is tried again after this, then after twice as long, ...
constexpr std::chrono::minutes kRetryObstinate{1};
// How long a worker sleeps: with nothing to do, with something to do later, at least.
constexpr std::chrono::seconds kIdle{5};
constexpr std::chrono::milliseconds kIdleLook{250};
constexpr std::chrono::milliseconds kShortest{10};
/// Records of changes that are over are synced together, so that a writer that waits for its own
/// change seldom waits for them.
constexpr std::size_t kSyncEvery = 512;
constexpr std::chrono::milliseconds kSyncAfter{250};

std::chrono::milliseconds pause_after(unsigned failures) {
  const unsigned doublings = std::min(failures, 10U);
  return std::min<std::chrono::milliseconds>(kFirstPause * (1U << doublings), kLongestPause);
}

Pending::Answer answer_in(const Error& error) {
  switch (error.refusal) {
    case Refusal::none:
      return Pending::Answer::none;
    case Refusal::busy:
      return Pending::Answer::busy;
    default:
      return Pending::Answer::other;
  }
}

/// What a copy was to do.
std::string aim_of(const Job& job) {
  return job.want.source == job.key
             ? "its mode, owner, times or attributes were to be changed"
             : "it was to become what " + printable(job.want.source) + " is, which stays";
}

/// Keeps the bytes of a change that cannot be carried out, or of a copy the note that there was
/// one. Returns the path of the file with the bytes; empty: there is none.
Result<std::string> set_aside(const cache::KeptConflicts& conflicts, const std::string& mountpoint,
                              const Job& job, const BodyPtr& body, const std::string& why) {
  if (job.want.kind == Want::Kind::absent) return std::string();
  cache::Conflict what{job.key,   why, job.want.time, 0, {}, job.want.attributes.metadata,
                       mountpoint};
  if (!body) {
    what.why = aim_of(job) + ": " + why;
    return conflicts.keep(what, nullptr);
  }
  what.size = body->size();
  if (body->size() > 0) what.ranges.push_back({0, body->size()});
  return conflicts.keep(
      what, [&](std::uint64_t offset, std::span<char> out) { return body->read(offset, out); });
}

std::chrono::minutes pause_of_obstinate(unsigned strikes) {
  const unsigned doublings = std::min(strikes - Pending::kMostStrikes, 10U);
  return std::min(kRetryObstinate * (1U << doublings), kRetryRefused);
}

}  // namespace

std::vector<Job> Journal::next_jobs() {
  const MonoTime now = clock_.now();
  if (troubles_ >= kOutage && (now < paused_until_ || in_flight_ > 0)) return {};
  return pending_.next(now, under_pressure(), kMostRemovals);
}

MonoTime Journal::next_due() {
  const MonoTime now = clock_.now();
  auto at = pending_.wake_at(under_pressure());
  if (at && troubles_ >= kOutage) at = now + kIdleLook;
  if (undurable_ > 0) at = std::min(at.value_or(MonoTime::max()), undurable_since_ + kSyncAfter);
  return at ? std::clamp<MonoTime>(*at, now + kShortest, now + kIdleLook) : now + kIdle;
}

/// Under pressure a worker looks at once, because to find out when the next of many changes is due
/// costs more.
void Journal::wake_worker_in_time() {
  workers_.wake_at(under_pressure() ? clock_.now() : next_due());
}

bool Journal::turn() {
  MutexLock lock(mutex_);
  return turn_locked(true);
}

bool Journal::cleaning_is_due() {
  return undurable_ >= kSyncEvery ||
         (undurable_ > 0 && clock_.now() >= undurable_since_ + kSyncAfter);
}

bool Journal::turn_locked(bool clean_early) {
  const std::vector<Job> jobs = next_jobs();
  if (!jobs.empty()) {
    in_flight_ += jobs.size();
    wake_worker_in_time();
    mutex_.unlock();
    carry_out(jobs);
    mutex_.lock();
    in_flight_ -= jobs.size();
    settled_.notify_all();
    if (!cleaning_is_due()) return true;
  }
  if ((clean_early ? undurable_ > 0 : cleaning_is_due()) && !cleaning_) {
    cleaning_ = true;
    mutex_.unlock();
    clean();
    mutex_.lock();
    cleaning_ = false;
    return true;
  }
  return !jobs.empty();
}

void Journal::carry_out(const std::vector<Job>& jobs) {
  if (jobs.front().want.kind == Want::Kind::absent) {
    const std::vector<Verdict> verdicts = sender_.remove(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) note_verdict(jobs[i], verdicts[i], nullptr);
    return;
  }
  const Job& job = jobs.front();
  BodyPtr body;
  {
    MutexLock lock(mutex_);
    body = bodies_.find(job.want);
  }
  note_verdict(job, sender_.make(job, body), body);
}

void Journal::note_verdict(const Job& job, const Verdict& verdict, const BodyPtr& body) {
  switch (verdict.kind) {
    case Verdict::Kind::conflict:
      if (body && can_append(job, verdict)) return append_behind(job, verdict, body);
      return note_conflict(job, verdict, body);
    case Verdict::Kind::needs_body:
      return fetch_copy(job);
    case Verdict::Kind::done: {
      MutexLock lock(mutex_);
      return note_done(job, verdict);
    }
    case Verdict::Kind::retry:
    case Verdict::Kind::refused:
      break;
  }
  MutexLock lock(mutex_);
  note_trouble(job, verdict);
}

void Journal::append_done(const store::Key& key, Sequence seq, const Base& base,
                          std::optional<std::uint64_t> size) {
  Record record;
  record.kind = Record::Kind::done;
  record.key = key;
  record.seq = seq;
  record.base = base;
  record.size = size;
  static_cast<void>(log_->append(record));
  if (undurable_++ == 0) undurable_since_ = clock_.now();
}

void Journal::finish_waiters(const store::Key& key, Sequence seq, const Status& status) {
  for (Waiter* waiter : waiters_) {
    if (waiter->key != key || waiter->seq > seq || waiter->over) continue;
    waiter->over = true;
    waiter->status = status;
  }
  if (pending_.find(key) == nullptr) segments_.erase(key);
  drop_released();
  settled_.notify_all();
}

void Journal::note_done(const Job& job, const Verdict& verdict) {
  const MonoTime now = clock_.now();
  troubles_ = 0;
  ++carried_out_;
  knowledge_.changed(job.key, {verdict.found, verdict.size, now});
  confirmed_.carried_out(job.key, job.want, verdict.found, now);
  // Bytes that were appended to this change belong behind it.
  const bool appends = job.want.appended_from.has_value();
  append_done(job.key, job.seq, verdict.found,
              appends ? std::optional(job.want.size) : std::nullopt);
  pending_.confirmed(job.key, job.seq, verdict.found);
  finish_waiters(job.key, job.seq, {});
}

void Journal::note_trouble(const Job& job, const Verdict& verdict) {
  const MonoTime now = clock_.now();
  last_trouble_ = verdict.error.text;
  if (verdict.kind == Verdict::Kind::refused) {
    troubles_ = 0;
    log_error("the store refuses " + printable(job.key) +
              ", which is kept in the journal: " + verdict.error.text);
    pending_.refused(job.key, job.seq, verdict.error, now + kRetryRefused,
                     verdict.may_have_arrived);
    finish_waiters(job.key, job.seq, verdict.error);
    return;
  }
  const auto shows = pending_.failed(job.key, job.seq, now + pause_after(job.attempts),
                                     verdict.may_have_arrived, answer_in(verdict.error));
  if (shows == Pending::Shows::obstinate) return note_obstinate(job, verdict);
  // A change for which the store has no room must not hold removals, which make room.
  const bool full = verdict.error.err == EDQUOT || verdict.error.err == ENOSPC;
  if (full || shows == Pending::Shows::alone) {
    pending_.refused_for_now(job.key, job.seq, verdict.error, now + pause_after(job.attempts),
                             true);
  }
  if (troubles_ == 0) log_warning("a change in the journal has to wait: " + verdict.error.text);
  if (now >= paused_until_) {
    // Many failures at the same time count once.
    ++troubles_;
    paused_until_ = now + pause_after(troubles_);
  }
}

void Journal::note_obstinate(const Job& job, const Verdict& verdict) {
  // The store has answered.
  troubles_ = 0;
  const Pending::Entry& entry = *pending_.find(job.key);
  if (!entry.for_now || entry.alone) {
    log_error("the store has refused " + printable(job.key) + " " + std::to_string(entry.strikes) +
              " times while it took other changes; it is kept in the journal and tried again, and "
              "nothing but what depends on it waits for it: " +
              verdict.error.text);
  }
  pending_.refused_for_now(job.key, job.seq, verdict.error,
                           clock_.now() + pause_of_obstinate(entry.strikes), false);
  finish_waiters(job.key, job.seq, verdict.error);
}

void Journal::note_conflict(const Job& job, const Verdict& verdict, const BodyPtr& body) {
  const auto& conflicts = directory_.conflicts;
  const auto kept = conflicts
                        ? set_aside(*conflicts, config_.mountpoint, job, body, verdict.error.text)
                        : Result<std::string>(std::string());
  MutexLock lock(mutex_);
  if (!kept) {
    // Without a copy set aside the bytes stay in the journal.
    Verdict later = verdict;
    later.kind = Verdict::Kind::retry;
    later.error = kept.error().with("keep the bytes of " + printable(job.key));
    return note_trouble(job, later);
  }
  const std::string what = job.want.kind == Want::Kind::absent ? "it is not removed"
                           : body ? "what was written here is kept in " + *kept
                                  : "the change made here is dropped: " + aim_of(job);
  const std::string text = verdict.error.text + "; " + what;
  if (job.want.kind == Want::Kind::absent) {
    log_warning("conflict: " + text);
  } else {
    log_critical("conflict: " + text);
  }
  ++conflicts_;
  set_aside_.push_back({job.key, text});
  if (set_aside_.size() > Waiting::kMostShown) set_aside_.pop_front();
  confirmed_.forget_content(job.key);
  knowledge_.changed(job.key, {verdict.found, verdict.size, clock_.now()});
  // A later change of the key is made upon the same version as this one, also after a crash.
  const Pending::Entry* entry = pending_.find(job.key);
  append_done(job.key, job.seq, entry != nullptr ? entry->base : Base());
  if (job.want.kind == Want::Kind::copy && job.want.source != job.key) {
    // The source is the only copy of the bytes that were to be moved.
    const auto spared = pending_.drop_removal(job.want.source);
    if (spared) {
      append_done(job.want.source, *spared, {});
      finish_waiters(job.want.source, *spared, verdict.error);
    }
  }
  pending_.abandoned(job.key, job.seq);
  finish_waiters(job.key, job.seq, verdict.error);
}

}  // namespace pailfs::journal
