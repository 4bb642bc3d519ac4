// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "pailfs/cache/block_file.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/result.h"

#include "fs/format/object_headers.h"
#include "part_stream.h"

namespace pailfs::fs {

/// What the open handles of one file share: the stored version it started from, what was written
/// since, and whether the store knows. Guarded as a whole by Inode::content_mutex. What an upload
/// reads (bytes, stat, attributes, base) is changed only by who also holds Inode::object_mutex, or
/// its path alone, so that an upload sees it stand still; the counts of users change under
/// Inode::content_mutex alone.
///
/// A byte at offset i < stat.size is: the local file's, if `local` has it; else the base version's,
/// if i < base_visible; else zero.
struct FileContent {
  Stat stat;                           ///< as shown; stat.size is the size now
  store::ObjectAttributes attributes;  ///< of the object, foreign metadata included
  /// As the store has them, or would take those of a new file beyond doubt.
  store::ObjectAttributes taken;

  bool stored = false;        ///< there is an object of this name, namely `base`
  bool hides_object = false;  ///< not stored, but the name leads to another object there, perhaps
  bool orphaned = false;  ///< we removed or replaced its object: the bytes are its handles' only
  store::ETag base;       ///< version that the bytes not in `local` belong to
  std::uint64_t base_size = 0;     ///< its size
  std::uint64_t base_visible = 0;  ///< how much of its front still shows through

  /// What the last attempt to store it would have made, when nobody knows whether it has.
  struct Doubt {
    store::ObjectAttributes attributes;
    std::uint64_t size = 0;
    std::uint64_t visible = 0;  ///< of its front, as base_visible
  };
  std::optional<Doubt> doubt;

  std::shared_ptr<cache::BlockFile> local;  ///< null until something is written
  RangeSet changed;  ///< of `local`, what was written since the base version was stored
  /// Sends the front of the file already while the rest is being written; mostly null.
  std::shared_ptr<PartStream> stream;

  bool bytes_dirty = false;     ///< bytes or size differ from the store's
  bool metadata_dirty = false;  ///< mode, owner, times or attributes do
  bool times_given = false;     ///< by somebody, since the last write
  /// False: some unstored bytes are in the upload that `stream` has begun and nowhere else.
  [[nodiscard]] bool is_all_here() const { return !local || !local->lacks_any(); }
  /// ... and the store has lost it, as an administrator or a lifecycle rule may end an upload: the
  /// file can no longer be stored.
  [[nodiscard]] bool is_lost() const { return stream && stream->is_lost() && !is_all_here(); }
  [[nodiscard]] bool dirty() const { return bytes_dirty || metadata_dirty; }

  unsigned users = 0;          ///< open handles, and calls that need it meanwhile
  unsigned writers = 0;        ///< of them, those open for writing
  bool kept_unstored = false;  ///< the last handle closed with dirty bytes; the inode is pinned

  /// Failures of storing it, counted, so that each handle reports each of them once (law L7).
  unsigned failures = 0;
  Error last_failure;
};

}  // namespace pailfs::fs
