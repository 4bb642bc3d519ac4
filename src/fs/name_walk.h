// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pailfs::fs {

/// Recognises a program that goes through a listed directory and asks about one name after the
/// other (`ls -l`, `git status`, `cat *`), from the places of the names in the listing. The kernel
/// asks for one at a time, so that only a guess can bring the next ones side by side. Pure.
class NameWalk final {
 public:
  struct Advice {
    bool expects_reads = false;  ///< the names before were opened after they were asked about
    bool is_first = false;       ///< nothing is known of what is going on
    std::size_t ahead = 0;       ///< names after this one that will be asked about too
    /// Not only those of which the listing does not tell whether they are files: find(1) and rm(1)
    /// ask about no other.
    bool all = false;
  };

  /// What a program did with the names of the directory that it read before this one.
  struct Habit {
    bool asks = false;   ///< it asked about them, from the first on
    bool reads = false;  ///< and opened those that are files
    bool all = false;    ///< see Advice
  };

  /// All names are being given to a program, from the first on: if the first are what it asks
  /// about next, it will hardly stop there.
  void listed(Habit before) {
    listed_ = true;
    before_ = before;
  }
  [[nodiscard]] Habit habit() const;
  /// Somebody asks about the name at this place, which may be certain to be a file.
  Advice next(std::uint32_t place, bool is_file = false);
  /// It is opened to be read; somebody may have asked about it right before.
  Advice opened(std::uint32_t place);
  [[nodiscard]] bool under_way() const;

 private:
  [[nodiscard]] bool follows(std::uint32_t place) const;

  static constexpr unsigned kSure = 2;  ///< names in a row

  std::optional<std::uint32_t> last_;
  bool listed_ = false;      // and nothing was asked about since
  bool from_first_ = false;  // so began the run
  bool asks_all_ = false;    // a certain file was asked about since
  Habit before_;
  bool opened_ = false;
  unsigned run_ = 0;
  unsigned reads_ = 0;
};

}  // namespace pailfs::fs
