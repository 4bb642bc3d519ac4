// SPDX-License-Identifier: Apache-2.0
#include "part_stream.h"

#include <cerrno>
#include <numeric>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "object_copy.h"

namespace pailfs::fs {

PartStream::PartStream(const Means& means, Target target, std::shared_ptr<cache::BlockFile> file,
                       std::uint64_t part_size)
    : means_(means),
      target_(std::move(target)),
      file_(std::move(file)),
      upload_(means.uploads, target_.path, 0),
      ledger_(part_size, target_.copies, means.store.limits()) {}

PartStream::~PartStream() {
  MutexLock lock(mutex_);
  if (id_ && !completed_) means_.abandoned.add(target_.key, *id_);
}

void PartStream::wrote(Range range, std::uint64_t front) {
  upload_.grow(range.end);
  MutexLock lock(mutex_);
  ledger_.wrote(range, front);
  submit_ready();
}

void PartStream::truncated(std::uint64_t size) {
  MutexLock lock(mutex_);
  ledger_.truncated(size);
}

void PartStream::give_up() {
  MutexLock lock(mutex_);
  stopped_ = true;
}

void PartStream::submit_ready() {
  while (!stopped_ && ledger_.on_their_way() < means_.width) {
    const auto job = ledger_.next();
    if (!job) return;
    means_.pool.submit([self = shared_from_this(), job = *job]() mutable {
      self->run(job);
      AbandonedUploads& abandoned = self->means_.abandoned;
      self.reset();  // the last reference, if the upload is not wanted any more
      abandoned.sweep();
    });
  }
}

void PartStream::run(const PartLedger::Job& job) {
  const Status sent = send(job);
  MutexLock lock(mutex_);
  if (!sent) {
    // The program gets an error only if finish() fails too.
    log_info(
        [&] { return "send a part of " + printable(target_.path) + ": " + sent.error().text; });
    stopped_ = true;
  }
  submit_ready();
  changed_.notify_all();
}

Result<store::UploadId> PartStream::upload_id() {
  MutexLock creating(creation_);
  {
    MutexLock lock(mutex_);
    if (id_) return *id_;
  }
  auto id =
      means_.store.create_upload(target_.key, target_.attributes,
                                 copied() > 0 ? store::PartOrigin::mixed : store::PartOrigin::sent);
  if (!id) return id;
  MutexLock lock(mutex_);
  id_ = *id;
  return id;
}

Status PartStream::send(const PartLedger::Job& job) {
  const auto id = upload_id();
  Result<store::ETag> etag = Error{};
  const int number = static_cast<int>(job.index) + 1;
  if (id && job.copy) {
    etag = means_.store.copy_part(target_.key, *id, number, target_.key, target_.version,
                                  {job.range.begin, job.range.size()});
    if (etag) upload_.moved(0, job.range.size());
  } else if (id) {
    FileSource body(*file_, job.range, &upload_);
    etag = means_.store.upload_part(target_.key, *id, number, body);
  }
  MutexLock lock(mutex_);
  if (id && etag) {
    ledger_.sent(job.index, std::move(*etag));
    return {};
  }
  ledger_.failed(job.index);
  if (!id) return id.error();
  note_loss(etag.error());
  return etag.error();
}

void PartStream::note_loss(const Error& error) {
  if (error.refusal == Refusal::upload_gone) lost_ = true;
}

bool PartStream::is_lost() {
  MutexLock lock(mutex_);
  return lost_;
}

bool PartStream::make_room(std::chrono::milliseconds patience) {
  MutexLock lock(mutex_);
  for (;;) {
    if (lost_ || copied() > 0) return false;
    const std::vector<Range> held = ledger_.take_held();
    for (const Range& range : held) file_->drop(range);
    if (!held.empty()) return true;
    if (ledger_.on_their_way() == 0 || !changed_.wait_for(mutex_, patience)) return false;
  }
}

Status PartStream::check_version() const {
  if (copied() == 0) return {};
  const auto info = means_.store.head(target_.key);
  if (!info) return info.error();
  if (info->etag == target_.version) return {};
  return Error{ESTALE, "was replaced elsewhere while it was appended to"};
}

Result<store::ETag> PartStream::finish(std::uint64_t size, const store::Condition& condition) {
  std::vector<PartLedger::Job> jobs;
  {
    MutexLock lock(mutex_);
    // Each part that ends begins the next one, until all have been begun.
    ledger_.close(size);
    submit_ready();
    while (ledger_.on_their_way() > 0) changed_.wait(mutex_);
    stopped_ = true;
    jobs = ledger_.missing(size);
  }
  FirstError failure;
  const auto send_one = [&](std::size_t i) {
    const Status sent = send(jobs[i]);
    if (!sent) failure.note(sent.error());
  };
  if (jobs.size() == 1) {
    send_one(0);
  } else {
    for_each_parallel(means_.pool, jobs.size(), means_.width, send_one);
  }
  if (const Status status = failure.status(); !status) return status.error();
  std::vector<store::UploadedPart> parts;
  store::UploadId id;
  {
    MutexLock lock(mutex_);
    parts = ledger_.parts(size);
    id = id_.value_or(store::UploadId());
  }
  const std::uint64_t whole = std::accumulate(
      parts.begin(), parts.end(), std::uint64_t{0},
      [](std::uint64_t sum, const store::UploadedPart& part) { return sum + part.size; });
  if (whole != size) return Error{EFBIG, "larger than the 10,000 parts of an upload hold"};
  if (const Status same = check_version(); !same) return same.error();
  auto etag = means_.store.complete_upload(target_.key, id, parts, condition);
  MutexLock lock(mutex_);
  completed_ = etag.has_value();
  if (!etag) note_loss(etag.error());
  return etag;
}

}  // namespace pailfs::fs
