// SPDX-License-Identifier: Apache-2.0
#include "uploader.h"

#include <algorithm>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/lock/file_lease.h"
#include "fs/read/upload_cache.h"

namespace pailfs::fs {
namespace {

/// Files of fewer parts are sent when they are closed: side by side that takes little longer, and
/// they get their final times and mode with the same request.
constexpr std::uint64_t kEarlyParts = 4;
/// Races that bytes written with O_APPEND may lose before their writer gets an error.
constexpr unsigned kMostLostRaces = 100;

/// True when `found` has all wanted metadata: no other version has the same times, to the
/// nanosecond.
bool has_all(const store::ObjectAttributes& found, const store::ObjectAttributes& wanted) {
  return !wanted.metadata.empty() &&
         std::all_of(wanted.metadata.begin(), wanted.metadata.end(), [&](const auto& field) {
           return std::find(found.metadata.begin(), found.metadata.end(), field) !=
                  found.metadata.end();
         });
}

/// True when an upload that was begun early has failed but the file can be stored in another way.
bool wants_another_way(const Error& error, bool copies) {
  if (error.refusal == Refusal::upload_gone) return true;
  return copies &&
         (error.err == ENOTSUP || error.err == EFBIG || error.refusal == Refusal::part_unsuitable);
}

FileContent::Snapshot snapshot_of(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  return inode.content->snapshot();
}

}  // namespace

store::ObjectAttributes Uploader::new_attributes(const std::string& path, const Stat& stat) const {
  store::ObjectAttributes base;
  base.content_type = S_ISREG(stat.mode) ? mime_.type_of(path) : "application/octet-stream";
  return encode(stat, std::move(base));
}

Status Uploader::store(const InodePtr& inode) {
  for (unsigned round = 0;; ++round) {
    const auto path = inodes_.path(inode);
    if (const auto verdict = without_request(*inode, path)) return *verdict;
    Attempt attempt = begin_attempt(*inode, path.value_or(std::string()));
    const auto etag = attempt_to_store(*inode, attempt);
    if (etag) return note_stored(*inode, attempt, *etag);
    if (round == kMostLostRaces || !append_to_winner(*inode, attempt, etag.error())) {
      return note_not_stored(*inode, attempt, etag.error());
    }
    pause_before(round);
  }
}

std::optional<std::uint64_t> Uploader::appended_from(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  const FileContent& content = *inode.content;
  return content.has_bound_writers() ? std::nullopt : content.succession().appended_from();
}

store::Condition Uploader::condition_of(Inode& inode) const {
  MutexLock lock(inode.content_mutex);
  const FileContent& content = *inode.content;
  return content.succession().condition(content.is_stored() ? content.base() : store::ETag(),
                                        config_.conflict_fails || content.is_guarded());
}

std::optional<Status> Uploader::without_request(Inode& inode,
                                                const std::optional<std::string>& path) {
  MutexLock lock(inode.content_mutex);
  if (!inode.content || !inode.content->is_dirty()) return Status();
  // Written under a lock that another mount may have by now.
  const Status held = inode.lease ? inode.lease->check() : Status();
  if (!held) return note_failure(*inode.content, path.value_or(std::string()), held.error());
  if (path) {
    inode.content->begin_storing();
    return std::nullopt;
  }
  // Unlinked here: only its open handles see its bytes.
  if (inode.content->is_orphaned()) return Status();
  // Replaced or removed by another client: to store it would undo that, so its writers get an
  // error.
  return note_failure(
      *inode.content, {},
      {ESTALE, "a file was replaced elsewhere while open; what was written to it is not stored"});
}

Uploader::Attempt Uploader::begin_attempt(Inode& inode, const std::string& path) {
  Attempt attempt{.path = path, .key = file_key(config_.prefix, path)};
  settle_doubt(inode, attempt.key);
  std::shared_ptr<PartStream> stream;
  {
    MutexLock lock(inode.content_mutex);
    FileContent& content = *inode.content;
    attempt.sends_bytes = content.has_unstored_bytes() || !content.is_stored();
    attempt.before = content.base();
    if (content.has_unstored_bytes() && content.stat().size > 0) content.make_local(space_);
    stream = content.take_stream();
  }
  if (!stream) return attempt;
  attempt.begun = stream->target().attributes;
  attempt.early = finish_early(inode, attempt.key, std::move(stream));
  return attempt;
}

Result<store::ETag> Uploader::attempt_to_store(Inode& inode, Attempt& attempt) {
  const Snapshot now = snapshot_of(inode);
  attempt.attributes = attributes_now(now.stat, now.attributes, attempt.path);
  auto etag = send(inode, attempt, false);
  const bool stale = !etag && etag.error().err == ESTALE && (!now.local || !now.local->lacks_any());
  if (stale && find_own_version(inode, attempt.path)) etag = send(inode, attempt, true);
  const bool with_bytes = attempt.sends_bytes || attempt.early;
  if (etag || etag.error().err != E2BIG || !with_bytes) return etag;
  // The store refuses the bytes because of the attributes, so they are sent with attributes that it
  // took before.
  attempt.refused = etag.error();
  for (const auto& less : {encode(now.stat, now.taken), now.taken}) {
    attempt.attributes = less;
    etag = send(inode, attempt, true);
    if (etag || etag.error().err != E2BIG) break;
  }
  return etag;
}

Result<store::ETag> Uploader::send(Inode& inode, const Attempt& attempt, bool again) {
  const auto& early = attempt.early;
  if (early && !*early && !again) return *early;
  const Snapshot now = snapshot_of(inode);
  if (early && *early && now.taken == attempt.attributes) return *early;
  if (attempt.has_early_bytes() || !attempt.sends_bytes) return rewrite_attributes(now, attempt);
  Upload upload(uploads_, attempt.path, now.stat.size);
  return send_bytes(inode, now, attempt, upload);
}

Error Uploader::note_not_stored(Inode& inode, const Attempt& attempt, const Error& failure) {
  Error error = failure.with("store " + printable(attempt.path));
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  content.end_storing();
  const bool gone = error.err == ENOENT && content.is_stored() &&
                    error.refusal != Refusal::upload_gone && error.refusal != Refusal::bucket_gone;
  if (gone) error.err = ESTALE;  // removed by another client, so the base version is gone
  // Neither its program nor its user, by conflict=fail, has asked for a free name.
  const bool wants_free = content.succession().is_exclusive() || config_.conflict_fails;
  if (error.err == EEXIST && !wants_free) error.err = ESTALE;
  if (error.in_doubt) {
    const bool early_failed = attempt.early && !*attempt.early;
    content.note_doubt(early_failed ? attempt.begun : attempt.attributes);
    cache_.doubted(attempt.path);
  }
  if (error.err == ESTALE) cache_.denied(attempt.path, content.base());
  return note_failure(content, attempt.path, error);
}

Status Uploader::note_stored(Inode& inode, const Attempt& attempt, const store::ETag& etag) {
  const Snapshot now = snapshot_of(inode);
  if (attempt.early || attempt.sends_bytes) {
    blocks_.forget({attempt.key, etag, now.stat.size});
    if (attempt.before != etag) blocks_.forget({attempt.key, attempt.before, now.stat.size});
  } else {
    keep_copied(blocks_, {attempt.key, now.base, now.base_size},
                {attempt.key, etag, now.base_size});
  }
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  const bool told = attempt.refused &&
                    (content.has_unstored_attributes() || content.attributes() != content.taken());
  content.end_storing();
  content.became_stored(etag, attempt.attributes);
  inode.page_cache_follows(attempt.before, etag);
  cache_.stored(attempt.path, content.node());
  if (!attempt.refused) return {};
  cache_.erase(attempt.path);
  const Error error = attempt.refused->with(printable(attempt.path) +
                                            ": its bytes are stored, its new attributes are not");
  if (told) return note_failure(content, attempt.path, error);
  log_warning(error.text);
  return {};
}

store::ObjectAttributes Uploader::attributes_now(const Stat& stat,
                                                 store::ObjectAttributes attributes,
                                                 const std::string& path) const {
  if (attributes.content_type.empty()) attributes.content_type = mime_.type_of(path);
  return encode(stat, std::move(attributes));
}

bool Uploader::worth_beginning(const FileContent& content) const {
  if (content.stream() || content.is_orphaned() || config_.no_multipart || !content.local()) {
    return false;
  }
  const std::uint64_t from = content.base_visible();
  if (from > 0 && !can_append(content)) return false;
  return content.stat().size >= from + kEarlyParts * config_.multipart_size &&
         content.local()->present().front(from) >= from + config_.multipart_size;
}

/// True when the store can copy the old bytes of a file that is appended to. When they are too few,
/// or so many that few parts would be left, all is sent when the file is closed.
bool Uploader::can_append(const FileContent& content) const {
  const std::uint64_t from = content.base_visible();
  const store::Limits limits = store_.limits();
  const std::uint64_t piece = std::max(config_.copy_part_size, limits.smallest_part);
  return content.is_stored() && config_.copies_parts() && store_.copies_parts() &&
         from >= limits.smallest_part && from / piece < limits.most_parts / 10 &&
         content.changed().present({0, from}).empty();
}

void Uploader::begin_early(const InodePtr& inode) {
  const auto path = inodes_.path(inode);
  if (!path) return;
  MutexLock lock(inode->content_mutex);
  FileContent& content = *inode->content;
  if (content.failures() > 0 || !worth_beginning(content)) return;
  PartStream::Target target;
  target.path = *path;
  target.key = file_key(config_.prefix, *path);
  target.attributes = attributes_now(content.stat(), content.attributes(), *path);
  target.stat = content.stat();
  const std::uint64_t from = content.base_visible();
  if (from > 0) {
    target.version = content.base();
    target.copies = plan_copy(from, config_.copy_part_size, store_.limits());
  }
  content.begin_stream(std::make_shared<PartStream>(
      PartStream::Means{store_, pool_, config_.parallel, uploads_, abandoned_}, std::move(target),
      content.local(), std::max(config_.multipart_size, store_.limits().smallest_part)));
}

std::optional<Result<store::ETag>> Uploader::finish_early(Inode& inode, const store::Key& key,
                                                          std::shared_ptr<PartStream> stream) {
  const Snapshot now = snapshot_of(inode);
  const bool all_here = !now.local || !now.local->lacks_any();
  // The file was renamed, or has become so short that one request stores it.
  if (stream->target().key != key || (all_here && now.stat.size < config_.multipart_size)) {
    stream->give_up();
    if (all_here) return std::nullopt;
    return Error{EIO, "the upload that holds its first bytes has another name"};
  }
  auto etag = stream->finish(now.stat.size, condition_of(inode));
  if (!etag && all_here && wants_another_way(etag.error(), stream->copied() > 0))
    return std::nullopt;
  MutexLock lock(inode.content_mutex);
  FileContent& content = *inode.content;
  if (etag) {
    content.bytes_became_stored(*etag, stream->target());
    return etag;
  }
  // With all bytes here the next attempt begins anew; otherwise only this upload has the others.
  if (all_here) return etag;
  content.put_back_stream(std::move(stream));
  if (!content.is_lost()) return etag;
  return etag.error().with("the upload that alone holds its first bytes is gone from the store");
}

void Uploader::settle_doubt(Inode& inode, const store::Key& key) {
  {
    MutexLock lock(inode.content_mutex);
    if (!inode.content || !inode.content->doubt()) return;
  }
  const auto info = store_.head(key);
  if (!info && info.error().err != ENOENT) return;
  MutexLock lock(inode.content_mutex);
  if (!inode.content) return;
  const auto& doubt = inode.content->doubt();
  if (!doubt) return;
  const bool made =
      info && info->size == doubt->size && has_all(info->attributes, doubt->attributes);
  // Other clients may have appended to it since: append_to_winner() looks for our bytes.
  if (!made && inode.content->succession().appended_from()) return;
  const auto node = made ? std::optional(decode(*info, false, config_)) : std::nullopt;
  inode.content->settle_doubt(node ? &*node : nullptr);
}

bool Uploader::find_own_version(Inode& inode, const std::string& path) {
  settle_doubt(inode, file_key(config_.prefix, path));
  const auto ours = cache_.stored_unseen(path);
  if (!ours) return false;
  {
    MutexLock lock(inode.content_mutex);
    if (!inode.content || !inode.content->is_stored()) return false;
    if (inode.content->base() != ours->info.etag) return false;
  }
  const MonoTime asked = clock_.now();
  const auto info = store_.head(file_key(config_.prefix, path));
  const bool same = info && info->etag != ours->info.etag && info->size == ours->info.size &&
                    has_all(info->attributes, ours->info.attributes);
  if (!same) return false;
  cache_.learn(path, decode(*info, false, config_), asked);
  MutexLock lock(inode.content_mutex);
  if (!inode.content) return false;
  inode.content->base_became(info->etag);
  inode.page_cache_follows(ours->info.etag, info->etag);
  return true;
}

Error Uploader::note_failure(FileContent& content, const std::string& path, const Error& error) {
  content.failed(error);
  MutexLock lock(failures_mutex_);
  ++failures_;
  last_failure_ = StoreFailure{clock_.wall(), path, error};
  return error;
}

void Uploader::report(Activity& activity) {
  activity.uploads = uploads_.snapshot();
  MutexLock lock(failures_mutex_);
  activity.store_failures = failures_;
  activity.last_failure = last_failure_;
}

Result<UploadPlan> Uploader::plan(Inode& inode, const Snapshot& now, bool may_copy) const {
  static const RangeSet kNothing;
  MutexLock lock(inode.content_mutex);  // guards the ranges
  UploadInput input;
  input.size = now.stat.size;
  input.local = now.local ? &now.local->present() : &kNothing;
  input.changed = &inode.content->changed();
  input.base_size = now.stored ? now.base_visible : 0;
  input.part_size = config_.multipart_size;
  input.copy_part_size = config_.copy_part_size;
  input.limits = store_.limits();
  input.multipart_allowed = !config_.no_multipart;
  input.copy_allowed = may_copy;
  return plan_upload(input);
}

Result<store::ETag> Uploader::send_bytes(Inode& inode, const Snapshot& now, const Attempt& attempt,
                                         Upload& upload) {
  const store::Condition condition = condition_of(inode);
  const auto appended = appended_from(inode);
  const bool may_copy = now.stored && config_.copies_parts() && store_.copies_parts();
  const auto fetch = [&](const std::vector<Range>& ranges) {
    return fetch_into(store_, pool_, config_.parallel, attempt.key, now.base, ranges, *now.local,
                      inode.content_mutex);
  };
  auto planned = plan(inode, now, may_copy);
  if (!planned) return planned.error();
  if (!planned->download.empty()) {
    if (const Status fetched = fetch(planned->download); !fetched) return fetched.error();
  }
  if (planned->parts.empty() && now.stat.size == 0) {
    MemorySource nothing("");
    return store_.put({attempt.key, attempt.attributes, condition, appended}, nothing);
  }
  if (planned->parts.empty()) {
    FileSource body(*now.local, {0, now.stat.size}, &upload);
    return store_.put({attempt.key, attempt.attributes, condition, appended}, body);
  }
  auto etag = send_parts(now, attempt, planned->parts, condition, upload);
  // Cannot be copied at all, or not beside parts of another size.
  const bool no_part_copy =
      !etag && may_copy &&
      (etag.error().err == ENOTSUP || etag.error().refusal == Refusal::part_unsuitable);
  if (!no_part_copy) return etag;
  // Fetch the parts that could not be copied, and send everything.
  std::vector<Range> copied;
  for (const PlannedPart& part : planned->parts) {
    if (part.copy) copied.push_back(part.range);
  }
  if (const Status fetched = fetch(copied); !fetched) return fetched.error();
  planned = plan(inode, now, false);
  if (!planned) return planned.error();
  return send_parts(now, attempt, planned->parts, condition, upload);
}

Result<store::ETag> Uploader::send_parts(const Snapshot& now, const Attempt& attempt,
                                         const std::vector<PlannedPart>& parts,
                                         const store::Condition& condition, Upload& upload) {
  const bool copies =
      std::any_of(parts.begin(), parts.end(), [](const PlannedPart& part) { return part.copy; });
  return upload_in_parts(
      store_, pool_, config_.parallel, attempt.key, attempt.attributes,
      copies ? store::PartOrigin::mixed : store::PartOrigin::sent, condition, parts.size(),
      [&](const store::UploadId& id, std::size_t i) -> Result<store::UploadedPart> {
        const int number = static_cast<int>(i) + 1;
        const Range& range = parts[i].range;
        Result<store::ETag> etag = Error{};
        if (parts[i].copy) {
          etag = store_.copy_part(attempt.key, id, number, attempt.key, now.base,
                                  {range.begin, range.size()});
          if (etag) upload.moved(0, range.size());
        } else {
          FileSource body(*now.local, range, &upload);
          etag = store_.upload_part(attempt.key, id, number, body);
        }
        if (!etag) return etag.error();
        return store::UploadedPart{number, std::move(*etag), range.size()};
      });
}

Result<store::ETag> Uploader::rewrite_attributes(const Snapshot& now, const Attempt& attempt) {
  CopyJob job;
  job.source = attempt.key;
  job.destination = attempt.key;
  job.version = now.base;
  job.size = now.base_size;
  job.attributes = attempt.attributes;
  return copier_.copy(job, config_.no_copy_api);
}

}  // namespace pailfs::fs
