// SPDX-License-Identifier: Apache-2.0
// A copy that the store cannot make: its bytes go through this machine.
#include "pailfs/store/refusal.h"

#include "journal.h"
#include "local_copy.h"

namespace pailfs::journal {
/// Fetches the bytes of a copy that the store cannot make into a body, which is then sent.
void Journal::fetch_copy(const Job& job) {
  const auto fail = [&](const Error& error) {
    Verdict verdict;
    verdict.kind = store::is_final(error) ? Verdict::Kind::refused : Verdict::Kind::retry;
    verdict.error = error;
    MutexLock lock(mutex_);
    note_trouble(job, verdict);
  };
  const auto file = open_unlinked(directory_.bodies);
  if (!file) return fail(file.error());
  FileSink sink(file->get());
  const auto info = store_.get({job.want.source, std::nullopt, job.want.source_etag}, sink);
  if (!sink.written) return fail(sink.written.error());
  if (!info && (info.error().err == ENOENT || info.error().err == ESTALE)) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::conflict;
    verdict.error = info.error();
    return note_conflict(job, verdict, nullptr);
  }
  if (!info) return fail(info.error());
  FileSource source(file->get(), sink.size);
  bool disk_failed = false;
  auto taken = take(source, *directory_.disk, directory_.bodies, job.seq, disk_failed);
  if (!taken) {
    if (disk_failed) {
      MutexLock lock(mutex_);
      give_up_acknowledging(taken.error());
    }
    return fail(taken.error());
  }
  Record record;
  record.key = job.key;
  record.seq = record.since = job.seq;
  record.base = job.base;
  record.want = job.want;
  record.want.kind = Want::Kind::body;
  record.want.body = job.seq;
  record.want.size = sink.size;
  if (job.want.keeps_attributes) record.want.attributes = info->attributes;
  record.want.keeps_attributes = false;
  record.want.source.clear();
  record.before = job.before;
  record.has_bytes = !taken->body;
  record.bytes = taken->bytes;
  Log::Appended appended;
  {
    MutexLock lock(mutex_);
    appended = log_->append(record);
    acknowledging_.insert(appended.bytes.segment->number);
  }
  const Status durable = log_->commit(appended.batch);
  MutexLock lock(mutex_);
  acknowledging_.erase(acknowledging_.find(appended.bytes.segment->number));
  if (!durable) {
    lock.unlock();
    return fail(durable.error());
  }
  BodyPtr body = taken->body;
  if (!body) body = std::make_shared<Body>(appended.bytes, sink.size);
  pending_.failed(job.key, job.seq, clock_.now(), false);
  if (pending_.became_body(job.key, job.seq, record.want)) {
    bodies_.keep(job.seq, std::move(body));
  } else {
    bodies_.give_up(std::move(body));
  }
}

}  // namespace pailfs::journal
