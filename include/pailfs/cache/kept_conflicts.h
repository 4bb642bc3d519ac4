// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

namespace pailfs::cache {

/// Bytes of a program that cannot be stored, because another client has stored a later version of
/// the object, which stays.
struct Conflict {
  std::string key;            ///< of the object
  std::string why;            ///< for people
  WallTime time{};            ///< when the bytes were written, or their flush failed
  std::uint64_t size = 0;     ///< of the file, as the program had it
  std::vector<Range> ranges;  ///< the bytes that are known here, in order
  /// Metadata that the object would have had, names without x-amz-meta-.
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Mountpoint of the mount that has kept it: several may share a directory. Empty: not known.
  std::string mount = {};
};

/// A conflict in the directory.
struct KeptConflict {
  std::string name;  ///< for forget()
  std::string path;  ///< of the file with the bytes; empty: a change without any
  /// Without a readable note only the size is known, and `why` says so.
  Conflict what;
};

/// A directory of conflicts that outlives the mount: for each a file NAME.data, as long as the
/// file was, with holes where the bytes are not known, and a note NAME.json; of a change without
/// bytes the note alone. While it is written the file is called NAME.part and locked, and the
/// conflict is not listed; one that a killed process has left is. Modes 0700 and 0600. Every text
/// found there is untrusted. Has no state but the path: any thread may call any member, and several
/// processes may have the directory open.
class KeptConflicts final {
 public:
  /// Fills `out` with the program's bytes from `offset` on, all of which are in one of the ranges.
  using Reader = std::function<Status(std::uint64_t offset, std::span<char> out)>;

  /// Makes the directory if it is missing; the one above must exist. EACCES: it is a link, belongs
  /// to another user, or is open to others.
  static Result<KeptConflicts> open(std::string directory);

  /// Returns the path of the file with the bytes; null for a change without any, of which the path
  /// is empty. When this returns, it outlives a crash; after an error nothing is left behind.
  [[nodiscard]] Result<std::string> keep(const Conflict& what, const Reader& bytes) const;
  /// In the order of their names, which begin with the time; at most `most`.
  [[nodiscard]] std::vector<KeptConflict> list(std::size_t most = 1000) const;
  /// Removes one. ENOENT: there is none of that name. EINVAL: no name of list() looks so.
  [[nodiscard]] Status forget(const std::string& name) const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  explicit KeptConflicts(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
};

}  // namespace pailfs::cache
