// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "pailfs/util/errand.h"

#include "fs/write/upload_plan.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

constexpr std::uint64_t kMostZeros = 1U << 20U;  // at once

}  // namespace

Status PosixFileSystem::check_growth(const FileContent& content, std::uint64_t size,
                                     std::uint64_t hole_end) const {
  if (content.is_orphaned()) return {};  // will never be an object
  const store::Limits limits = store_.limits();
  if (size > (config_.no_multipart ? limits.largest_part : limits.largest_object())) {
    return Error{EFBIG, config_.no_multipart
                            ? "no object can be larger than 5 GiB without multipart"
                            : "no object can be so large"};
  }
  // The zeros begin behind the visible bytes of the stored version.
  const std::uint64_t from = content.base_visible();
  if (hole_end <= from || hole_end - from <= config_.hole_limit) return {};
  std::uint64_t zeros = hole_end - from;
  if (content.local()) {
    for (const Range& piece : content.local()->present().present({from, hole_end})) {
      zeros -= piece.size();
    }
  }
  if (zeros <= config_.hole_limit) return {};
  return Error{EFBIG, std::to_string(zeros >> 20U) +
                          " MiB of zeros that no program has written would have to be stored, more "
                          "than hole_limit allows"};
}

Status PosixFileSystem::write_zeros(HandleId handle, Inode& inode, Range range) {
  // Holes are zeros already, and may be larger than any disk.
  RangeSet data;
  {
    MutexLock lock(inode.content_mutex);
    const FileContent& content = *inode.content;
    range.end = std::min(range.end, content.stat().size);
    if (content.local()) {
      for (const Range& piece : content.local()->present().present(range)) data.add(piece);
    }
    data.add({range.begin, std::max(range.begin, std::min(range.end, content.base_visible()))});
  }
  const std::vector<char> zeros(std::min(data.total(), kMostZeros));
  for (const Range& piece : data.present(range)) {
    for (std::uint64_t at = piece.begin; at < piece.end;) {
      const std::uint64_t count = std::min<std::uint64_t>(piece.end - at, zeros.size());
      const auto written = write(handle, at, std::span(zeros).first(count), {});
      if (!written) return written.error();
      at += count;
    }
  }
  return {};
}

Status PosixFileSystem::allocate(HandleId handle, const Allocation& what, const Caller& caller) {
  const auto file = find_file(handle);
  if (!file) return file.error();
  if (!(*file)->writable) return Error{EBADF, "not open for writing"};
  const InodePtr& inode = (*file)->inode;
  if (const Status held = check_locks(*inode); !held) return held;
  drop_set_ids(*inode, caller);
  const std::uint64_t end = what.offset + what.size;
  if (!what.zero && config_.size_shown > 0 && end > config_.size_shown) {
    return Error{ENOSPC, "more than bucket_size"};
  }
  if (what.zero) {
    const Status zeroed = write_zeros(handle, *inode, {what.offset, end});
    if (!zeroed) return zeroed;
  }
  const auto held = hold(inode);
  if (!held) return held.error();
  MutexLock changing(inode->object_mutex);
  if (const Status whole = upload_to_read_back(inode, {0, UINT64_MAX}); !whole) return whole;
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  MutexLock lock(inode->content_mutex);
  FileContent& content = *inode->content;
  if (what.grows && end > content.stat().size) {
    const Status grown = resize(content, end);
    if (!grown) return grown;
  }
  content.touch(clock_.wall());
  inode->kernel.wrote(what.grows ? end : 0, content.stat());
  return {};
}

}  // namespace pailfs::fs
