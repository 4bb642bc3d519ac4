// SPDX-License-Identifier: Apache-2.0
#include "kernel_view.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

/// After a refusal no open is refused for so long. The kernel has just looked the name up, so a
/// second refusal would only mean that the store is asked anew each time (stat_cache_expire=0).
constexpr std::chrono::seconds kOnce{1};

}  // namespace

void KernelView::told(const Attr& attr) {
  if (shown_ && shown_->size != attr.size) mistaken_ = true;
  shown_ = Shown{attr.size, attr.mode, attr.uid, attr.gid, attr.mtime, attr.ctime};
  refused_ = {};
}

void KernelView::wrote(std::uint64_t end, const Stat& now) {
  if (!shown_) return;
  shown_->size = std::max(shown_->size, end);
  shown_->mtime = now.mtime;
  shown_->ctime = now.ctime;
}

void KernelView::resized(std::uint64_t size) {
  if (shown_) shown_->size = size;
}

KernelView::Agreement KernelView::compare(const Attr& attr) const {
  if (!shown_) return Agreement::attributes_differ;
  if (shown_->size != attr.size) return Agreement::size_differs;
  const bool same = shown_->mode == attr.mode && shown_->uid == attr.uid &&
                    shown_->gid == attr.gid && shown_->mtime == attr.mtime &&
                    shown_->ctime == attr.ctime;
  return same ? Agreement::same : Agreement::attributes_differ;
}

bool KernelView::may_refuse(const store::ETag& version, MonoTime now) {
  mistaken_ = true;
  const bool tried = !refused_.empty() && refused_ == version;
  if (tried || (refused_at_ != MonoTime{} && now - refused_at_ < kOnce)) return false;
  refused_ = version;
  refused_at_ = now;
  return true;
}

std::uint64_t KernelView::place(std::uint64_t offset, std::uint64_t size, bool direct) const {
  if (shown_ && !mistaken_) return offset;
  if (!direct || !shown_ || offset + size < shown_->size) return size;
  // The kernel's end and the real one move with each piece, so their distance is the same for a
  // late piece.
  return offset + size - shown_->size;
}

}  // namespace pailfs::fs
