// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "pailfs/store/object_store.h"

namespace pailfs::fs {

/// How a program made a file.
enum class Making {
  shared,     ///< O_CREAT alone: a file that another client makes meanwhile is the same file
  exclusive,  ///< O_EXCL
  emptied,    ///< O_TRUNC: whatever another client puts there meanwhile is replaced
};

/// Decides what the next stored version of a file may take the place of (law L11): the condition of
/// its upload, and whether a lost race is mended by appending once more to the version that won.
///
/// A file that was changed in part takes the place of the version that it was made from and of no
/// other. One that was made or emptied here takes the place of any, as programs expect of the last
/// close. Bytes that were written with O_APPEND, and nothing else, belong behind whatever is there.
///
/// A value, told of the events by FileContent. Pure.
class Succession final {
 public:
  /// Of a file that is made.
  static Succession of_new(Making making);
  /// Of a file whose stored version is opened.
  static Succession of_stored() { return {}; }

  // Events.
  /// Bytes were written at `offset` into a file of `size` bytes; `appends`: with O_APPEND.
  void wrote(std::uint64_t offset, std::uint64_t size, bool appends);
  void truncated(std::uint64_t size);
  /// The file is stored as it is, by us.
  void stored();
  /// A version that the store shows has the first `size` bytes of the file.
  void stored_up_to(std::uint64_t size);
  /// The file, which is not stored, got another name. It takes the place of what is there, which is
  /// `replaced` (empty: nothing), unless `exclusive`.
  void renamed(bool exclusive, store::ETag replaced);
  /// The version that won the race is the base now; it ends, and the appended bytes begin, at
  /// `size`.
  void moved_behind(std::uint64_t size);

  /// The condition of an upload. `base`: the stored version, empty if there is none. `strict`: a
  /// whole replacement is refused too (conflict=fail).
  [[nodiscard]] store::Condition condition(const store::ETag& base, bool strict) const;
  /// Where the bytes begin that were appended, if nothing else was changed. Of a new file 0.
  [[nodiscard]] const std::optional<std::uint64_t>& appended_from() const { return appended_from_; }
  /// Of a file that is not stored: the version that it replaces; empty: none.
  [[nodiscard]] const store::ETag& replaced() const { return replaced_; }
  /// It may take a free name only: it was made with O_EXCL, or renamed so.
  [[nodiscard]] bool is_exclusive() const { return follows_ == Follows::nothing; }
  /// The base version was stored by this mount.
  [[nodiscard]] bool is_own() const { return own_; }

 private:
  enum class Follows {
    base,     ///< the base version
    any,      ///< what is there
    nothing,  ///< a free name
  };
  Follows follows_ = Follows::base;
  bool own_ = false;
  bool changed_ = false;  ///< since the base version
  std::optional<std::uint64_t> appended_from_;
  store::ETag replaced_;  ///< of a file that is not stored: the version that it replaces
};

}  // namespace pailfs::fs
