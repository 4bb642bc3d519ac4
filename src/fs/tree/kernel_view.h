// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "fs/format/object_headers.h"

namespace pailfs::fs {

/// The kernel's idea of the attributes of a file: those of our last answer, changed by the kernel's
/// own writes since. An open may learn that the store has another version by now, but its answer
/// has no room for attributes, and without writeback cache the kernel uses the old size for appends
/// and for the pages of a mapping without asking us. `compare` says whether the kernel must get new
/// attributes before an open is answered; `place` corrects the offset of appends even so.
///
/// Linux 6.18, fs/fuse: fuse_change_attributes (an answer sets size and drops pages when size or
/// mtime differ), fuse_perform_write, generic_write_checks (the offset of an append).
///
/// Guarded by Inode::content_mutex. Nothing waits.
class KernelView final {
 public:
  /// Tells that an answer to the kernel has these attributes.
  void told(const Attr& attr);
  /// Tells that the kernel has forgotten the file, or has not taken an answer.
  void forgotten() { shown_.reset(); }
  /// Tells that the kernel has written up to `end`, by its own count, and has the times of `now`.
  void wrote(std::uint64_t end, const Stat& now);
  /// Tells that bytes which the kernel has appended were put in another place since.
  void misplaced() { mistaken_ = true; }
  /// Tells that the kernel has set the size.
  void resized(std::uint64_t size);

  enum class Agreement {
    same,
    attributes_differ,  ///< it must ask for them when it needs them
    size_differs        ///< it must look the name up before the file is opened
  };
  /// Compares the kernel's idea with the present attributes.
  [[nodiscard]] Agreement compare(const Attr& attr) const;

  /// The kernel has been told another file type; it refuses an answer of this one with EIO.
  [[nodiscard]] bool has_other_type(mode_t mode) const {
    return shown_ && ((shown_->mode ^ mode) & S_IFMT) != 0;
  }

  /// Whether an open may be answered with ESTALE, upon which the kernel looks the name up and opens
  /// once more. False when that was tried a moment ago: the kernel did not look the name up, as for
  /// /proc/self/fd/N, or the file changes faster.
  [[nodiscard]] bool may_refuse(const store::ETag& version, MonoTime now);

  /// The right offset of an append that the kernel has put at `offset`, in a file of `size` bytes.
  /// The kernel sends the pieces of an append one after the other, each behind the last; with
  /// O_DIRECT (`direct`) side by side.
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
  /// The kernel was wrong once about the size, so that writes with wrong offsets may still be on
  /// their way.
  bool mistaken_ = false;
  store::ETag refused_;
  MonoTime refused_at_{};
};

}  // namespace pailfs::fs
