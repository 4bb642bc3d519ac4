// SPDX-License-Identifier: Apache-2.0
#include "object_copy.h"

#include <algorithm>
#include <cstring>

#include "pailfs/util/log.h"
#include "pailfs/util/sync.h"

#include "fs/lock_ranks.h"

namespace pailfs::fs {
namespace {

/// Bytes that one GET of a download fetches.
constexpr std::uint64_t kFetchPiece = 8U << 20U;

/// Takes the bytes of one GET into a BlockFile that several GETs fill at once.
class FileSink final : public store::ByteSink {
 public:
  FileSink(cache::BlockFile& file, Mutex& mutex) : file_(file), mutex_(mutex) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    MutexLock lock(mutex_);
    const Status filled = file_.fill(offset, bytes);
    if (!filled) failure = filled;
    written += bytes.size();
    return filled.has_value();
  }
  Status failure;
  std::uint64_t written = 0;

 private:
  cache::BlockFile& file_;
  Mutex& mutex_;
};

}  // namespace

Result<std::size_t> FileSource::read(std::uint64_t offset, std::span<char> out) {
  const std::uint64_t left = range_.size() - std::min(offset, range_.size());
  out = out.first(std::min<std::uint64_t>(out.size(), left));
  const Status status = file_.read(range_.begin + offset, out);
  if (!status) return status.error();
  return out.size();
}

Result<std::size_t> FileSource::show(std::uint64_t offset, std::span<char> scratch,
                                     const std::function<void(std::span<const char>)>& look) {
  const std::uint64_t left = range_.size() - std::min(offset, range_.size());
  scratch = scratch.first(std::min<std::uint64_t>(scratch.size(), left));
  if (scratch.empty()) return 0;
  return file_.show(range_.begin + offset, scratch, look);
}

void FileSource::taken(std::uint64_t end) {
  if (upload_ != nullptr) upload_->moved(taken_, end);
  taken_ = end;
}

Status fetch_into(store::ObjectStore& store, WorkerPool& pool, std::size_t width,
                  const store::Key& key, const store::ETag& version,
                  const std::vector<Range>& ranges, cache::BlockFile& file, Mutex& guard) {
  std::vector<Range> pieces;
  for (const Range& range : ranges) {
    for (std::uint64_t at = range.begin; at < range.end; at += kFetchPiece) {
      pieces.push_back({at, std::min(at + kFetchPiece, range.end)});
    }
  }
  FirstError failure;
  const auto fetch = [&](std::size_t i) {
    if (!failure.status()) return;
    FileSink sink(file, guard);
    store::GetRequest request;
    request.key = key;
    request.range = store::ByteRange{pieces[i].begin, pieces[i].size()};
    request.if_match = version;
    const auto info = store.get(request, sink);
    if (!sink.failure) return failure.note(sink.failure.error());
    if (!info) return failure.note(info.error());
    if (sink.written != pieces[i].size()) {
      failure.note({ESTALE, "object became shorter while it was read"});
    }
  };
  if (pieces.size() == 1) {
    fetch(0);
  } else {
    for_each_parallel(pool, pieces.size(), width, fetch);
  }
  const Status fetched = failure.status();
  if (!fetched && fetched.error().err == ENOSPC) {
    MutexLock lock(guard);
    for (const Range& range : ranges) file.forget(range);
  }
  return fetched;
}

Result<store::ETag> upload_in_parts(
    store::ObjectStore& store, WorkerPool& pool, std::size_t width, const store::Key& key,
    const store::ObjectAttributes& attributes, store::PartOrigin origin,
    const store::Condition& condition, std::size_t parts,
    const std::function<Result<store::UploadedPart>(const store::UploadId&, std::size_t)>&
        send_part) {
  const auto id = store.create_upload(key, attributes, origin);
  if (!id) return id.error();
  std::vector<store::UploadedPart> sent(parts);
  FirstError failure;
  for_each_parallel(pool, parts, width, [&](std::size_t i) {
    if (!failure.status()) return;
    auto part = send_part(*id, i);
    if (!part) return failure.note(part.error());
    sent[i] = std::move(*part);
  });
  Status status = failure.status();
  if (status) {
    auto etag = store.complete_upload(key, *id, sent, condition);
    if (etag) return etag;
    status = etag.error();
  }
  const Status aborted = store.abort_upload(key, *id);
  if (!aborted) log_warning("unfinished upload left behind: " + aborted.error().text);
  return status.error();
}

bool ObjectCopier::fits_one_request(std::uint64_t size) const {
  const std::uint64_t from = config_.copy_in_parts_from;
  const bool small = from > 0 ? size < from : size <= config_.copy_part_size;
  return size <= store_.limits().largest_part && (small || config_.no_multipart);
}

Result<store::ETag> ObjectCopier::copy(const CopyJob& job, bool through_this_machine) {
  const bool in_one = fits_one_request(job.size);
  if (through_this_machine || (!in_one && !store_.copies_parts())) return copy_locally(job);
  auto copied = in_one ? copy_in_one(job) : copy_in_parts(job);
  // Some services copy nothing that a key of the user encrypts.
  if (!copied && copied.error().err == ENOTSUP) return copy_locally(job);
  return copied;
}

Result<store::ETag> ObjectCopier::copy_in_one(const CopyJob& job) {
  store::CopyRequest request;
  request.source = job.source;
  request.destination = job.destination;
  request.source_if_match = job.version;
  request.attributes = job.attributes;
  request.size = job.size;
  request.condition = job.condition;
  return store_.copy(request);
}

/// In one request the source of a copy onto itself is its condition already.
store::Condition ObjectCopier::condition_of(const CopyJob& job) {
  return job.source == job.destination ? store::Condition{.version = job.version} : job.condition;
}

Result<store::ETag> ObjectCopier::copy_in_parts(const CopyJob& job) {
  store::ObjectAttributes attributes;
  if (job.attributes) {
    attributes = *job.attributes;
  } else {
    const auto info = store_.head(job.source);
    if (!info) return info.error();
    attributes = info->attributes;
  }
  const std::vector<Range> ranges = plan_copy(job.size, config_.copy_part_size, store_.limits());
  return upload_in_parts(
      store_, pool_, config_.parallel, job.destination, attributes, store::PartOrigin::mixed,
      condition_of(job), ranges.size(),
      [&](const store::UploadId& id, std::size_t i) -> Result<store::UploadedPart> {
        const int number = static_cast<int>(i) + 1;
        auto etag = store_.copy_part(job.destination, id, number, job.source, job.version,
                                     {ranges[i].begin, ranges[i].size()});
        if (!etag) return etag.error();
        return store::UploadedPart{number, std::move(*etag), ranges[i].size()};
      });
}

Result<store::ETag> ObjectCopier::copy_locally(const CopyJob& job) {
  const cache::LocalSpace space{config_.temporary_directory, config_.disk, nullptr};
  cache::BlockFile file(space);
  store::ObjectAttributes attributes;
  if (job.attributes) {
    attributes = *job.attributes;
  } else {
    const auto info = store_.head(job.source);
    if (!info) return info.error();
    attributes = info->attributes;
  }
  if (job.size > 0) {
    Mutex guard(lock_rank::kContent);
    const Status fetched = fetch_into(store_, pool_, config_.parallel, job.source, job.version,
                                      {{0, job.size}}, file, guard);
    if (!fetched) return fetched.error();
  }
  if (config_.no_multipart || job.size < config_.multipart_size) {
    FileSource body(file, {0, job.size});
    return store_.put({job.destination, attributes, condition_of(job)}, body);
  }
  const std::vector<Range> ranges = plan_copy(job.size, config_.multipart_size, store_.limits());
  return upload_in_parts(
      store_, pool_, config_.parallel, job.destination, attributes, store::PartOrigin::sent,
      condition_of(job), ranges.size(),
      [&](const store::UploadId& id, std::size_t i) -> Result<store::UploadedPart> {
        const int number = static_cast<int>(i) + 1;
        FileSource body(file, ranges[i]);
        auto etag = store_.upload_part(job.destination, id, number, body);
        if (!etag) return etag.error();
        return store::UploadedPart{number, std::move(*etag), ranges[i].size()};
      });
}

}  // namespace pailfs::fs
