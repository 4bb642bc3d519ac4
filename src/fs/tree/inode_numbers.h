// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/fs/file_system.h"
#include "pailfs/util/clock.h"

namespace pailfs::fs {

/// The place of a name, as a number that follows from its key alone: the same in every mount of the
/// bucket, with any prefix. 64 bits, from the place of the directory and the name. The computation
/// must stay as it is: programs keep inode numbers, which follow from it.
enum class PlaceCode : std::uint64_t {};
PlaceCode code_of_root(std::string_view prefix);  ///< "" or "a/b/"
PlaceCode code_in(PlaceCode directory, std::string_view name);

/// Which number a file gets, as `st_ino` and as the kernel's name for it.
///
/// It is that of the key, from 2^52 to below 2^53, so that programs that keep numbers in a double
/// (JavaScript, JSON) keep it whole. While a living or remembered file of another name has that
/// number, a file gets a spare one below 2^52, used once in a mount. A renamed file keeps its
/// number. Numbers that differ from the key's are remembered when the kernel forgets the file: at
/// most `remembered`, and the longest not asked for go first. The next mount begins with the keys'
/// numbers again.
///
/// A number that returns for another file has another generation, which tells the two apart for
/// file handles (NFS); `remembered` bounds the known generations too. Not thread-safe: its owner,
/// InodeTable, locks.
class InodeNumbers final {
 public:
  struct Settings {
    PlaceCode root = code_of_root("");
    InodeId first_spare = kRootInode + 1;
    std::size_t remembered = 16'384;
    unsigned key_bits = 52;  ///< fewer for tests, of what happens when two keys have one number
  };
  /// A start for spare numbers that no earlier mount has used.
  static InodeId first_spare_at(WallTime now);

  struct Given {
    InodeId number = 0;
    std::uint64_t generation = 0;
  };
  /// Whether a living file has that number.
  using Taken = std::function<bool(InodeId)>;

  /// The places that a number may belong to.
  struct Search {
    std::uint64_t code = 0;
    unsigned bits = 0;  ///< of it that count, from the uppermost on
    [[nodiscard]] bool matches(PlaceCode place) const {
      return (static_cast<std::uint64_t>(place) ^ code) >> (64 - bits) == 0;
    }
  };

  explicit InodeNumbers(const Settings& settings);

  /// For the file at `place`, which is known from now on.
  Given take(PlaceCode place, const Taken& taken);
  /// The number that take() would give; 0 if that is a new spare one.
  [[nodiscard]] InodeId peek(PlaceCode place, const Taken& taken);
  /// Nothing for a spare number that is not remembered.
  [[nodiscard]] std::optional<Search> search(InodeId number);
  /// Tells that the kernel has forgotten the file, which still exists under this name.
  void keep(PlaceCode place, InodeId number);
  /// Tells that the file does not exist any more.
  void retire(const Given& gone);

  [[nodiscard]] PlaceCode root() const { return settings_.root; }

 private:
  [[nodiscard]] InodeId key_number(PlaceCode place) const;
  [[nodiscard]] std::uint64_t generation_of(InodeId number);
  [[nodiscard]] const InodeId* kept_at(PlaceCode place);
  void let_go(PlaceCode place);
  [[nodiscard]] bool is_free(InodeId number, const Taken& taken);

  const Settings settings_;
  InodeId next_spare_;
  // Numbers of renamed files and spare numbers, by place, and their places by number.
  cache::ExpiringLru<PlaceCode, InodeId> kept_;
  cache::ExpiringLru<InodeId, PlaceCode> places_;
  // Next generation of numbers whose files are gone.
  cache::ExpiringLru<InodeId, std::uint64_t> generations_;
};

}  // namespace pailfs::fs
