// SPDX-License-Identifier: Apache-2.0
// Readers at the end of a file that others append to (tail -f).
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fs/read/front_proof.h"
#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

Error not_followed() {
  return {ESTALE,
          "the file was replaced elsewhere, cut or removed, while a reader waited at its end"};
}

}  // namespace

Status PosixFileSystem::follow(const InodePtr& inode, const AtEnd& at_end) {
  if (inode->directory) return {};
  const MonoTime now = clock_.now();
  std::uint64_t size = 0;
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->may_grow()) return {};
    if (!inode->content->shown().may_look(now)) return {};
    size = inode->content->stat().size;
  }
  const std::optional<bool> told = at_end ? at_end(inode->id, size) : std::nullopt;
  bool at_its_end = false;
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->may_grow()) return {};
    Shown& shown = inode->content->shown();
    at_its_end = told.value_or(shown.reached_end());
    if (shown.is_replaced()) return at_its_end ? Status(not_followed()) : Status();
    if (at_its_end) shown.ask(now);
    if (!shown.is_followed() || !shown.is_due(now)) return {};
  }
  MutexLock changing(inode->object_mutex);
  if (const Status wanted = still_wanted(); !wanted) return wanted;
  const auto path = inodes_.path(inode);
  if (path && paths_.is_being_renamed(*path)) return {};
  Successor successor = Successor::other;
  if (path) {
    const auto node = fresh_node(*path);
    const bool gone = !node && node.error().err == ENOENT;
    if (!node && !gone) successor = Successor::unknown;
    if (node && node->form == Form::file) successor = take_successor(inode, *path, *node);
  }
  MutexLock lock(inode->content_mutex);
  if (!inode->content || !inode->content->may_grow()) return {};
  Shown& shown = inode->content->shown();
  if (successor != Successor::other) {
    shown.confirm(now);
    return {};
  }
  shown.replace();
  return at_its_end ? Status(not_followed()) : Status();
}

PosixFileSystem::Successor PosixFileSystem::take_successor(const InodePtr& inode,
                                                           const std::string& path,
                                                           const Node& node) {
  const store::Key key = file_key(config_.prefix, path);
  const Version next{key, node.info.etag, node.info.size};
  Version open;
  std::vector<Range> shown;
  {
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->may_grow()) return Successor::unknown;
    FileContent& content = *inode->content;
    if (content.base() == next.etag) return Successor::same;
    open = {key, content.base(), content.base_size()};
    shown = content.shown().ranges(open.size);
  }
  const auto front = FrontProof(fetcher_).find_out(open, next, shown);
  if (!front) return Successor::unknown;
  MutexLock lock(inode->content_mutex);
  if (!inode->content || !inode->content->may_grow()) return Successor::unknown;
  if (inode->content->base() != open.etag) return Successor::unknown;
  if (*front != Front::same) {
    log_info([&] {
      return printable(path) + (*front == Front::differs
                                    ? ": replaced elsewhere, not appended to"
                                    : ": has another version, of which cannot be proven that it "
                                      "begins with what was read");
    });
    return Successor::other;
  }
  inode->content->grew(node);
  // The pages that the kernel has may be of less than was proven to be the same.
  inode->paged_version = {};
  return Successor::longer;
}

bool PosixFileSystem::follows_to(const InodePtr& inode, const std::string& path,
                                 const store::ETag& open, const Node& node) {
  {
    // One that has read to the end may be about to follow the file.
    MutexLock lock(inode->content_mutex);
    if (!inode->content || !inode->content->shown().reached_end()) return false;
  }
  if (node.form != Form::file) return false;
  MutexLock changing(inode->object_mutex);
  if (inodes_.path(inode) != path) return false;
  {
    // An answer that is older than the version of now is none about it.
    MutexLock lock(inode->content_mutex);
    if (inode->content && inode->content->base() != open) return true;
  }
  const Successor successor = take_successor(inode, path, node);
  if (successor == Successor::other) {
    MutexLock lock(inode->content_mutex);
    if (inode->content && inode->content->shown().is_followed()) inode->content->shown().replace();
  }
  return successor == Successor::longer;
}

}  // namespace pailfs::fs
