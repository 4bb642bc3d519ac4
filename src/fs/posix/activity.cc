// SPDX-License-Identifier: Apache-2.0
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

/// The unstored part of a file; nothing when all is stored, or when the file has no name to be
/// stored under.
std::optional<UnstoredFile> unstored_part(Inode& inode) {
  MutexLock lock(inode.content_mutex);
  if (!inode.content || !inode.content->must_be_stored()) return std::nullopt;
  const FileContent& content = *inode.content;
  UnstoredFile file;
  const bool has_bytes = content.has_unstored_bytes() && content.local();
  file.bytes = has_bytes ? content.local()->present().total() : 0;
  if (content.failures() > 0) file.failure = content.last_failure().text;
  return file;
}

}  // namespace

std::uint64_t Activity::unstored_bytes() const {
  std::uint64_t bytes = 0;
  for (const UnstoredFile& file : unstored) bytes += file.bytes;
  return bytes;
}

Activity PosixFileSystem::activity() {
  Activity activity;
  activity.open_files = files_.size();
  for (const InodePtr& inode : inodes_.pinned()) {
    std::optional<UnstoredFile> file = unstored_part(*inode);
    if (!file) continue;
    file->path = inodes_.path(inode).value_or(std::string());
    activity.unstored.push_back(std::move(*file));
  }
  uploader_.report(activity);
  lost_races_.report(activity);
  if (locks_) activity.locks = locks_->counts();
  const NodeCache::Sizes known = known_.nodes.sizes();
  activity.cached_attributes = known.attributes;
  activity.cached_listings = known.listings;
  if (kept_) activity.kept_bytes = kept_->size();
  if (kept_) activity.blocks_without_room = kept_->without_room();
  return activity;
}

}  // namespace pailfs::fs
