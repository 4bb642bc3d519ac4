// SPDX-License-Identifier: Apache-2.0
#include "uploader.h"

#include <algorithm>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/upload_cache.h"
#include "upload_plan.h"

namespace pailfs::fs {
namespace {

/// Files of fewer parts are sent when they are closed: side by side that takes little longer, and
/// they get their final times and mode with the same request.
constexpr std::uint64_t kEarlyParts = 4;
/// Bytes of a file that stays open are kept up to this when they have been stored.
constexpr std::uint64_t kKeptAfterStoring = 1U << 20U;

/// No other version has the same times, to the nanosecond.
bool has_all(const store::ObjectAttributes& found, const store::ObjectAttributes& wanted) {
  return !wanted.metadata.empty() &&
         std::all_of(wanted.metadata.begin(), wanted.metadata.end(), [&](const auto& field) {
           return std::find(found.metadata.begin(), found.metadata.end(), field) !=
                  found.metadata.end();
         });
}

/// An upload that was begun early has failed, but the file can be stored otherwise.
bool wants_another_way(const Error& error, bool copies) {
  if (error.s3_code == "NoSuchUpload") return true;
  return copies && (error.err == ENOTSUP || error.err == EFBIG || error.s3_code == "InvalidPart");
}

}  // namespace

store::ObjectAttributes Uploader::new_attributes(const std::string& path, const Stat& stat) const {
  store::ObjectAttributes base;
  base.content_type = S_ISREG(stat.mode) ? mime_.type_of(path) : "application/octet-stream";
  return encode(stat, std::move(base));
}

Status Uploader::store(const InodePtr& inode) {
  const auto path = inodes_.path(inode);
  std::shared_ptr<FileContent> content;
  {
    MutexLock lock(inode->content_mutex);
    content = inode->content;
    if (!content || !content->dirty()) return {};
  }
  if (!path) {
    MutexLock lock(inode->content_mutex);
    // Unlinked here: what it holds is for its open handles only.
    if (content->orphaned) return {};
    // Replaced or removed elsewhere: storing it would undo that, so its writers are told.
    return note_failure(
        *content, {},
        {ESTALE, "a file was replaced elsewhere while open; what was written to it is not stored"});
  }

  // Reading the content without its lock is safe from here on: only holders of inode->object_mutex
  // change it. What this function itself changes in it, it changes under the lock.
  const store::Key key = file_key(config_.prefix, *path);
  if (content->bytes_dirty && content->stat.size > 0 && !content->local) {
    MutexLock lock(inode->content_mutex);
    content->local = std::make_shared<cache::BlockFile>(space_);
  }
  if (content->doubt) settle_doubt(*inode, *content, key);
  const bool send = content->bytes_dirty || !content->stored;
  const store::ETag before = content->base;
  std::optional<store::ObjectAttributes> begun;
  if (content->stream) begun = content->stream->target().attributes;
  const auto early = content->stream ? finish_early(*inode, *content, key) : std::nullopt;
  store::ObjectAttributes attributes = attributes_now(*content, *path);
  const auto write = [&](const store::ObjectAttributes& with, bool again) -> Result<store::ETag> {
    if (early && !*early && !again) return *early;
    const bool bytes_there = early && *early;
    if (bytes_there && content->taken == with) return *early;
    if (bytes_there || !send) return rewrite_metadata(*content, key, with);
    Upload upload(uploads_, *path, content->stat.size);
    return send_bytes(*inode, *content, key, with, upload);
  };
  auto etag = write(attributes, false);
  const bool stale = !etag && etag.error().err == ESTALE && content->is_all_here();
  if (stale && find_own_version(*inode, *path)) etag = write(attributes, true);
  std::optional<Error> refused;
  if (!etag && etag.error().err == E2BIG && (send || early)) {
    refused = etag.error();
    // The bytes do not go because of the attributes: those that the store took before will do.
    for (const auto& less : {encode(content->stat, content->taken), content->taken}) {
      attributes = less;
      etag = write(attributes, true);
      if (etag || etag.error().err != E2BIG) break;
    }
  }

  if (etag && (early || send)) {
    blocks_.forget({key, *etag, content->stat.size});
    if (!(before == *etag)) blocks_.forget({key, before, content->stat.size});
  }
  if (etag && !early && !send) {
    const std::uint64_t size = content->base_size;
    keep_copied(blocks_, {key, content->base, size}, {key, *etag, size});
  }
  MutexLock lock(inode->content_mutex);
  if (!etag) {
    Error error = etag.error().with("store " + printable(*path));
    const bool gone = error.err == ENOENT && content->stored && error.s3_code != "NoSuchUpload" &&
                      error.s3_code != "NoSuchBucket";
    if (gone) error.err = ESTALE;  // removed elsewhere: of the version opened there is no more
    if (error.in_doubt) {
      note_doubt(*content, *path, early && !*early ? std::move(*begun) : attributes);
    }
    if (error.err == ESTALE) known_.denied(*path, content->base);
    return note_failure(*content, *path, std::move(error));
  }
  content->stored = true;
  content->doubt.reset();
  content->base = *etag;
  content->base_size = content->stat.size;
  content->base_visible = content->stat.size;
  const bool told = refused && (content->metadata_dirty || content->attributes != content->taken);
  content->attributes = content->taken = attributes;
  content->bytes_dirty = false;
  content->metadata_dirty = false;
  content->times_given = false;
  content->changed.clear();
  // The store has it all: what is large, or not all here any more, is read from there.
  if (content->local && (content->local->lacks_any() || content->stat.size > kKeptAfterStoring)) {
    content->local = nullptr;
  }
  inode->page_cache_follows(before, *etag);

  Node node;
  node.form = Form::file;
  node.stat = content->stat;
  node.info.size = content->stat.size;
  node.info.etag = *etag;
  node.info.attributes = attributes;
  known_.stored(*path, node);
  if (!refused) return {};
  known_.erase(*path);
  const Error error =
      refused->with(printable(*path) + ": its bytes are stored, its new attributes are not");
  if (told) return note_failure(*content, *path, error);
  log_warning(error.text);
  return {};
}

store::ObjectAttributes Uploader::attributes_now(const FileContent& content,
                                                 const std::string& path) const {
  store::ObjectAttributes attributes = content.attributes;
  if (attributes.content_type.empty()) attributes.content_type = mime_.type_of(path);
  return encode(content.stat, std::move(attributes));
}

bool Uploader::worth_beginning(const FileContent& content) const {
  if (content.stream || content.orphaned || config_.no_multipart || !content.local) return false;
  const std::uint64_t from = content.base_visible;
  if (from > 0 && !can_append(content)) return false;
  return content.stat.size >= from + kEarlyParts * config_.multipart_size &&
         content.local->present().front(from) >= from + config_.multipart_size;
}

/// The store copies the old part. Where it is short, or so long that few parts would be left, all
/// is done when the file is closed.
bool Uploader::can_append(const FileContent& content) const {
  const std::uint64_t from = content.base_visible;
  return content.stored && config_.copies_parts() && store_.copies_parts() && from >= kMinPart &&
         from / std::max(config_.copy_part_size, kMinPart) < kMaxParts / 10 &&
         content.changed.present({0, from}).empty();
}

void Uploader::begin_early(const InodePtr& inode) {
  const auto path = inodes_.path(inode);
  if (!path) return;
  MutexLock lock(inode->content_mutex);
  FileContent& content = *inode->content;
  if (content.failures > 0 || !worth_beginning(content)) return;
  PartStream::Target target;
  target.path = *path;
  target.key = file_key(config_.prefix, *path);
  target.attributes = attributes_now(content, *path);
  target.stat = content.stat;
  const std::uint64_t from = content.base_visible;
  if (from > 0) {
    target.version = content.base;
    target.copies = plan_copy(from, config_.copy_part_size);
  }
  content.stream = std::make_shared<PartStream>(
      PartStream::Means{store_, pool_, config_.parallel, uploads_, abandoned_}, std::move(target),
      content.local, std::max(config_.multipart_size, kMinPart));
  content.stream->wrote({from, content.stat.size}, content.local->present().front(from));
}

/// Nothing when the upload that was begun is of no use and everything has to be sent anew. After
/// success the content's base is what was stored, with the attributes it began with.
std::optional<Result<store::ETag>> Uploader::finish_early(Inode& inode, FileContent& content,
                                                          const store::Key& key) {
  std::shared_ptr<PartStream> stream;
  {
    MutexLock lock(inode.content_mutex);
    stream.swap(content.stream);
  }
  // Renamed, or cut so short that one request does.
  const bool all_here = content.is_all_here();
  if (stream->target().key != key || (all_here && content.stat.size < config_.multipart_size)) {
    stream->give_up();
    if (all_here) return std::nullopt;
    return Error{EIO, "the upload that holds its first bytes has another name"};
  }
  auto etag = stream->finish(content.stat.size);
  if (!etag && all_here && wants_another_way(etag.error(), stream->copied() > 0))
    return std::nullopt;
  if (!etag) {
    // With all bytes here the next attempt begins anew; without, this upload is where the rest is.
    MutexLock lock(inode.content_mutex);
    if (all_here) return etag;
    content.stream = std::move(stream);
    if (!content.is_lost()) return etag;
    return etag.error().with("the upload that alone holds its first bytes is gone from the store");
  }
  MutexLock lock(inode.content_mutex);
  // The object has the times at which its upload began, unless somebody gave it others since.
  if (!content.times_given) {
    content.stat.atime = stream->target().stat.atime;
    content.stat.mtime = stream->target().stat.mtime;
    content.stat.ctime = stream->target().stat.ctime;
  }
  // The bytes are stored, whatever becomes of the attributes.
  content.stored = true;
  content.base = *etag;
  content.base_size = content.base_visible = content.stat.size;
  content.taken = stream->target().attributes;
  content.bytes_dirty = false;
  content.metadata_dirty = true;
  content.changed.clear();
  if (!all_here) content.local = nullptr;
  return etag;
}

void Uploader::note_doubt(FileContent& content, const std::string& path,
                          store::ObjectAttributes attributes) {
  if (!content.stored) content.hides_object = true;
  content.doubt = FileContent::Doubt{std::move(attributes), content.stat.size, content.stat.size};
  known_.doubted(path);
}

void Uploader::settle_doubt(Inode& inode, FileContent& content, const store::Key& key) {
  const auto info = store_.head(key);
  if (!info && info.error().err != ENOENT) return;
  MutexLock lock(inode.content_mutex);
  const std::optional<FileContent::Doubt> doubt = std::exchange(content.doubt, std::nullopt);
  if (!doubt || !info || info->size != doubt->size) return;
  if (!has_all(info->attributes, doubt->attributes)) return;
  content.stored = true;
  content.hides_object = false;
  content.base = info->etag;
  content.base_size = doubt->size;
  content.base_visible = doubt->visible;
  content.taken = doubt->attributes;
}

bool Uploader::find_own_version(Inode& inode, const std::string& path) {
  const auto ours = known_.stored_unseen(path);
  if (!ours) return false;
  {
    MutexLock lock(inode.content_mutex);
    const FileContent* const content = inode.content.get();
    if (content == nullptr || !content->stored || content->base != ours->info.etag) return false;
  }
  const MonoTime asked = clock_.now();
  const auto info = store_.head(file_key(config_.prefix, path));
  const bool same = info && info->etag != ours->info.etag && info->size == ours->info.size &&
                    has_all(info->attributes, ours->info.attributes);
  if (!same) return false;
  known_.learn(path, decode(*info, false, config_), asked);
  MutexLock lock(inode.content_mutex);
  if (!inode.content) return false;
  inode.content->base = info->etag;
  inode.page_cache_follows(ours->info.etag, info->etag);
  return true;
}

Error Uploader::note_failure(FileContent& content, const std::string& path, Error error) {
  ++content.failures;
  content.last_failure = std::move(error);
  MutexLock lock(failures_mutex_);
  ++failures_;
  last_failure_ = StoreFailure{clock_.wall(), path, content.last_failure};
  return content.last_failure;
}

void Uploader::report(Activity& activity) {
  activity.uploads = uploads_.snapshot();
  MutexLock lock(failures_mutex_);
  activity.store_failures = failures_;
  activity.last_failure = last_failure_;
}

Result<store::ETag> Uploader::send_bytes(Inode& inode, FileContent& content, const store::Key& key,
                                         const store::ObjectAttributes& attributes,
                                         Upload& upload) {
  static const RangeSet kNothing;
  UploadInput input;
  input.size = content.stat.size;
  input.local = content.local ? &content.local->present() : &kNothing;
  input.changed = &content.changed;
  input.base_size = content.stored ? content.base_visible : 0;
  input.part_size = config_.multipart_size;
  input.copy_part_size = config_.copy_part_size;
  input.multipart_allowed = !config_.no_multipart;
  input.copy_allowed = content.stored && config_.copies_parts() && store_.copies_parts();
  auto plan = plan_upload(input);
  if (!plan) return plan.error();

  if (!plan->download.empty()) {
    const Status fetched = fetch_into(store_, pool_, config_.parallel, key, content.base,
                                      plan->download, *content.local, inode.content_mutex);
    if (!fetched) return fetched.error();
  }
  if (!plan->parts.empty()) {
    auto etag = send_parts(content, key, attributes, plan->parts, upload);
    // Cannot be copied at all, or not beside parts of another size (Cloudflare R2).
    const bool no_part_copy =
        !etag && input.copy_allowed &&
        (etag.error().err == ENOTSUP || etag.error().s3_code == "InvalidPart");
    if (!no_part_copy) return etag;
    // Fetch what was to be copied and send everything.
    std::vector<Range> copied;
    for (const PlannedPart& part : plan->parts) {
      if (part.copy) copied.push_back(part.range);
    }
    const Status fetched = fetch_into(store_, pool_, config_.parallel, key, content.base, copied,
                                      *content.local, inode.content_mutex);
    if (!fetched) return fetched.error();
    input.copy_allowed = false;
    plan = plan_upload(input);
    if (!plan) return plan.error();
    return send_parts(content, key, attributes, plan->parts, upload);
  }
  if (content.stat.size == 0) {
    TextSource nothing("");
    return store_.put({key, attributes, {}, false}, nothing);
  }
  FileSource body(*content.local, {0, content.stat.size}, &upload);
  return store_.put({key, attributes, {}, false}, body);
}

Result<store::ETag> Uploader::send_parts(const FileContent& content, const store::Key& key,
                                         const store::ObjectAttributes& attributes,
                                         const std::vector<PlannedPart>& parts, Upload& upload) {
  const bool copies =
      std::any_of(parts.begin(), parts.end(), [](const PlannedPart& part) { return part.copy; });
  return upload_in_parts(
      store_, pool_, config_.parallel, key, attributes,
      copies ? store::PartOrigin::mixed : store::PartOrigin::sent, parts.size(),
      [&](const store::UploadId& id, std::size_t i) -> Result<store::UploadedPart> {
        const int number = static_cast<int>(i) + 1;
        const Range& range = parts[i].range;
        Result<store::ETag> etag = Error{};
        if (parts[i].copy) {
          etag = store_.copy_part(key, id, number, key, content.base, {range.begin, range.size()});
          if (etag) upload.moved(0, range.size());
        } else {
          FileSource body(*content.local, range, &upload);
          etag = store_.upload_part(key, id, number, body);
        }
        if (!etag) return etag.error();
        return store::UploadedPart{number, std::move(*etag), range.size()};
      });
}

Result<store::ETag> Uploader::rewrite_metadata(const FileContent& content, const store::Key& key,
                                               const store::ObjectAttributes& attributes) {
  CopyJob job;
  job.source = key;
  job.destination = key;
  job.version = content.base;
  job.size = content.base_size;
  job.attributes = attributes;
  return copier_.copy(job, config_.no_copy_api);
}

}  // namespace pailfs::fs
