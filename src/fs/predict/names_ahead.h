// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "name_walk.h"

namespace pailfs::fs {

/// Names of one directory, from one place of its listing to before another, about which a program
/// will soon ask: those of them whose attributes are not known are to be asked for.
struct NamesAhead {
  std::uint32_t from = 0;
  std::size_t end = 0;
  bool all = true;                ///< also those that are certain to be regular files
  std::uint64_t whole_up_to = 0;  ///< a file of at most so many bytes is fetched with its bytes
  /// Also files whose attributes are known, but were learnt longer ago than this.
  std::optional<std::chrono::nanoseconds> age = std::nullopt;

  [[nodiscard]] bool empty() const { return from >= end; }
};

/// Names asked for in a directory that is listed ahead; in a larger one the walk through its own
/// names goes on.
inline constexpr std::size_t kFirstNames = 16;

// The requests that follow from the advice on one name. Pure.

/// The name itself: a file of at most so many bytes is fetched with its bytes.
std::uint64_t whole_up_to(const NameWalk::Advice& advice);
/// Names of the same directory.
NamesAhead names_here(const NameWalk::Advice& advice);
/// Names of the directory that follows it: where files are read the walk does not end with the
/// directory.
NamesAhead names_in_next_directory(const NameWalk::Advice& advice);
/// The first names of a directory that a program with this habit is about to read.
NamesAhead first_names(NameWalk::Habit habit);

}  // namespace pailfs::fs
