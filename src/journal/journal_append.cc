// SPDX-License-Identifier: Apache-2.0
// Appended bytes whose base another client has replaced: they are put behind the version that is
// there now. That version and they are a body of its own, with a record, before it is sent, so that
// after a lost reply or a kill the journal knows what it may have stored.
#include <algorithm>

#include "pailfs/store/refusal.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "appended.h"
#include "journal.h"
#include "local_copy.h"

namespace pailfs::journal {
namespace {

/// After so many versions of other clients in a row the bytes are set aside.
constexpr unsigned kMostMerges = 100;
// The longest pause before another attempt: doubled with each version, up to the second.
constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{2000};

std::chrono::nanoseconds random_pause(Random& random, unsigned merges) {
  const auto longest = std::min<std::chrono::nanoseconds>(
      kFirstPause * (1U << std::min(merges, 10U)), kLongestPause);
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(longest.count())));
}

Verdict retry(const Error& error, const Verdict& conflict) {
  Verdict verdict;
  verdict.kind = store::is_final(error) ? Verdict::Kind::refused : Verdict::Kind::retry;
  verdict.error = error;
  verdict.may_have_arrived = conflict.may_have_arrived;
  return verdict;
}

}  // namespace

/// True when a conflict of that change ends with both clients' bytes in the store.
bool Journal::can_append(const Job& job, const Verdict& verdict) {
  MutexLock lock(mutex_);
  const Pending::Entry* entry = pending_.find(job.key);
  const bool named = verdict.found.kind == Base::Kind::absent || !verdict.found.etag.empty();
  const std::uint64_t most = std::min(config_.most_bytes, store_.limits().largest_part);
  return job.want.appended_from && named && entry != nullptr && entry->merges < kMostMerges &&
         verdict.size <= most && job.want.size - *job.want.appended_from <= most - verdict.size;
}

void Journal::append_behind(const Job& job, const Verdict& verdict, const BodyPtr& body) {
  const Status done = try_append(job, verdict, body);
  if (done) return;
  MutexLock lock(mutex_);
  const bool changed = done.error().err == ESTALE || done.error().err == ENOENT;
  if (!changed) return note_trouble(job, retry(done.error(), verdict));
  // Another version again, or a later change here: the next attempt begins with what is there then.
  const Pending::Entry* entry = pending_.find(job.key);
  const auto pause = random_pause(*config_.random, entry == nullptr ? 0 : entry->merges);
  pending_.raced(job.key, job.seq, clock_.now() + pause, verdict.may_have_arrived);
  wake_worker_in_time();
}

/// ESTALE: there is another version again.
Status Journal::try_append(const Job& job, const Verdict& verdict, const BodyPtr& body) {
  {
    MutexLock lock(mutex_);
    // A later change here has these bytes too.
    const Pending::Entry* entry = pending_.find(job.key);
    if (entry == nullptr || entry->seq != job.seq) return store::other_version(job.key);
  }
  const auto file = open_unlinked(directory_.bodies);
  if (!file) return file.error();
  FileSink sink(file->get());
  if (verdict.found.kind == Base::Kind::version) {
    const Status room = cache::check_room(config_.disk, directory_.lock.get(), 2 * verdict.size);
    if (!room) return room;
    const auto info = store_.get({job.key, std::nullopt, verdict.found.etag}, sink);
    if (!sink.written) return sink.written;
    if (!info) return info.error();
  }
  FileSource there(file->get(), sink.size);
  BodySource ours(body);
  const bool unsure = job.unsure || verdict.may_have_arrived;
  const auto stored =
      stored_up_to(job.want, ours, there, doubtful_sizes(job.want, job.before, unsure));
  if (!stored) return stored.error();
  if (*stored == job.want.size) return note_appended(job, verdict, sink.size);
  Joined both(there, ours, *stored);
  return replace_body(job, verdict.found, both, sink.size);
}

/// The appended bytes are in another client's version already, by an attempt whose reply was lost.
Status Journal::note_appended(const Job& job, const Verdict& verdict, std::uint64_t size) {
  MutexLock lock(mutex_);
  const Status alone = await_records({job.key});
  if (!alone) return alone;
  const Pending::Entry* entry = pending_.find(job.key);
  if (entry == nullptr || entry->seq != job.seq) return store::other_version(job.key);
  troubles_ = 0;
  ++carried_out_;
  knowledge_.changed(job.key, {verdict.found, size, clock_.now()});
  confirmed_.forget_content(job.key);
  confirmed_.forget_name(job.key);
  append_done(job.key, job.seq, verdict.found);
  pending_.confirmed(job.key, job.seq, verdict.found);
  finish_waiters(job.key, job.seq, {});
  return {};
}

/// `both`: the version `base` of `from` bytes, and ours behind it.
Status Journal::replace_body(const Job& job, const Base& base, ByteSource& both,
                             std::uint64_t from) {
  BodyId id = 0;
  {
    MutexLock lock(mutex_);
    id = next_seq_++;
  }
  bool disk_failed = false;
  auto taken = take(both, *directory_.disk, directory_.bodies, id, disk_failed);
  if (!taken) {
    MutexLock lock(mutex_);
    if (disk_failed) give_up_acknowledging(taken.error());
    return taken.error();
  }
  Want want = job.want;
  want.body = id;
  want.size = both.size();
  want.etag = taken->etag;
  want.appended_from = from;
  want.foreign = true;
  const Status replaced = record_replaced(job, want, base, *taken);
  if (!replaced && taken->body) static_cast<void>(directory_.disk->remove(taken->body->path()));
  return replaced;
}

Status Journal::record_replaced(const Job& job, const Want& want, const Base& base,
                                const Taken& taken) {
  MutexLock lock(mutex_);
  const Status alone = await_records({job.key});
  if (!alone) return alone;
  const Pending::Entry* entry = pending_.find(job.key);
  if (entry == nullptr || entry->seq != job.seq) return store::other_version(job.key);
  Record record;
  record.key = job.key;
  record.seq = job.seq;  // a change that comes meanwhile is the later one
  record.since = entry->since;
  record.base = base;
  record.want = want;
  record.has_bytes = !taken.body;
  record.bytes = taken.bytes;
  const Log::Appended appended = log_->append(record);
  acknowledging_.insert(appended.bytes.segment->number);
  recording_.insert(job.key);
  lock.unlock();
  const Status durable = log_->commit(appended.batch);
  lock.lock();
  acknowledging_.erase(acknowledging_.find(appended.bytes.segment->number));
  recording_.erase(job.key);
  settled_.notify_all();
  if (!durable) return durable;
  troubles_ = 0;
  const auto pause = random_pause(*config_.random, pending_.find(job.key)->merges);
  pending_.rebased(job.key, job.seq, want, base, clock_.now() + pause);
  bodies_.keep(want.body,
               taken.body ? taken.body : std::make_shared<Body>(appended.bytes, want.size));
  segments_[job.key] = appended.bytes.segment->number;
  drop_released();
  wake_worker_in_time();
  log_info([&] {
    return printable(job.key) +
           ": was changed by another client meanwhile; the bytes appended here go behind its "
           "version";
  });
  return {};
}

}  // namespace pailfs::journal
