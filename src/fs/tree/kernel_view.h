// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "fs/format/object_headers.h"

namespace pailfs::fs {

/// What the kernel takes for the attributes of a file: what an answer said last, and what it has
/// made of that by its own writes. An open may learn that the store has another version by now, but
/// its answer has no room for attributes, and without writeback cache the kernel goes by the old
/// size where it asks nobody: where it puts an append, and which pages of a mapping it serves.
/// `compare` says what must be done before an open is answered; `place` keeps appends right even
/// so.
///
/// Linux 6.18, fs/fuse: fuse_change_attributes (an answer sets size and drops pages when size or
/// mtime differ), fuse_perform_write, generic_write_checks (the offset of an append).
///
/// Guarded by Inode::content_mutex. Nothing waits.
class KernelView final {
 public:
  /// An answer carried these.
  void told(const Attr& attr);
  /// The kernel has forgotten the file, or has not taken an answer.
  void forgotten() { shown_.reset(); }
  /// It has written up to `end`, by its own count, and knows that the times have moved to those.
  void wrote(std::uint64_t end, const Stat& now);
  /// It has set the size.
  void resized(std::uint64_t size);

  enum class Agreement {
    same,
    attributes_differ,  ///< it must ask for them when it needs them
    size_differs        ///< it must look the name up before the file is opened
  };
  /// With what is now so.
  [[nodiscard]] Agreement compare(const Attr& attr) const;

  /// An open is to be answered with ESTALE, upon which the kernel looks the name up and opens once
  /// more. False when that was tried: the name was not looked up, as for /proc/self/fd/N, or the
  /// file changes faster than that.
  [[nodiscard]] bool may_refuse(const store::ETag& version, MonoTime now);

  /// Where a write goes that the kernel has put at `offset` because it appends, in a file of `size`
  /// bytes. The kernel sends the pieces of an append one after the other, each behind the last;
  /// with O_DIRECT (`direct`) side by side.
  [[nodiscard]] std::uint64_t place(std::uint64_t offset, std::uint64_t size, bool direct) const;

 private:
  struct Shown {
    std::uint64_t size = 0;
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    WallTime mtime{};
    WallTime ctime{};
  };
  std::optional<Shown> shown_;
  /// It has been wrong once about the size: of its offsets some may still be on their way.
  bool mistaken_ = false;
  store::ETag refused_;
  MonoTime refused_at_{};
};

}  // namespace pailfs::fs
