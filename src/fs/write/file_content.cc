// SPDX-License-Identifier: Apache-2.0
#include "file_content.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace pailfs::fs {
namespace {

/// A file up to this size that stays open keeps its local bytes after they are stored.
constexpr std::uint64_t kKeptAfterStoring = 1U << 20U;
constexpr std::uint64_t kMovedAtOnce = 256U << 10U;

}  // namespace

void ContentDeleter::operator()(FileContent* content) const {
  delete content;
}

ContentPtr FileContent::of_new_file(const Stat& stat, store::ObjectAttributes attributes,
                                    store::ObjectAttributes taken, Making making) {
  ContentPtr content(new FileContent());
  content->stat_ = stat;
  content->attributes_ = std::move(attributes);
  content->taken_ = std::move(taken);
  content->bytes_dirty_ = true;
  content->succession_ = Succession::of_new(making);
  return content;
}

ContentPtr FileContent::of_stored(const Node& node) {
  ContentPtr content(new FileContent());
  content->stat_ = node.stat;
  content->attributes_ = content->taken_ = node.info.attributes;
  content->stored_ = true;
  content->base_ = node.info.etag;
  content->base_size_ = content->base_visible_ = node.info.size;
  return content;
}

void FileContent::grew(const Node& node) {
  local_ = nullptr;  // the store has all of it
  stat_ = node.stat;
  attributes_ = taken_ = node.info.attributes;
  base_ = node.info.etag;
  base_size_ = base_visible_ = node.info.size;
}

Node FileContent::node() const {
  Node node;
  node.form = Form::file;
  node.stat = stat_;
  node.info.size = base_size_;
  node.info.etag = base_;
  node.info.attributes = attributes_;
  return node;
}

FileContent::Snapshot FileContent::snapshot() const {
  return {stat_, attributes_, taken_, stored_, base_, base_size_, base_visible_, local_};
}

FileContent::Before FileContent::before_change() const {
  return {stat_, attributes_, base_visible_, times_given_, failures_, succession_};
}

std::vector<Range> FileContent::only_in_base(Range range) const {
  const Range visible{range.begin, std::min(range.end, base_visible_)};
  if (!stored_ || visible.empty()) return {};
  return local_ ? local_->present().missing(visible) : std::vector<Range>{visible};
}

bool FileContent::is_copy_of_base() const {
  if (!stored_ || is_dirty() || orphaned_ || !local_) return false;
  const Range all{0, stat_.size};
  return !local_->lacks(all) && local_->present().missing(all).empty();
}

void FileContent::add_user(bool writer) {
  ++users_;
  if (writer) ++writers_;
}

void FileContent::remove_user(bool writer) {
  --users_;
  if (writer) --writers_;
}

bool FileContent::keep_unstored() {
  return !std::exchange(kept_unstored_, true);
}

Status FileContent::write(std::uint64_t offset, std::span<const char> bytes,
                          const cache::LocalSpace& space, WallTime now, bool appends) {
  const Range range{offset, offset + bytes.size()};
  const Status written = make_local(space)->write(offset, bytes);
  if (!written) {
    // Some of the bytes may have replaced those of the stored version here, which are then read
    // from the store.
    if (!is_dirty()) local_ = nullptr;
    return written;
  }
  changed_.add(range);
  succession_.wrote(offset, stat_.size, appends);
  stat_.size = std::max(stat_.size, range.end);
  if (doubt_) doubt_->shows = std::max(doubt_->shows, range.end);
  stat_.mtime = stat_.ctime = now;
  bytes_dirty_ = true;
  if (kept_) kept_->is_current = false;
  times_given_ = false;
  if (!stream_) return {};
  const std::uint64_t copied = stream_->copied();
  if (range.begin < copied) {
    // The store would copy the old bytes of this range. All bytes that were sent are still here.
    drop_stream();
  } else {
    stream_->wrote(range, local_->present().front(copied));
  }
  return {};
}

Status FileContent::truncate(std::uint64_t size) {
  if (size == stat_.size) {
    // The program wants an empty file, whatever another client makes meanwhile.
    if (size == 0 && !stored_) succession_.truncated(0);
    return {};
  }
  if (local_) {
    if (const Status cut = local_->truncate(size); !cut) return cut;
  }
  base_visible_ = std::min(base_visible_, size);
  if (doubt_) doubt_->visible = std::min(doubt_->visible, size);
  if (doubt_) doubt_->shows = size;
  changed_.remove({size, UINT64_MAX});
  if (stream_ && (size == 0 || size < stream_->copied())) drop_stream();
  if (stream_) stream_->truncated(size);
  stat_.size = size;
  bytes_dirty_ = true;
  if (kept_) kept_->is_current = false;
  succession_.truncated(size);
  return {};
}

Status FileContent::empty(WallTime now) {
  if (const Status cut = truncate(0); !cut) return cut;
  succession_.truncated(0);
  stat_.mtime = stat_.ctime = now;
  bytes_dirty_ = true;
  return {};
}

void FileContent::change_attributes(const Stat& stat, store::ObjectAttributes attributes,
                                    bool times_given) {
  confirm_attributes(stat);
  attributes_ = std::move(attributes);
  attributes_dirty_ = true;
  times_given_ = times_given_ || times_given;
}

void FileContent::confirm_attributes(const Stat& stat) {
  const std::uint64_t size = stat_.size;
  stat_ = stat;
  stat_.size = size;
}

void FileContent::change_mode(mode_t mode) {
  stat_.mode = mode;
  attributes_dirty_ = true;
}

void FileContent::touch(WallTime now) {
  stat_.mtime = stat_.ctime = now;
  attributes_dirty_ = true;
}

void FileContent::take_back_attributes(const Before& before) {
  confirm_attributes(before.stat);
  attributes_ = before.attributes;
}

void FileContent::take_back(const Before& before) {
  stat_ = before.stat;
  attributes_ = before.attributes;
  base_visible_ = before.base_visible;
  times_given_ = before.times_given;
  failures_ = before.failures;
  succession_ = before.succession;
  bytes_dirty_ = false;
  attributes_dirty_ = false;
  // Nothing was changed before, since the attempt of which there is a doubt.
  if (doubt_) doubt_->visible = doubt_->shows = doubt_->size;
}

const std::shared_ptr<cache::BlockFile>& FileContent::make_local(const cache::LocalSpace& space) {
  if (!local_) local_ = std::make_shared<cache::BlockFile>(space);
  return local_;
}

bool FileContent::give_up_local() {
  if (orphaned_ || is_dirty()) return false;
  local_ = nullptr;
  return true;
}

void FileContent::begin_stream(std::shared_ptr<PartStream> stream) {
  stream_ = std::move(stream);
  const std::uint64_t copied = stream_->copied();
  stream_->wrote({copied, stat_.size}, local_->present().front(copied));
}

std::shared_ptr<PartStream> FileContent::take_stream() {
  return std::exchange(stream_, nullptr);
}

void FileContent::put_back_stream(std::shared_ptr<PartStream> stream) {
  stream_ = std::move(stream);
}

void FileContent::drop_stream() {
  if (stream_) stream_->give_up();
  stream_ = nullptr;
}

void FileContent::bytes_became_stored(const store::ETag& etag, const PartStream::Target& target) {
  // The object has the times at which its upload began, unless a program gave it others since.
  if (!times_given_) {
    stat_.atime = target.stat.atime;
    stat_.mtime = target.stat.mtime;
    stat_.ctime = target.stat.ctime;
  }
  stored_ = true;
  hides_object_ = false;
  base_ = etag;
  base_size_ = base_visible_ = stat_.size;
  taken_ = target.attributes;
  succession_.stored();
  bytes_dirty_ = false;
  attributes_dirty_ = true;
  changed_.clear();
  if (!is_all_here()) local_ = nullptr;
}

void FileContent::became_stored(const store::ETag& etag,
                                const store::ObjectAttributes& attributes) {
  stored_ = true;
  hides_object_ = false;
  doubt_.reset();
  base_ = etag;
  base_size_ = base_visible_ = stat_.size;
  attributes_ = taken_ = attributes;
  succession_.stored();
  bytes_dirty_ = false;
  attributes_dirty_ = false;
  times_given_ = false;
  changed_.clear();
  // The store has all bytes: a large file, or one that is not all here any more, is read from
  // there.
  if (local_ && (local_->lacks_any() || stat_.size > kKeptAfterStoring)) local_ = nullptr;
}

void FileContent::note_doubt(store::ObjectAttributes attributes) {
  if (!stored_) hides_object_ = true;
  doubt_ = Doubt{std::move(attributes), stat_.size, stat_.size, stat_.size};
}

void FileContent::settle_doubt(const Node* made) {
  if (!doubt_) return;
  Doubt doubt = std::move(*doubt_);
  doubt_.reset();
  if (made == nullptr) return;
  if (!is_dirty()) return take_version(*made);
  if (stat_.size != doubt.shows) static_cast<void>(truncate(doubt.shows));
  stored_ = true;
  hides_object_ = false;
  base_ = made->info.etag;
  base_size_ = doubt.size;
  base_visible_ = std::min(doubt.visible, stat_.size);
  succession_.stored_up_to(doubt.size);
  taken_ = std::move(doubt.attributes);
}

void FileContent::renamed(const store::ETag& etag, WallTime ctime,
                          const store::ObjectAttributes& attributes) {
  base_ = etag;
  stat_.ctime = ctime;
  attributes_ = taken_ = attributes;
}

void FileContent::renamed_unstored(WallTime ctime, const std::string& content_type,
                                   const store::ETag* hides, bool exclusive) {
  stat_.ctime = ctime;
  attributes_.content_type = taken_.content_type = content_type;
  hides_object_ = hides != nullptr;
  succession_.renamed(exclusive, hides_object_ ? *hides : store::ETag());
  doubt_.reset();
}

Status FileContent::move_behind(const Node& node, std::uint64_t from,
                                const cache::LocalSpace& space) {
  const std::uint64_t begin = node.info.size;
  auto moved = std::make_shared<cache::BlockFile>(space);
  std::vector<char> piece(std::min<std::uint64_t>(stat_.size - from, kMovedAtOnce));
  for (std::uint64_t at = from; at < stat_.size;) {
    const std::span<char> out(piece.data(), std::min<std::uint64_t>(piece.size(), stat_.size - at));
    if (const Status read = local_->read(at, out); !read) return read;
    if (const Status put = moved->write(begin + (at - from), out); !put) return put;
    at += out.size();
  }
  const std::uint64_t end = begin + (stat_.size - from);
  drop_stream();
  local_ = std::move(moved);
  changed_.clear();
  changed_.add({begin, end});
  const WallTime mtime = stat_.mtime;
  take_over(node);
  stat_.size = end;
  stat_.mtime = stat_.ctime = std::max(mtime, node.stat.mtime);
  bytes_dirty_ = true;
  succession_.moved_behind(begin);
  return {};
}

Status FileContent::begin_anew(std::uint64_t from, const cache::LocalSpace& space) {
  Node nothing;
  nothing.stat = stat_;
  nothing.stat.size = 0;
  nothing.info.attributes = taken_;
  const Status moved = move_behind(nothing, from, space);
  if (!moved) return moved;
  stored_ = false;
  succession_ = Succession::of_new(Making::shared);
  return {};
}

void FileContent::follow(const Node& node) {
  local_ = nullptr;
  changed_.clear();
  take_over(node);
  bytes_dirty_ = false;
  succession_ = Succession::of_stored();
}

void FileContent::take_version(const Node& node) {
  follow(node);
  shown_ = Shown();
}

void FileContent::take_over(const Node& node) {
  if (attributes_dirty_) {
    stat_.size = node.stat.size;
  } else {
    stat_ = node.stat;
    attributes_ = node.info.attributes;
  }
  taken_ = node.info.attributes;
  stored_ = true;
  hides_object_ = false;
  doubt_.reset();
  base_ = node.info.etag;
  base_size_ = base_visible_ = node.info.size;
}

void FileContent::orphan(WallTime now) {
  const bool all_kept = is_all_here() && only_in_base({0, UINT64_MAX}).empty();
  orphaned_ = true;
  hides_object_ = false;
  drop_stream();
  stat_.ctime = now;
  if (!all_kept) return;
  stored_ = false;
  base_visible_ = 0;
}

void FileContent::failed(Error error) {
  ++failures_;
  last_failure_ = std::move(error);
}

const char* FileContent::broken_rule() const {
  const bool clean = !bytes_dirty_ && !orphaned_;
  if (stored_ && hides_object_) return "what is stored hides no other object";
  if (orphaned_ && hides_object_) return "an orphan has no name that could hide an object";
  if (orphaned_ && stream_) return "an orphan is not sent";
  if (stream_ && !local_) return "what is sent is in the local file";
  if (base_visible_ > base_size_) return "no more of the base version shows than there is";
  if (base_visible_ > stat_.size) return "no more of the base version shows than the file has";
  if (!stored_ && base_visible_ > 0) return "only a stored version shows";
  if (clean && !stored_) return "what is not stored is dirty";
  if (clean && stat_.size != base_visible_) return "a clean file is as large as its object";
  if (clean && !changed_.empty()) return "nothing of a clean file has changed";
  if (!changed_.present({stat_.size, UINT64_MAX}).empty()) return "changes are within the file";
  if (!changed_.empty() && !local_) return "what has changed is in the local file";
  if (doubt_ && doubt_->visible > doubt_->size) return "no more of a doubt shows than it has";
  if (bound_ > users_) return "bound handles are users";
  if (succession_.appended_from().value_or(0) > stat_.size)
    return "appended bytes are within the file";
  if (writers_ > users_) return "writers are users";
  return nullptr;
}

}  // namespace pailfs::fs
