// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pailfs::fs {

/// Recognises a program that goes through a listed directory and asks about one name after the
/// other (`ls -l`, `git status`, `cat *`), from the places of the names in the listing. The kernel
/// asks for one at a time, so that only a guess can bring the next ones side by side. Pure; not
/// thread-safe.
class NameWalk final {
 public:
  struct Advice {
    bool expects_reads = false;  ///< the names before were opened after they were asked about
    bool is_first = false;       ///< the name may be asked about alone, or begin a walk
    std::size_t ahead = 0;       ///< names after this one that will be asked about too
    std::uint32_t from = 0;      ///< places of the names that were in no advice before
    std::size_t until = 0;
    bool reaches_end = false;  ///< the walk may go on in the next directory
    /// Also names that the listing shows to be files; find(1) and rm(1) ask about the others only.
    bool all = false;
  };

  /// The habit of a program with the names of the directory that it read before this one.
  struct Habit {
    bool asks = false;   ///< it asked about them, from the first on
    bool reads = false;  ///< and opened those that are files
    bool all = false;    ///< see Advice
  };

  /// Tells that a program gets all names, from the first on; `before` is its habit with those of
  /// the directory before. If it asks about the first names next, it will probably go on.
  void on_listed(Habit before) {
    listed_ = true;
    before_ = before;
  }
  /// The habit of the program with the names of this directory.
  [[nodiscard]] Habit habit() const;
  /// A name of the directory.
  struct Name {
    std::uint32_t place = 0;
    bool is_file = false;            ///< for certain
    std::uint32_t end = UINT32_MAX;  ///< number of places so far
    std::size_t expected = 0;        ///< so many that follow will be asked about for certain
  };
  /// A program asks about the name.
  Advice on_question(const Name& name);
  /// A program opens the file to read it; it may have asked about it right before.
  Advice on_open(const Name& name);
  /// Names that follow the last one will be asked about.
  [[nodiscard]] bool under_way() const;

 private:
  [[nodiscard]] bool follows(std::uint32_t place) const;
  void begin_at(std::uint32_t place);

  static constexpr unsigned kSure = 2;  ///< names in a row

  std::optional<std::uint32_t> last_;
  bool listed_ = false;      // and no name was asked about since
  bool from_first_ = false;  // the run began with the first names, right after the listing
  bool asks_all_ = false;    // a certain file was asked about since the run began
  Habit before_;             // with the names of the directory before
  bool opened_ = false;      // the last name was
  std::uint32_t until_ = 0;  // advice was given on the names before this place
  unsigned run_ = 0;         // names in a row before the last one
  unsigned reads_ = 0;       // of which so many, at its end, were opened
};

}  // namespace pailfs::fs
